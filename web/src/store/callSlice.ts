// The call that this page is in: members, tracks and the state of everything, as the call page shows it. Media itself
// is in the CallClient's StreamBoard.
import { createSlice, type PayloadAction } from '@reduxjs/toolkit';
import { CallStatus } from '../api/types';
import type { Ending, LinkState } from '../call/CallClient';
import { type LocalState, nothingOpen } from '../call/LocalMedia';
import {
  type JoinAnswer,
  type MemberInfo,
  MemberState,
  type PcName,
  type ServerEvent,
  type TrackInfo,
} from '../call/protocol';
import { loggedOut } from './authSlice';

export interface CallState {
  callId: number;
  userId: number;
  phase: 'idle' | 'preparing' | 'live' | 'ended';
  link: LinkState;
  status: number;
  startTime: string | null;
  members: MemberInfo[];
  /** Who speaks now, by ascending user id. */
  speaking: number[];
  local: LocalState;
  pcs: Record<PcName, RTCPeerConnectionState>;
  ending: Ending | null;
  /** In ms since 1970, by this machine's clock. */
  endedAt: number;
}

const idle: CallState = {
  callId: 0,
  userId: 0,
  phase: 'idle',
  link: 'connecting',
  status: CallStatus.New,
  startTime: null,
  members: [],
  speaking: [],
  local: nothingOpen,
  pcs: { publish: 'new', subscribe: 'new' },
  ending: null,
  endedAt: 0,
};

const callSlice = createSlice({
  name: 'call',
  initialState: idle,
  reducers: {
    callOpened: (_, action: PayloadAction<{ callId: number; userId: number }>) => ({
      ...idle,
      ...action.payload,
      phase: 'preparing' as const,
    }),
    callClosed: () => idle,
    callJoined: (state, action: PayloadAction<JoinAnswer>) => {
      const { status, startTime, members } = action.payload;
      state.phase = 'live';
      state.status = status;
      state.startTime = startTime;
      state.members = members;
      if (!action.payload.resumed) state.pcs = idle.pcs;
    },
    linkChanged: (state, action: PayloadAction<LinkState>) => {
      state.link = action.payload;
    },
    localChanged: (state, action: PayloadAction<LocalState>) => {
      state.local = action.payload;
    },
    pcChanged: (state, action: PayloadAction<{ name: PcName; state: RTCPeerConnectionState }>) => {
      state.pcs[action.payload.name] = action.payload.state;
    },
    callEnded: (state, action: PayloadAction<{ ending: Ending; at: number }>) => {
      state.phase = 'ended';
      state.status = CallStatus.End;
      state.ending = action.payload.ending;
      state.endedAt = action.payload.at;
      state.members = [];
      state.speaking = [];
    },
    serverEvent: (state, action: PayloadAction<ServerEvent>) => applyEvent(state, action.payload),
  },
  extraReducers: (builder) => builder.addCase(loggedOut, () => idle),
});

function applyEvent(state: CallState, event: ServerEvent): void {
  switch (event.type) {
    case 'member-state':
      return memberChanged(state, event.data);
    case 'track-added':
      return trackAdded(state, event.data);
    case 'track-removed':
      return dropTrack(state, event.data.userId, event.data.trackId);
    case 'track-muted': {
      const track = tracksOf(state, event.data.userId).find((other) => other.trackId === event.data.trackId);
      if (track) track.muted = event.data.muted;
      return;
    }
    case 'speakers': {
      // Levels come several times a second; only a change of who speaks is worth drawing.
      const speaking = event.data.speakers.map((speaker) => speaker.userId).sort((a, b) => a - b);
      if (speaking.join() !== state.speaking.join()) state.speaking = speaking;
      return;
    }
    case 'call-started':
      state.status = CallStatus.Active;
      state.startTime = event.data.startTime;
      return;
    default: // media offers and endings are the CallClient's business
  }
}

function memberChanged(state: CallState, change: { userId: number; state: number; nickname?: string; avatar?: string }) {
  const member = state.members.find((other) => other.userId === change.userId);
  if (!member) {
    state.members.push({
      userId: change.userId,
      nickname: change.nickname ?? '',
      avatar: change.avatar ?? '',
      state: change.state,
      tracks: [],
    });
    return;
  }
  member.state = change.state;
  if (change.nickname) member.nickname = change.nickname;
  if (change.state === MemberState.Gone || change.state === MemberState.Rejected) {
    member.tracks = [];
    state.speaking = state.speaking.filter((userId) => userId !== change.userId);
  }
}

function trackAdded(state: CallState, track: TrackInfo): void {
  dropTrack(state, track.userId, track.trackId);
  tracksOf(state, track.userId).push(track);
}

function dropTrack(state: CallState, userId: number, trackId: string): void {
  const member = state.members.find((other) => other.userId === userId);
  if (member) member.tracks = member.tracks.filter((track) => track.trackId !== trackId);
}

function tracksOf(state: CallState, userId: number): TrackInfo[] {
  return state.members.find((member) => member.userId === userId)?.tracks ?? [];
}

/** Members that have a tile: all but those who rejected or left; oneself is always there. */
export function shownMembers(state: Pick<CallState, 'members' | 'userId'>): MemberInfo[] {
  return state.members.filter(
    (member) =>
      member.userId === state.userId || (member.state !== MemberState.Rejected && member.state !== MemberState.Gone),
  );
}

export const {
  callOpened,
  callClosed,
  callJoined,
  linkChanged,
  localChanged,
  pcChanged,
  callEnded,
  serverEvent,
} = callSlice.actions;
export const callReducer = callSlice.reducer;
