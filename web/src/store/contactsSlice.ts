// Contacts, groups and pending requests. Filled by a load after login (or after a break too long to resume) and kept
// up to date by notifications.
import { createAsyncThunk, createSlice, type PayloadAction } from '@reduxjs/toolkit';
import * as api from '../api/endpoints';
import type { Contact, ContactRequest, Group, Message } from '../api/types';
import { loggedOut } from './authSlice';
import { historyForgotten, messageArrived, messagesCaughtUp, messageSent } from './chatActions';
import type { RootState } from './index';
import { SUMMARY_REVOKED, summaryOf } from './messages';
import { fetchUsers } from './usersSlice';

export interface ContactsState {
  contacts: Contact[];
  pending: ContactRequest[];
  groups: Record<number, Group>;
  loaded: boolean;
  /** By room, of messages that came since the page was loaded: an answer under way may know less. */
  last: Record<number, LastMessage>;
  /** The requests that were known when the load under way began. */
  pendingBefore: number[];
}

type LastMessage = Pick<Contact, 'lastMessageId' | 'lastMessageTime' | 'lastMessageContent'>;

const empty: ContactsState = { contacts: [], pending: [], groups: {}, loaded: false, last: {}, pendingBefore: [] };

export const fetchGroups = createAsyncThunk('contacts/groups', async (groupIds: number[], { getState }) => {
  const known = (getState() as RootState).contacts.groups;
  const missing = [...new Set(groupIds)].filter((id) => id > 0 && !known[id]);
  if (missing.length === 0) return [];
  return (await api.groups(missing)).filter((group): group is Group => group !== null);
});

export const loadContacts = createAsyncThunk('contacts/load', async (_: void, { dispatch }) => {
  const [contacts, pending] = await Promise.all([api.contacts(), api.pendingRequests()]);
  const users = [...contacts.map((contact) => contact.userId), ...pending.map((request) => request.requestUid)];
  await Promise.all([
    dispatch(fetchUsers(users)),
    dispatch(fetchGroups(contacts.map((contact) => contact.groupId))),
  ]);
  return { contacts, pending };
});

const contactsSlice = createSlice({
  name: 'contacts',
  initialState: empty,
  reducers: {
    contactAdded: (state, action: PayloadAction<Contact>) => {
      const contact = action.payload;
      state.contacts = [...state.contacts.filter((other) => other.contactId !== contact.contactId), contact];
      state.pending = state.pending.filter((request) => request.requestUid !== contact.userId);
    },
    requestArrived: (state, action: PayloadAction<ContactRequest>) => {
      state.pending = [action.payload, ...state.pending.filter((request) => request.id !== action.payload.id)];
    },
    requestHandled: (state, action: PayloadAction<number>) => {
      state.pending = state.pending.filter((request) => request.id !== action.payload);
    },
  },
  extraReducers: (builder) =>
    builder
      .addCase(loadContacts.pending, (state) => {
        state.pendingBefore = state.pending.map((request) => request.id);
      })
      .addCase(loadContacts.fulfilled, (state, action) => {
        const { contacts, pending } = action.payload;
        // What was notified while the answer was under way may be missing in it.
        const known = new Set([...state.pendingBefore, ...pending.map((request) => request.id)]);
        state.pending = [...state.pending.filter((request) => !known.has(request.id)), ...pending];
        const ids = new Set(contacts.map((contact) => contact.contactId));
        state.contacts = [...state.contacts.filter((contact) => !ids.has(contact.contactId)), ...contacts];
        state.contacts.forEach((contact) => showLast(state, contact));
        state.loaded = true;
      })
      .addCase(messageArrived, (state, action) => lastMessage(state, action.payload.message))
      .addCase(messagesCaughtUp, (state, action) => {
        for (const message of action.payload.messages) lastMessage(state, message);
      })
      .addCase(messageSent, (state, action) => lastMessage(state, action.payload))
      .addCase(historyForgotten, (state) => {
        state.last = {};
      })
      .addCase(fetchGroups.fulfilled, (state, action) => {
        for (const group of action.payload) state.groups[group.groupId] = group;
      })
      .addCase(loggedOut, () => empty),
});

function lastMessage(state: ContactsState, message: Message): void {
  const { roomId, messageId } = message;
  if (messageId < (state.last[roomId]?.lastMessageId ?? 0)) return;
  const held = state.last[roomId];
  if (held?.lastMessageId === messageId && held.lastMessageContent === SUMMARY_REVOKED) return; // the last word of it
  state.last[roomId] = {
    lastMessageId: messageId,
    lastMessageTime: message.createdAt,
    lastMessageContent: summaryOf(message),
  };
  const contact = state.contacts.find((other) => other.roomId === roomId);
  if (contact) showLast(state, contact);
}

function showLast(state: ContactsState, contact: Contact): void {
  const last = state.last[contact.roomId];
  if (!last || last.lastMessageId < contact.lastMessageId) return;
  if (last.lastMessageId === contact.lastMessageId && contact.lastMessageContent === SUMMARY_REVOKED) return;
  Object.assign(contact, last);
}

/** Newest first, by last message, else by change. */
export function byRecency(contacts: Contact[]): Contact[] {
  const time = (contact: Contact) => Date.parse(contact.lastMessageTime ?? contact.updatedAt);
  return [...contacts].sort((a, b) => time(b) - time(a) || b.contactId - a.contactId);
}

export const { contactAdded, requestArrived, requestHandled } = contactsSlice.actions;
export const contactsReducer = contactsSlice.reducer;
