import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { FakeSocket } from '../testing/FakeSocket';
import { SUBPROTOCOL } from './protocol';
import { Signaling } from './Signaling';

let socket: FakeSocket;
const handlers = { open: vi.fn(), event: vi.fn(), closed: vi.fn() };

function connect(): Signaling {
  return new Signaling('ws://x/api/ws/call', handlers, (_, protocol) => {
    expect(protocol).toBe(SUBPROTOCOL);
    socket = new FakeSocket();
    return socket;
  });
}

beforeEach(() => {
  vi.useFakeTimers();
  vi.clearAllMocks();
});
afterEach(() => vi.useRealTimers());

test('answers find their requests, in any order', async () => {
  const signaling = connect();
  socket.open();
  expect(handlers.open).toHaveBeenCalledOnce();
  const first = signaling.request('mute', { trackId: 't1', muted: true });
  const second = signaling.request('leave');
  const [one, two] = socket.sent.map((text) => JSON.parse(text).req as number);
  expect(one).toBeGreaterThan(0);
  expect(two).not.toBe(one);
  socket.receive({ res: two, type: 'leave', data: { b: 2 } });
  socket.receive({ res: one, type: 'mute', data: { a: 1 } });
  expect(await first).toEqual({ a: 1 });
  expect(await second).toEqual({ b: 2 });
});

test('a refusal carries code and sentence', async () => {
  const signaling = connect();
  socket.open();
  const request = signaling.request('publish', {});
  socket.receive({ res: 1, type: 'publish', error: { code: 'bad_sdp', message: 'line 3' } });
  await expect(request).rejects.toMatchObject({ code: 'bad_sdp', message: 'line 3', unanswered: false });
});

test('events pass through; what is not JSON or answers nothing is ignored', () => {
  connect();
  socket.open();
  socket.receive({ type: 'call-ended', data: { reason: 7 } });
  socket.receive('not json');
  socket.receive({ res: 99, type: 'ping', data: {} });
  expect(handlers.event.mock.calls).toEqual([[{ type: 'call-ended', data: { reason: 7 } }]]);
});

test('a break rejects what waits and is reported once', async () => {
  const signaling = connect();
  socket.open();
  const request = signaling.request('publish', {});
  socket.close();
  signaling.close();
  await expect(request).rejects.toMatchObject({ code: 'link_lost', unanswered: true });
  await expect(signaling.request('mute')).rejects.toMatchObject({ code: 'link_lost' });
  expect(handlers.closed).toHaveBeenCalledOnce();
});

test('a request without an answer times out', async () => {
  const signaling = connect();
  socket.open();
  const request = signaling.request('publish', {});
  const rejected = expect(request).rejects.toMatchObject({ code: 'timeout', unanswered: true });
  await vi.advanceTimersByTimeAsync(10_000);
  await rejected;
});

test('a socket that does not open is given up', () => {
  connect();
  vi.advanceTimersByTime(8_000);
  expect(handlers.closed).toHaveBeenCalledOnce();
});

test('pings keep a talking server, and a silent one is given up', async () => {
  const signaling = connect();
  socket.open();
  signaling.keepAlive(3_000, 8_000);
  for (let second = 3; second <= 30; second += 3) {
    await vi.advanceTimersByTimeAsync(3_000);
    socket.answer('ping', {});
  }
  expect(socket.requests('ping')).toHaveLength(10);
  expect(handlers.closed).not.toHaveBeenCalled();
  await vi.advanceTimersByTimeAsync(6_000);
  expect(handlers.closed).not.toHaveBeenCalled();
  await vi.advanceTimersByTimeAsync(3_000);
  expect(handlers.closed).toHaveBeenCalledOnce();
});
