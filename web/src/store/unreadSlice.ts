// What was not read yet. Kept in the browser's storage (see unreadKept), so that a page loaded later goes on from there.
//
// Deliveries are counted in their order. Up to `position` all are, and from there a new page catches up.
import { createSlice, type PayloadAction } from '@reduxjs/toolkit';
import { type Message, MessageType } from '../api/types';
import { loggedOut } from './authSlice';
import { messageArrived, messagesCaughtUp } from './chatActions';
import { loadHistory } from './chatSlice';
import { loadContacts } from './contactsSlice';
import type { RootState } from './index';
import type { Kept } from './unreadKept';

const UNREAD_MAX = 1_000;

export interface UnreadState {
  /** By room: ids of messages of others that nobody saw here. */
  ids: Record<number, number[]>;
  /** By room: the highest message id that was on the screen, here or in another tab. */
  read: Record<number, number>;
  /** The room that is on the screen, 0 for none. */
  openRoomId: number;
  /** Every delivery up to here is counted; null before the first session. */
  position: number | null;
  /** The highest message id of those deliveries. Catching up brings news above it, and changes of older ones below. */
  upTo: number;
  /** The highest message id that came, which may lie beyond a gap that is being filled. */
  highest: number;
  /** Whether `upTo` knows of the messages from before this device's first delivery. */
  isBased: boolean;
}

export const nothingUnread: UnreadState = {
  ids: {},
  read: {},
  openRoomId: 0,
  position: null,
  upTo: 0,
  highest: 0,
  isBased: false,
};

const unreadSlice = createSlice({
  name: 'unread',
  initialState: nothingUnread,
  reducers: {
    roomShown: (state, action: PayloadAction<number>) => {
      state.openRoomId = action.payload;
      markRead(state, action.payload, Math.max(0, ...(state.ids[action.payload] ?? [])));
    },
    roomHidden: (state, action: PayloadAction<number>) => {
      if (state.openRoomId === action.payload) state.openRoomId = 0;
    },
    /** A login begins, with what was kept of the user's earlier ones. */
    unreadRestored: ({ openRoomId }, action: PayloadAction<Kept | null>) => {
      if (!action.payload) return { ...nothingUnread, openRoomId };
      const { position, upTo, read, unread } = action.payload;
      return { ...nothingUnread, openRoomId, position, upTo, read, ids: unread, isBased: true };
    },
    /** All deliveries up to one are counted. */
    positionMoved: (state, action: PayloadAction<number>) => {
      state.position = action.payload;
      state.upTo = Math.max(state.upTo, state.highest);
    },
    /** The server's ids begin anew: nothing known of the old ones holds. */
    countsForgotten: ({ openRoomId }) => ({ ...nothingUnread, openRoomId }),
    /** What another tab has shown. */
    readElsewhere: (state, action: PayloadAction<Record<number, number>>) => {
      for (const [roomId, messageId] of Object.entries(action.payload)) markRead(state, Number(roomId), messageId);
    },
  },
  extraReducers: (builder) =>
    builder
      .addCase(messageArrived, (state, action) => {
        const { message, isNew, me } = action.payload;
        came(state, message);
        if (isNew && message.senderId !== me) count(state, message);
      })
      .addCase(messagesCaughtUp, (state, action) => {
        const { messages, me } = action.payload;
        for (const message of messages) {
          came(state, message);
          const counts = message.senderId !== me && message.type !== MessageType.Call;
          if (counts && message.messageId > state.upTo) count(state, message);
        }
      })
      .addCase(loadHistory.fulfilled, (state, action) => {
        const { roomId } = action.meta.arg;
        if (roomId === state.openRoomId) markRead(state, roomId, action.payload.at(-1)?.messageId ?? 0);
      })
      .addCase(loadContacts.fulfilled, (state, action) => {
        if (state.isBased) return;
        state.upTo = Math.max(state.upTo, ...action.payload.contacts.map((contact) => contact.lastMessageId));
        state.isBased = true;
      })
      .addCase(loggedOut, () => nothingUnread),
});

function came(state: UnreadState, { roomId, messageId, revoked }: Message): void {
  state.highest = Math.max(state.highest, messageId);
  if (roomId === state.openRoomId) markRead(state, roomId, messageId);
  else if (revoked) keepIds(state, roomId, (id) => id !== messageId); // nothing is left to read of it
}

function count(state: UnreadState, { roomId, messageId, revoked }: Message): void {
  if (revoked || messageId <= (state.read[roomId] ?? 0)) return;
  const ids = (state.ids[roomId] ??= []);
  if (ids.length < UNREAD_MAX && !ids.includes(messageId)) ids.push(messageId);
}

function markRead(state: UnreadState, roomId: number, messageId: number): void {
  if (messageId <= (state.read[roomId] ?? 0)) return;
  state.read[roomId] = messageId;
  keepIds(state, roomId, (id) => id > messageId);
}

function keepIds(state: UnreadState, roomId: number, isKept: (id: number) => boolean): void {
  const ids = state.ids[roomId];
  if (!ids || ids.every(isKept)) return;
  const left = ids.filter(isKept);
  if (left.length > 0) state.ids[roomId] = left;
  else delete state.ids[roomId];
}

export const unreadTotal = (state: RootState) =>
  Object.values(state.unread.ids).reduce((sum, ids) => sum + ids.length, 0);

export const { roomShown, roomHidden, unreadRestored, positionMoved, countsForgotten, readElsewhere } =
  unreadSlice.actions;
export const unreadReducer = unreadSlice.reducer;
