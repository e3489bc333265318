// What must be true of the v1 pages of a call, each awaited until it is or its time is up.
import assert from 'node:assert/strict';
import { missing } from '../../lib/media.mjs';
import { enter, journal, reloadPage, setMic, setVideo, stats } from './people.mjs';

const TIMEOUT_MS = 40_000;
const INTERVAL_MS = 300;
const MEASURE_MS = 900; // five frames of the slow cameras
const STATES_MS = 1_000; // what the page's devices take at least, see its sources.js

// Each of these is something that the contract's client cannot bear, or a server must not cause.
const FAULTS = [
  'unhandled-rejection',
  'uncaught',
  'bad-frame',
  'bad-stream-id',
  'track-without-stream',
  'set-remote-failed',
  'stale-answer',
  'answer-dropped',
  'overlapping-offer',
  'signal-of-stranger',
  'signal-before-online',
  'media-before-states',
  'unauthorized',
  'server-error',
];
// Pages among themselves cannot avoid these; a server can. (An offer of the server that a page drops, because its own was under
// way, does no harm: the server answers that one. It cannot know what a page is about to do.)
const OF_A_MESH = ['glare-yielded', 'candidate-dropped', 'candidate-failed', 'no-answer', 'no-offer'];

/** Samples again until `faultsOf()` gives no sentence. */
export async function until(name, faultsOf, timeout = TIMEOUT_MS) {
  const deadline = Date.now() + timeout;
  let faults = await faultsOf();
  while (faults.length > 0 && Date.now() < deadline) {
    await new Promise((resolve) => setTimeout(resolve, INTERVAL_MS)); // the interval of sampling
    faults = await faultsOf();
  }
  assert.deepEqual(faults, [], name);
}

/** Pixels must change since a first picture; a new connection, or one whose old m-line is gone, counts anew. */
const isComparable = (old, now) =>
  old?.luma.length > 0 && old.made === now?.made && old.framesDecoded <= now.framesDecoded;

/** Moving pictures and new sound of all `others`, counted from a sample taken now. */
export async function assertFlows(person, others, { timeout } = {}) {
  const userIds = others.map(({ userId }) => userId);
  let before = await stats(person);
  await until(
    `media at ${person.name}`,
    async () => {
      const now = await stats(person);
      for (const id of userIds) if (!isComparable(before[id], now[id])) before = { ...before, [id]: now[id] };
      return missing(before, now, userIds);
    },
    timeout,
  );
}

export const assertAllFlow = (people, options) =>
  Promise.all(
    people.map((person) => assertFlows(person, people.filter((other) => other !== person), options)),
  );

/** Enters a mesh one change at a time: offers that cross are this client's own trouble there, and freeze a picture. */
export async function enterMesh(person, callId, inside, options) {
  await enter(person, callId, { ...options, media: [] });
  await assertFlows(person, inside);
  await setMic(person, true);
  await setVideo(person, 'camera');
}

const distance = (a, b) => Math.hypot(...a.map((value, index) => value - b[index]));

/** `person` sees the colour of each of `others` in that one's own tile: they all share their screens. */
export function assertColours(person, others) {
  return until(`colours at ${person.name}`, async () => {
    const now = await stats(person);
    return others
      .filter(({ userId, colour }) => distance(now[userId].colour, colour) > 60)
      .map(({ name, userId, colour }) => `${name} looks like ${now[userId].colour}, not ${colour}`);
  });
}

/** `person` hears the tone of each of `others` from that one's own tile. */
export function assertTones(person, others) {
  return until(`tones at ${person.name}`, async () => {
    const heard = await Promise.all(
      others.map(({ userId }) => person.page.evaluate((id) => window.__v1.hear(id), userId)),
    );
    return others.flatMap(({ name, tone }, index) => {
      const { hertz } = heard[index];
      return Math.abs(hertz - tone) > 20 ? [`${name} sounds like ${hertz} Hz, not ${tone}`] : [];
    });
  });
}

/** `userId`'s track of `kind` is gone at `person`, and nothing of it comes any more. */
export function assertGone(person, userId, kind) {
  const progress = (member) => (kind === 'video' ? member.framesDecoded : member.audioEnergy);
  let before = null;
  return until(`${kind} of ${userId} gone at ${person.name}`, async () => {
    const [old, now] = [before, (await stats(person))[userId]];
    before = now;
    const faults = [
      [now[`${kind}Tracks`] === 0, `has ${now[`${kind}Tracks`]} tracks`],
      [old && progress(now) <= progress(old), `still comes: ${old && progress(old)} -> ${progress(now)}`],
    ];
    return faults.filter(([good]) => !good).map(([, sentence]) => sentence);
  });
}

/** Nothing of `userId`'s `kind` comes at `person` any more, though his track may stay: so a v2 member mutes. */
export function assertStops(person, userId, kind) {
  const progress = (member) => (kind === 'video' ? member.framesDecoded : member.audioEnergy);
  let before = NaN;
  return until(`${kind} of ${userId} stops at ${person.name}`, async () => {
    const [old, now] = [before, progress((await stats(person))[userId])];
    before = now;
    return now === old ? [] : [`goes on: ${old} -> ${now}`];
  });
}

const sentSince = (old, now, kind) => now.out[kind].packets - (old?.made === now.made ? old.out[kind].packets : 0);
const SOME_PACKETS = 3; // what an m-line that just stopped had in its queue does not count

/** A sentence unless `found`, user ids, are as many as expected. */
const uplinkFaults = (kind, found, expected) =>
  found.length === expected ? [] : [`${kind} to ${found.join(', ') || 'none'}`];

/** The user ids on whose connections the page sends media of `kind` now. */
export async function uplinks(person, kind) {
  const before = await stats(person);
  await new Promise((resolve) => setTimeout(resolve, MEASURE_MS));
  const after = await stats(person);
  const sends = (userId) => sentSince(before[userId], after[userId], kind) > SOME_PACKETS;
  return Object.keys(after).map(Number).filter(sends);
}

export function assertUplinks(person, expected, { kinds = ['audio', 'video'], timeout } = {}) {
  const look = async () => {
    const found = await Promise.all(kinds.map((kind) => uplinks(person, kind)));
    return kinds.flatMap((kind, index) => uplinkFaults(kind, found[index], expected));
  };
  return until(`uplinks of ${person.name}`, look, timeout);
}

/** `people` are connected with each other, with no exchange of offer and answer under way, nor one to follow. */
export function assertQuiet(people, { timeout } = {}) {
  const busy = async (person) => {
    const now = await stats(person);
    return people
      .filter(({ userId }) => userId !== person.userId)
      .filter(({ userId }) => now[userId]?.round !== 'idle' || now[userId].connectionState !== 'connected')
      .map(({ name, userId }) => `${person.name} to ${name}: ${now[userId]?.round}, ${now[userId]?.connectionState}`);
  };
  return until('no exchange under way', async () => (await Promise.all(people.map(busy))).flat(), timeout);
}

/** As assertUplinks, for machines that encode a frame now and then: what each connection sent is summed up until all did. */
export async function assertSends(person, expected, { timeout } = {}) {
  const first = await stats(person);
  await until(
    `uplinks of ${person.name}`,
    async () => {
      const now = await stats(person);
      const sends = (kind) => Object.keys(now).filter((id) => sentSince(first[id], now[id], kind) > SOME_PACKETS);
      return ['audio', 'video'].flatMap((kind) => uplinkFaults(kind, sends(kind), expected));
    },
    timeout,
  );
}

/** All connections of the page have no candidate but the server's. */
export async function assertOnlyServer(person, server, address) {
  for (const [userId, { remote, selected }] of Object.entries(await stats(person))) {
    if (!selected) continue;
    for (const candidate of [selected, ...remote]) {
      assert.equal(candidate.address, address, `${person.name} to ${userId}`);
      const { port } = candidate;
      assert.ok(port >= server.mediaPort && port < server.mediaPort + server.mediaPorts, `${port} is the server's`);
    }
  }
}

/** The connection of two pages is between themselves: each has selected an address of the other one. */
export async function assertPeerToPeer(one, other, server) {
  const [left, right] = [(await stats(one))[other.userId], (await stats(other))[one.userId]];
  for (const [near, far] of [[left, right], [right, left]]) {
    const { address, port } = near.selected;
    assert.ok(port < server.mediaPort || port >= server.mediaPort + server.mediaPorts, `${port} is not the server's`);
    assert.ok(far.local.some((candidate) => candidate.port === port), `${address}:${port} is the other page's`);
  }
}

/** Nothing happened since the page was loaded that a client of this kind cannot bear, or that a server can avoid. */
export async function assertClean(person, { isMesh = false } = {}) {
  const { counts, entries } = await journal(person);
  const kinds = isMesh ? FAULTS : [...FAULTS, ...OF_A_MESH];
  const bad = kinds.filter((kind) => counts[kind]); // the entries are the latest alone
  const told = entries.filter(({ kind }) => bad.includes(kind)).map((entry) => Object.values(entry).join(' '));
  assert.deepEqual(bad, [], `the journal of ${person.name}: ${told.join('; ')}`);
  assert.ok(counts['offer-sent'] || counts['answer-sent'], `${person.name} negotiated at all`);
}

/** Loads the page anew, which forgets its journal: what is in it must be clean. The page is in no call then. */
export async function reload(person, options) {
  await assertClean(person, options);
  await reloadPage(person);
}

/** CONTRACT section 8: the states come as soon as the token is checked, long before a device can be there. */
export async function assertStatesAtOnce(person) {
  const { entries } = await journal(person);
  const waits = entries.filter(({ kind }) => kind === 'states').map(({ detail }) => Number(/after (\d+) ms$/.exec(detail)[1]));
  assert.ok(waits.length > 0, `${person.name} got the states`);
  assert.ok(Math.max(...waits) < STATES_MS, `${person.name} got the states after ${waits.join(', ')} ms`);
}
