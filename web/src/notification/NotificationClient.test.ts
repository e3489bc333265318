import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { FakeSocket } from '../testing/FakeSocket';
import { NotificationClient, parseHello } from './NotificationClient';

const sockets: FakeSocket[] = [];
const last = () => sockets.at(-1)!;
const handlers = { session: vi.fn(), notification: vi.fn(), broken: vi.fn() };

function make(): NotificationClient {
  const client = new NotificationClient('ws://x', 'token', handlers, () => {
    sockets.push(new FakeSocket());
    return last();
  });
  client.start();
  return client;
}

beforeEach(() => {
  vi.useFakeTimers();
  vi.clearAllMocks();
  sockets.length = 0;
});
afterEach(() => vi.useRealTimers());

test('sends token and an empty session id, takes the first frame as hello', () => {
  make();
  last().open();
  expect(last().sent).toEqual(['token', '']);
  last().receive('session:abc\n41');
  expect(handlers.session).toHaveBeenCalledWith(false, 41);
  last().receive({ type: 4, payload: 7 });
  expect(handlers.notification).toHaveBeenCalledWith({ type: 4, payload: 7 });
});

test('comes back with its session and tells that nothing was missed', async () => {
  make();
  last().open();
  last().receive('session:abc\n0');
  last().close();
  expect(handlers.broken).toHaveBeenCalledWith(true);
  await vi.advanceTimersByTimeAsync(1_000);
  last().open();
  expect(last().sent).toEqual(['token', 'abc']);
  last().receive('session:abc');
  expect(handlers.session).toHaveBeenLastCalledWith(true, 0);
});

test('a forgotten session is told as a new one', async () => {
  make();
  last().open();
  last().receive('session:abc\n0');
  last().close();
  await vi.advanceTimersByTimeAsync(1_000);
  last().open();
  last().receive('session:def\n50');
  expect(handlers.session).toHaveBeenLastCalledWith(false, 50);
});

test('a socket turned away before the hello is tried again', async () => {
  make();
  last().open();
  last().close();
  expect(handlers.broken).toHaveBeenCalledWith(false);
  await vi.advanceTimersByTimeAsync(1_000);
  expect(sockets).toHaveLength(2);
});

test('a server that never greets is given up', () => {
  make();
  last().open();
  vi.advanceTimersByTime(10_000);
  expect(handlers.broken).toHaveBeenCalledOnce();
});

test('beats every 30 s, and not after the end', () => {
  const client = make();
  last().open();
  last().receive('session:abc\n0');
  vi.advanceTimersByTime(61_000);
  expect(last().sent.slice(2)).toEqual(['1', '1']);
  client.stop();
  vi.advanceTimersByTime(120_000);
  expect(last().sent.slice(2)).toEqual(['1', '1']);
  expect(sockets).toHaveLength(1);
  expect(handlers.broken).not.toHaveBeenCalled();
});

test.each([
  ['session:abc\n12', { sessionId: 'abc', lastDeliveryId: 12 }],
  ['session:abc', { sessionId: 'abc', lastDeliveryId: 0 }],
  ['session:', null],
  ['{"type":1}', null],
  ['', null],
])('hello %j', (text, expected) => {
  expect(parseHello(text)).toEqual(expected);
});
