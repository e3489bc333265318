import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { FakeSocket } from '../testing/FakeSocket';
import { CallClient, type CallClientDeps, type Ending, type LinkState } from './CallClient';
import { CallError } from './protocol';

class FakePc {
  onconnectionstatechange: (() => void) | null = null;
  connectionState = 'new';
  closed = false;
  remote: string[] = [];
  localDescription = { sdp: 'answer' };
  getTransceivers = () => [];
  setRemoteDescription = async ({ sdp }: { sdp: string }) => void this.remote.push(sdp);
  createAnswer = async () => ({ type: 'answer', sdp: 'answer' });
  setLocalDescription = async () => {};
  close = () => {
    this.closed = true;
  };
}

const sockets: FakeSocket[] = [];
const pcs: FakePc[] = [];
const last = () => sockets.at(-1)!;
const links: LinkState[] = [];
const endings: Ending[] = [];

const joinAnswer = { callId: 7, userId: 19, resume: 'r1', resumed: false, status: 2, startTime: null, members: [] };
const timing = { pingMs: 3_000, aliveMs: 8_000, iceServers: [] };

function make(deps: Partial<CallClientDeps> = {}): CallClient {
  const client = new CallClient({
    url: 'ws://x/api/ws/call',
    userId: 19,
    quality: 'low',
    token: async () => 'token',
    endReason: async () => 3,
    createSocket: () => {
      sockets.push(new FakeSocket());
      return last();
    },
    createPc: () => {
      pcs.push(new FakePc());
      return pcs.at(-1) as unknown as RTCPeerConnection;
    },
    ...deps,
  });
  client.on('link', (link) => links.push(link));
  client.on('ended', (ending) => endings.push(ending));
  client.start();
  return client;
}

const settle = () => vi.advanceTimersByTimeAsync(0);

async function join(answer: object = {}): Promise<void> {
  await settle();
  last().open();
  last().answer('join', { ...joinAnswer, ...timing, ...answer });
  await settle();
}

async function offer(seq: number, extra: object = {}): Promise<void> {
  last().receive({ type: 'subscribe-offer', data: { seq, sdp: `offer ${seq}`, tracks: [], ...extra } });
  await settle();
}

beforeEach(() => {
  vi.useFakeTimers();
  vi.stubGlobal('navigator', {});
  for (const list of [sockets, pcs, links, endings]) list.length = 0;
});
afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

test('joins with the token, answers offers in order', async () => {
  make();
  await join();
  expect(last().requests('join')[0]?.data).toEqual({ token: 'token', resume: '' });
  expect(links).toEqual(['connecting', 'connected']);
  await offer(1);
  await offer(2);
  expect(pcs).toHaveLength(1);
  expect(pcs[0]?.remote).toEqual(['offer 1', 'offer 2']);
  expect(last().requests('subscribe-answer').map((request) => request.data.seq)).toEqual([1, 2]);
});

test('an offer with reset makes a new connection', async () => {
  make();
  await join();
  await offer(1);
  await offer(2, { reset: true });
  expect(pcs.map((pc) => pc.closed)).toEqual([true, false]);
  expect(pcs[1]?.remote).toEqual(['offer 2']);
});

test('after a break it resumes and keeps its connections', async () => {
  make();
  await join();
  await offer(1);
  last().close();
  expect(links.at(-1)).toBe('reconnecting');
  await vi.advanceTimersByTimeAsync(400);
  await join({ resume: 'r2', resumed: true });
  expect(sockets).toHaveLength(2);
  expect(last().requests('join')[0]?.data.resume).toBe('r1');
  expect(links.at(-1)).toBe('connected');
  await offer(2);
  expect(pcs).toHaveLength(1);
  expect(pcs[0]?.closed).toBe(false);
});

test('a resume that is refused starts from new connections', async () => {
  make();
  await join();
  await offer(1);
  last().close();
  await vi.advanceTimersByTimeAsync(400);
  await join({ resume: 'r9' });
  expect(pcs[0]?.closed).toBe(true);
  await offer(1);
  expect(pcs).toHaveLength(2);
});

test('tries on while the server is away, ever slower', async () => {
  make();
  await join();
  last().close();
  for (let attempt = 0; attempt < 6; attempt++) {
    await vi.advanceTimersByTimeAsync(5_000);
    last().close();
  }
  expect(sockets.length).toBeGreaterThanOrEqual(7);
  expect(endings).toEqual([]);
});

test('the end of the call ends everything', async () => {
  make();
  await join();
  await offer(1);
  last().receive({ type: 'call-ended', data: { reason: 1 } });
  expect(endings).toEqual([1]);
  expect(pcs[0]?.closed).toBe(true);
  await vi.advanceTimersByTimeAsync(60_000);
  expect(sockets).toHaveLength(1);
});

test('a replaced socket does not come back', async () => {
  make();
  await join();
  last().receive({ type: 'replaced', data: {} });
  await vi.advanceTimersByTimeAsync(60_000);
  expect(endings).toEqual(['replaced']);
  expect(sockets).toHaveLength(1);
});

test('a call that ended during a break ends with its reason', async () => {
  make();
  await join();
  last().close();
  await vi.advanceTimersByTimeAsync(400);
  last().open();
  last().refuse('join', 'call_ended');
  await settle();
  expect(endings).toEqual([3]);
});

test('an expired token is renewed once, then the call is refused', async () => {
  const token = vi.fn(async () => 'token');
  make({ token });
  await settle();
  last().open();
  last().refuse('join', 'unauthorized');
  await vi.advanceTimersByTimeAsync(400);
  expect(token).toHaveBeenCalledTimes(2);
  last().open();
  last().refuse('join', 'unauthorized');
  await settle();
  expect(endings).toEqual(['refused']);
});

test('who declined a call is told so, and not tried again for ever', async () => {
  make();
  await settle();
  last().open();
  last().refuse('join', 'not_allowed');
  await vi.advanceTimersByTimeAsync(10_000);
  expect(sockets).toHaveLength(1);
  expect(endings).toEqual(['refused']);
});

test('a call token that is denied for good is not asked for again', async () => {
  make({ token: async () => Promise.reject(new CallError('call_ended', '')) });
  await vi.advanceTimersByTimeAsync(10_000);
  expect(sockets).toHaveLength(0);
  expect(endings).toEqual([3]);
});

test('leaving says so, and tells when the server could not be told', async () => {
  const client = make();
  await join();
  const left = client.leave();
  last().answer('leave', {});
  expect(await left).toBe(true);
  const again = client.leave();
  await vi.advanceTimersByTimeAsync(3_000);
  expect(await again).toBe(false);
});
