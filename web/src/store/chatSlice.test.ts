import { configureStore } from '@reduxjs/toolkit';
import { beforeEach, expect, test, vi } from 'vitest';
import '../testing/browser';
import type { Message } from '../api/types';
import { aMessage, range } from '../testing/messages';
import { loggedOut } from './authSlice';
import { historyForgotten, messageArrived, messagesCaughtUp, messageSent } from './chatActions';
import {
  chatReducer,
  loadHistory,
  type Outgoing,
  outgoingChanged,
  queued,
  roomLeft,
} from './chatSlice';
import { asRevoked } from './messages';

vi.mock('../api/endpoints', () => ({ listMessages: vi.fn() }));
const { listMessages } = vi.mocked(await import('../api/endpoints'));

const ME = 19;
const ROOM = 5;
let store: ReturnType<typeof make>;
/** The messages that the server has. */
let history: Message[];

const make = () => configureStore({ reducer: { chat: chatReducer } });
const chat = () => store.getState().chat;
const ids = () => chat().rooms[ROOM]?.messages.map((message) => message.messageId) ?? [];
const load = () => store.dispatch(loadHistory({ contactId: 1, roomId: ROOM }) as never) as unknown as Promise<unknown>;
const arrives = (message: Message, isNew = true) =>
  store.dispatch(messageArrived({ message, isNew, me: ME, now: Date.parse(message.createdAt) }));
const caughtUp = (...messages: Message[]) => store.dispatch(messagesCaughtUp({ messages, me: ME }));
const own = (messageId: number, localId: string, fields: Partial<Message> = {}) =>
  aMessage(messageId, { senderId: ME, localId, text: 'mine', ...fields });

function queue(localId: string, fields: Partial<Outgoing> = {}): void {
  const row = { localId, contactId: 1, roomId: ROOM, text: 'mine', thumbnail: '', image: '', isLate: false };
  const sending = { state: 'sending' as const, isUncertain: false, progress: 0, queuedAt: 0, after: 0 };
  store.dispatch(queued({ ...row, ...sending, ...fields }));
}

beforeEach(() => {
  store = make();
  history = [];
  listMessages.mockReset();
  listMessages.mockImplementation((_, before, limit) =>
    Promise.resolve(history.filter((message) => !before || message.messageId < before).slice(-limit)),
  );
});

test('history comes in pages of ten from the newest up, until fewer come', async () => {
  history = range(1, 25).map((id) => aMessage(id));
  await load();
  expect(ids()).toEqual(range(16, 25));
  await load();
  await load();
  expect(ids()).toEqual(range(1, 25));
  expect(chat().rooms[ROOM]).toMatchObject({ hasMore: false, status: 'ready' });
  await load();
  expect(listMessages.mock.calls.map((call) => call[1])).toEqual([0, 16, 6]);
});

test('one request for history at a time', async () => {
  history = range(1, 25).map((id) => aMessage(id));
  await Promise.all([load(), load()]);
  expect(listMessages).toHaveBeenCalledOnce();
});

test('a page that failed can be asked for again', async () => {
  listMessages.mockRejectedValueOnce(new Error('down'));
  await load();
  expect(chat().rooms[ROOM]).toMatchObject({ status: 'failed', started: false });
  history = [aMessage(3)];
  await load();
  expect(ids()).toEqual([3]);
});

test('what arrives while the first page is under way is neither lost nor doubled', async () => {
  history = range(1, 12).map((id) => aMessage(id));
  const loading = load();
  arrives(aMessage(12)); // is in the page as well
  arrives(aMessage(13));
  arrives(asRevoked(aMessage(2)), false); // belongs to a page that was not fetched
  await loading;
  expect(ids()).toEqual(range(3, 13));
});

test('an old message that changes makes no hole in what is held', async () => {
  history = range(1, 20).map((id) => aMessage(id));
  await load();
  arrives(asRevoked(aMessage(4)), false);
  expect(ids()).toEqual(range(11, 20));
  await load();
  expect(ids()).toEqual(range(1, 20));
});

test('a room that was never opened holds nothing', () => {
  arrives(aMessage(1));
  expect(chat().rooms[ROOM]).toBeUndefined();
});

test('left rooms keep their newest messages and page on from there', async () => {
  history = range(1, 130).map((id) => aMessage(id));
  for (let page = 0; page < 13; page++) await load();
  store.dispatch(roomLeft({ roomId: ROOM, draft: 'so far' }));
  expect(ids()).toEqual(range(31, 130));
  expect(chat().drafts[ROOM]).toBe('so far');
  await load();
  expect(ids()).toEqual(range(21, 130));
});

test('a page that comes after its room was left and cut is dropped', async () => {
  history = range(1, 200).map((id) => aMessage(id));
  for (let page = 0; page < 11; page++) await load();
  const loading = load();
  store.dispatch(roomLeft({ roomId: ROOM, draft: '' }));
  await loading;
  expect(ids()).toEqual(range(101, 200));
});

test('a page that comes after all histories were forgotten is dropped', async () => {
  history = range(1, 30).map((id) => aMessage(id));
  const loading = load();
  store.dispatch(historyForgotten());
  await loading;
  expect(chat().rooms[ROOM]).toBeUndefined();
});

test.each([
  ['answer, then notification', ['answer', 'notification']],
  ['notification, then answer', ['notification', 'answer']],
  ['notification twice', ['notification', 'notification']],
])('an own message shows once: %s', async (_, order) => {
  await load();
  queue('a');
  for (const way of order) {
    if (way === 'answer') store.dispatch(messageSent(own(1, 'a')));
    else arrives(own(1, 'a'));
    expect(chat().outgoing).toEqual([]);
    expect(ids()).toEqual([1]);
  }
  expect(chat().rooms[ROOM]?.messages[0]?.localId).toBe('a');
});

test('an own message of another device is no row of this one', async () => {
  await load();
  queue('a');
  arrives(own(1, 'elsewhere'));
  expect(chat().outgoing).toHaveLength(1);
  expect(ids()).toEqual([1]);
});

test('a message whose answer was lost is found again by a sync, which knows no local id', async () => {
  arrives(own(4, 'before')); // an equal one, sent earlier
  await load();
  queue('a');
  queue('b');
  store.dispatch(outgoingChanged({ localId: 'a', state: 'failed', isUncertain: true }));
  caughtUp(own(4, ''), own(6, ''));
  expect(chat().outgoing.map((row) => row.localId)).toEqual(['b']);
  caughtUp(own(6, '')); // the same again is not the second row
  expect(chat().outgoing.map((row) => row.localId)).toEqual(['b']);
  caughtUp(own(7, ''));
  expect(chat().outgoing).toEqual([]);
  expect(chat().rooms[ROOM]?.messages.filter((message) => message.messageId > 4)).toMatchObject([
    { messageId: 6, localId: 'a' },
    { messageId: 7, localId: 'b' },
  ]);
});

test('a large picture waits for its upload, until its path comes', async () => {
  await load();
  const thumbnail = '10x10;data:image/jpeg;base64,AAAA';
  const fields = { type: 2, text: '', thumbnail };
  queue('a', { text: '', thumbnail, isLate: true });
  store.dispatch(messageSent(own(1, 'a', fields)));
  expect(chat().uploads).toEqual({ 1: { localId: 'a', state: 'sending', progress: 0 } });
  arrives(own(1, '', { ...fields, image: 'file/a.png' }), false);
  expect(chat().uploads).toEqual({});
  expect(chat().rooms[ROOM]?.messages).toMatchObject([{ localId: 'a', image: 'file/a.png' }]);
});

test('messages of several rooms stay apart', async () => {
  await load();
  arrives(aMessage(1));
  arrives(aMessage(2, { roomId: 6 }));
  expect(ids()).toEqual([1]);
  expect(chat().newest).toEqual({ [ROOM]: 1, 6: 2 });
});

test("the clock's lead is the least that was seen", () => {
  const message = aMessage(1);
  const at = Date.parse(message.createdAt);
  for (const late of [900, 400, 700]) store.dispatch(messageArrived({ message, isNew: true, me: ME, now: at + late }));
  expect(chat().clockAheadMs).toBe(400);
});

test('logging out forgets everything', async () => {
  history = [aMessage(1)];
  await load();
  queue('a');
  store.dispatch(loggedOut());
  expect(chat()).toMatchObject({ rooms: {}, outgoing: [], newest: {} });
});
