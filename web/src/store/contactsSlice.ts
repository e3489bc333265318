// Contacts, groups and pending requests. Filled by a load after login (or after a break too long to resume) and kept
// up to date by notifications.
import { createAsyncThunk, createSlice, type PayloadAction } from '@reduxjs/toolkit';
import * as api from '../api/endpoints';
import type { Contact, ContactRequest, Group, Message } from '../api/types';
import { loggedOut } from './authSlice';
import type { RootState } from './index';
import { fetchUsers } from './usersSlice';

export interface ContactsState {
  contacts: Contact[];
  pending: ContactRequest[];
  groups: Record<number, Group>;
  loaded: boolean;
}

const empty: ContactsState = { contacts: [], pending: [], groups: {}, loaded: false };

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
    messageSeen: (state, action: PayloadAction<Message>) => {
      const message = action.payload;
      const contact = state.contacts.find((other) => other.roomId === message.roomId);
      if (!contact || message.messageId < contact.lastMessageId) return;
      contact.lastMessageId = message.messageId;
      contact.lastMessageTime = message.createdAt;
      contact.lastMessageContent = message.text;
    },
  },
  extraReducers: (builder) =>
    builder
      .addCase(loadContacts.fulfilled, (state, action) => {
        state.contacts = action.payload.contacts;
        state.pending = action.payload.pending;
        state.loaded = true;
      })
      .addCase(fetchGroups.fulfilled, (state, action) => {
        for (const group of action.payload) state.groups[group.groupId] = group;
      })
      .addCase(loggedOut, () => empty),
});

/** Newest first, by last message, else by change. */
export function byRecency(contacts: Contact[]): Contact[] {
  const time = (contact: Contact) => Date.parse(contact.lastMessageTime ?? contact.updatedAt);
  return [...contacts].sort((a, b) => time(b) - time(a) || b.contactId - a.contactId);
}

export const { contactAdded, requestArrived, requestHandled, messageSeen } = contactsSlice.actions;
export const contactsReducer = contactsSlice.reducer;
