// Conversations: the messages of rooms that were opened, and what is on its way out.
//
// A room is held from the first time it is opened. From then on its list is without holes from its oldest message to
// the newest: history comes in pages from the top, everything else from notifications and from catching up.
import { createAsyncThunk, createSlice, type PayloadAction } from '@reduxjs/toolkit';
import * as api from '../api/endpoints';
import { type Message, MessageType } from '../api/types';
import { loggedOut } from './authSlice';
import { historyForgotten, messageArrived, messagesCaughtUp, messageSent } from './chatActions';
import { loadContacts } from './contactsSlice';
import type { RootState } from './index';
import { findMessage, putMessage } from './messages';

export const HISTORY_PAGE = 10;
/** What a room keeps when its conversation is left. */
const KEPT = 100;

export interface Room {
  messages: Message[];
  /** `failed` is said of the last request for history. */
  status: 'loading' | 'ready' | 'failed';
  /** Whether the first page came: only then is it known where the list starts. */
  started: boolean;
  hasMore: boolean;
  /** The request for history under way. */
  request: string;
}

export type OutgoingState = 'sending' | 'failed';

/** A message that the server has not confirmed. */
export interface Outgoing {
  localId: string;
  contactId: number;
  roomId: number;
  text: string;
  thumbnail: string;
  /** The stored path, once a small picture is uploaded. */
  image: string;
  /** A picture that is uploaded after its message was sent. */
  isLate: boolean;
  state: OutgoingState;
  /** The last attempt may have reached the server: nothing came back. */
  isUncertain: boolean;
  /** 0 to 1, of an upload. */
  progress: number;
  /** In ms, by this machine's clock. */
  queuedAt: number;
  /** Its message will have an id above this one. */
  after: number;
}

/** The late upload of a picture whose message is sent. */
export interface Upload {
  localId: string;
  state: OutgoingState;
  progress: number;
}

export interface ChatState {
  rooms: Record<number, Room>;
  outgoing: Outgoing[];
  /** By message id. */
  uploads: Record<number, Upload>;
  /** By room: the highest message id known. */
  newest: Record<number, number>;
  /** How far this machine's clock is at most ahead of the server's, in ms; null until known. */
  clockAheadMs: number | null;
  drafts: Record<number, string>;
}

export const emptyChat: ChatState = {
  rooms: {},
  outgoing: [],
  uploads: {},
  newest: {},
  clockAheadMs: null,
  drafts: {},
};

interface HistoryArgs {
  contactId: number;
  roomId: number;
}

/** The first page of a room, or the page before the oldest message held. */
export const loadHistory = createAsyncThunk(
  'chat/loadHistory',
  async ({ contactId, roomId }: HistoryArgs, { getState }) => {
    const room = (getState() as RootState).chat.rooms[roomId];
    const before = room?.started ? (room.messages[0]?.messageId ?? 0) : 0;
    return api.listMessages(contactId, before, HISTORY_PAGE);
  },
  {
    condition: ({ roomId }, { getState }) => {
      const room = (getState() as RootState).chat.rooms[roomId];
      return !room || (room.status !== 'loading' && (room.hasMore || !room.started));
    },
  },
);

const chatSlice = createSlice({
  name: 'chat',
  initialState: emptyChat,
  reducers: {
    /** Its conversation was left: long histories are let go. */
    roomLeft: (state, action: PayloadAction<{ roomId: number; draft: string }>) => {
      const { roomId, draft } = action.payload;
      if (draft) state.drafts[roomId] = draft;
      else delete state.drafts[roomId];
      const room = state.rooms[roomId];
      if (!room?.started || room.messages.length <= KEPT) return;
      room.messages = room.messages.slice(-KEPT);
      room.hasMore = true;
      room.status = 'ready';
      room.request = ''; // a page under way fits no longer
    },
    queued: (state, action: PayloadAction<Outgoing>) => {
      state.outgoing.push({ ...action.payload, after: state.newest[action.payload.roomId] ?? 0 });
    },
    outgoingChanged: (state, action: PayloadAction<{ localId: string } & Partial<Outgoing>>) => {
      const row = state.outgoing.find((other) => other.localId === action.payload.localId);
      if (row) Object.assign(row, action.payload);
    },
    outgoingDropped: (state, action: PayloadAction<string>) => {
      state.outgoing = state.outgoing.filter((row) => row.localId !== action.payload);
    },
    uploadChanged: (state, action: PayloadAction<{ messageId: number; upload: Upload }>) => {
      state.uploads[action.payload.messageId] = action.payload.upload;
    },
    uploadEnded: (state, action: PayloadAction<number>) => {
      delete state.uploads[action.payload];
    },
  },
  extraReducers: (builder) =>
    builder
      .addCase(messageArrived, (state, action) => {
        const { message, isNew, me, now } = action.payload;
        if (isNew) {
          const ahead = now - Date.parse(message.createdAt);
          state.clockAheadMs = Math.min(ahead, state.clockAheadMs ?? ahead);
        }
        take(state, message, me);
      })
      .addCase(messagesCaughtUp, (state, action) => {
        const { messages, me } = action.payload;
        for (const message of messages) take(state, message, me);
      })
      .addCase(messageSent, (state, action) => take(state, action.payload, action.payload.senderId))
      .addCase(historyForgotten, (state) => {
        state.rooms = {};
      })
      .addCase(loadHistory.pending, (state, action) => {
        const { roomId } = action.meta.arg;
        const room = (state.rooms[roomId] ??= newRoom());
        room.status = 'loading';
        room.request = action.meta.requestId;
      })
      .addCase(loadHistory.rejected, (state, action) => {
        const room = state.rooms[action.meta.arg.roomId];
        if (room?.request === action.meta.requestId) room.status = 'failed';
      })
      .addCase(loadHistory.fulfilled, (state, action) => {
        const room = state.rooms[action.meta.arg.roomId];
        if (room?.request === action.meta.requestId) takePage(room, action.payload);
      })
      .addCase(loadContacts.fulfilled, (state, action) => {
        for (const { roomId, lastMessageId } of action.payload.contacts) sawId(state, roomId, lastMessageId);
      })
      .addCase(loggedOut, () => emptyChat),
});

const newRoom = (): Room => ({ messages: [], status: 'loading', started: false, hasMore: true, request: '' });

function sawId(state: ChatState, roomId: number, messageId: number): void {
  state.newest[roomId] = Math.max(state.newest[roomId] ?? 0, messageId);
}

/** Any message that comes from the server, whichever way. */
function take(state: ChatState, message: Message, me: number): void {
  const { roomId, messageId } = message;
  const held = findMessage(state.rooms[roomId]?.messages ?? [], messageId);
  const localId = message.senderId === me && !held?.localId ? confirm(state, message) : '';
  sawId(state, roomId, messageId);
  if (message.image || message.revoked) delete state.uploads[messageId];
  const room = state.rooms[roomId];
  if (room && (held || belongs(room, messageId))) {
    putMessage(room.messages, localId ? { ...message, localId } : message);
  }
}

/** Older than what a room holds is left to the pages of its history, or the list would have a hole. */
function belongs(room: Room, messageId: number): boolean {
  const oldest = room.messages[0]?.messageId ?? 0;
  return !room.started || !room.hasMore || messageId > oldest;
}

/** Takes the row of an own message out of what is on its way, and gives its local id. */
function confirm(state: ChatState, message: Message): string {
  const row = state.outgoing.find((other) =>
    message.localId ? other.localId === message.localId : isSame(other, message),
  );
  if (!row) return message.localId;
  state.outgoing = state.outgoing.filter((other) => other !== row);
  // Of several equal rows each has a message of its own.
  for (const other of state.outgoing) {
    if (!message.localId && isSame(other, message)) other.after = message.messageId;
  }
  if (row.isLate && !message.image && !message.revoked) {
    state.uploads[message.messageId] ??= { localId: row.localId, state: row.state, progress: 0 };
  }
  return row.localId;
}

/** Whether a message that came without its local id (from a sync or history) is what this row sent. */
function isSame(row: Outgoing, message: Message): boolean {
  if (row.roomId !== message.roomId || message.messageId <= row.after || message.type === MessageType.Call) return false;
  return row.text === message.text && row.thumbnail === message.thumbnail;
}

function takePage(room: Room, page: Message[]): void {
  room.hasMore = page.length >= HISTORY_PAGE;
  const oldest = page[0]?.messageId ?? 0;
  // What came while the first page was under way and is older than it comes again with its own page.
  if (!room.started && room.hasMore) room.messages = room.messages.filter((other) => other.messageId > oldest);
  for (const message of page) putMessage(room.messages, message);
  room.started = true;
  room.status = 'ready';
}

export const { roomLeft, queued, outgoingChanged, outgoingDropped, uploadChanged, uploadEnded } = chatSlice.actions;
export const chatReducer = chatSlice.reducer;
