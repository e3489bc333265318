import { expect, test } from 'vitest';
import { nothingOpen } from '../call/LocalMedia';
import { type JoinAnswer, type ServerEvent, type TrackInfo } from '../call/protocol';
import { tilesOf } from '../pages/call/tiles';
import {
  callEnded,
  callJoined,
  callOpened,
  callReducer,
  type CallState,
  serverEvent,
  shownMembers,
} from './callSlice';

const mic: TrackInfo = { trackId: 't1', userId: 20, kind: 'audio', source: 'mic', muted: false };
const camera: TrackInfo = { trackId: 't2', userId: 20, kind: 'video', source: 'camera', muted: false };
const screen: TrackInfo = { trackId: 't3', userId: 20, kind: 'video', source: 'screen', muted: false };

const member = (userId: number, state: number, tracks: TrackInfo[] = []) => ({
  userId,
  nickname: `n${userId}`,
  avatar: '',
  state,
  tracks,
});

const answer: JoinAnswer = {
  callId: 7,
  userId: 19,
  resume: 'r',
  resumed: false,
  status: 2,
  startTime: null,
  pingMs: 3_000,
  aliveMs: 8_000,
  iceServers: [],
  members: [member(20, 4, [mic]), member(19, 4), member(21, 1)],
};

function joined(): CallState {
  const opened = callReducer(undefined, callOpened({ callId: 7, userId: 19 }));
  return callReducer(opened, callJoined(answer));
}

const after = (state: CallState, ...events: ServerEvent[]) =>
  events.reduce((now, event) => callReducer(now, serverEvent(event)), state);

test('join gives members and status', () => {
  const state = joined();
  expect(state).toMatchObject({ phase: 'live', status: 2, callId: 7 });
  expect(shownMembers(state).map((one) => one.userId)).toEqual([20, 19, 21]);
});

test('tracks come, mute and go', () => {
  let state = after(joined(), { type: 'track-added', data: camera }, { type: 'track-added', data: camera });
  expect(state.members[0]?.tracks).toEqual([mic, camera]);
  state = after(state, { type: 'track-muted', data: { trackId: 't2', userId: 20, muted: true } });
  expect(tilesOf(state).find((tile) => tile.userId === 20)).toMatchObject({ showVideo: false, micOn: true });
  state = after(state, { type: 'track-removed', data: { trackId: 't1', userId: 20 } });
  expect(tilesOf(state).find((tile) => tile.userId === 20)).toMatchObject({ micOn: false });
});

test('a member who goes loses tile and tracks, and may come back', () => {
  const change = (state: number): ServerEvent => ({
    type: 'member-state',
    data: { userId: 20, state, nickname: 'n20', avatar: '' },
  });
  let state = after(joined(), { type: 'speakers', data: { speakers: [{ userId: 20, level: 9 }] } }, change(6));
  expect(shownMembers(state).map((one) => one.userId)).toEqual([19, 21]);
  expect(state.speaking).toEqual([]);
  state = after(state, change(4));
  expect(shownMembers(state).map((one) => one.userId)).toEqual([20, 19, 21]);
  expect(state.members[0]?.tracks).toEqual([]);
});

test('who speaks changes the state only when it is somebody else', () => {
  const speakers = (...pairs: [number, number][]): ServerEvent => ({
    type: 'speakers',
    data: { speakers: pairs.map(([userId, level]) => ({ userId, level })) },
  });
  const state = after(joined(), speakers([21, 90], [20, 40]));
  expect(state.speaking).toEqual([20, 21]);
  expect(after(state, speakers([20, 80], [21, 70]))).toBe(state);
  expect(after(state, speakers([21, 70])).speaking).toEqual([21]);
});

test('a rejection hides, an offline member stays and waits', () => {
  const state = after(
    joined(),
    { type: 'member-state', data: { userId: 21, state: 2, nickname: '', avatar: '' } },
    { type: 'member-state', data: { userId: 20, state: 5, nickname: '', avatar: '' } },
  );
  expect(tilesOf(state).map((tile) => [tile.userId, tile.waiting])).toEqual([
    [19, 0],
    [20, 5],
  ]);
});

test('somebody unknown is added', () => {
  const state = after(joined(), {
    type: 'member-state',
    data: { userId: 30, state: 4, nickname: 'Zed', avatar: '' },
  });
  expect(state.members.at(-1)).toMatchObject({ userId: 30, nickname: 'Zed', tracks: [] });
});

test('shared screens come first and have tiles of their own', () => {
  const state = after({ ...joined(), local: { ...nothingOpen, camera: { on: true, problem: null } } }, {
    type: 'track-added',
    data: screen,
  });
  expect(tilesOf(state).map((tile) => tile.key)).toEqual(['20-screen', '19-camera', '20-camera', '21-camera']);
  expect(tilesOf(state)[1]).toMatchObject({ own: true, showVideo: true });
});

test('start and end', () => {
  let state = after(joined(), { type: 'call-started', data: { startTime: '2026-11-23T11:33:12Z' } });
  expect(state).toMatchObject({ status: 3, startTime: '2026-11-23T11:33:12Z' });
  state = callReducer(state, callEnded({ ending: 'replaced', at: 5 }));
  expect(state).toMatchObject({ phase: 'ended', ending: 'replaced', members: [] });
});
