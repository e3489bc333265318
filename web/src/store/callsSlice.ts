// Calls that ring here: what the incoming-call dialog shows, and which calls this page has already dealt with.
import { createSlice, type PayloadAction } from '@reduxjs/toolkit';
import { type Call, CallStatus, type Message } from '../api/types';
import { loggedOut } from './authSlice';

export interface RingingCall {
  callId: number;
  callerId: number;
  members: number[];
  roomId: number;
}

export interface CallsState {
  ringing: RingingCall[];
  /** Calls that must not ring (again) in this page. */
  settled: number[];
}

const empty: CallsState = { ringing: [], settled: [] };

export function membersOf(call: Pick<Call, 'members'>): number[] {
  try {
    const list: unknown = JSON.parse(call.members);
    return Array.isArray(list) ? list.filter((id): id is number => typeof id === 'number') : [];
  } catch {
    return [];
  }
}

const callsSlice = createSlice({
  name: 'calls',
  initialState: empty,
  reducers: {
    callMessage: (state, action: PayloadAction<{ message: Message; me: number }>) => {
      const { message, me } = action.payload;
      const { call } = message;
      if (!call) return;
      if (call.status === CallStatus.End) return settle(state, call.callId);
      const members = membersOf(call);
      const rings = call.status === CallStatus.Ready || call.status === CallStatus.Active;
      const known = state.settled.includes(call.callId) || state.ringing.some((other) => other.callId === call.callId);
      if (!rings || known || call.callerId === me || !members.includes(me)) return;
      state.ringing.push({ callId: call.callId, callerId: call.callerId, members, roomId: message.roomId });
    },
    /** Accepted, rejected, or handled on another device. */
    callSettled: (state, action: PayloadAction<number>) => settle(state, action.payload),
  },
  extraReducers: (builder) => builder.addCase(loggedOut, () => empty),
});

function settle(state: CallsState, callId: number): void {
  state.ringing = state.ringing.filter((call) => call.callId !== callId);
  if (!state.settled.includes(callId)) state.settled.push(callId);
}

export const { callMessage, callSettled } = callsSlice.actions;
export const callsReducer = callsSlice.reducer;
