// A page that behaves in a call as a client of protocol v1 does; the tests drive it through window.__v1.
import { counts, entries, note } from './journal.js';
import { Call } from './call.js';
import { hear, readStats } from './stats.js';

let call = null;

/** Opens the call page of `callId`; the login comes from localStorage, where the client keeps it. */
async function join({ callId, token = localStorage.getItem('token'), userId, ...options }) {
  const self = userId ?? Number(localStorage.getItem('loginUserId'));
  call = new Call({ callId, token, userId: self, ...options });
  await call.open();
}

window.__v1 = {
  join,
  hangup: () => call.hangup(),
  setMic: (on) => call.media.setMic(on),
  setVideo: (source) => call.media.setVideo(source),
  stats: () => readStats(call),
  hear,
  states: () => Object.fromEntries(call?.states ?? []),
  status: () => ({
    opened: call?.socket?.opened ?? 0,
    started: call?.started ?? 0,
    answeredStarts: call?.answeredStarts ?? 0,
    callStatus: call?.call?.status ?? 0,
    startTime: call?.call?.startTime ?? null,
    endReason: call?.endReason ?? null,
  }),
  journal: () => ({ counts, entries }),
  note,
};
