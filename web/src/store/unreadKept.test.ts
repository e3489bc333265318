import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import '../testing/browser';
import { range } from '../testing/messages';
import { forgetUnread, type Kept, keepUnread, readUnread, UNREAD_KEY } from './unreadKept';
import { nothingUnread, type UnreadState } from './unreadSlice';

vi.mock('../api/endpoints', () => ({}));

const ME = 19;
const based = (fields: Partial<UnreadState>): UnreadState => ({ ...nothingUnread, position: 1, isBased: true, ...fields });
const stands = (value: unknown) => localStorage.setItem(UNREAD_KEY, JSON.stringify(value));
const blocked = () => {
  throw new DOMException('no', 'SecurityError');
};

beforeEach(() => localStorage.removeItem(UNREAD_KEY));
afterEach(() => vi.restoreAllMocks());

test('what is kept comes back, for its user alone', () => {
  keepUnread(ME, based({ position: 70, upTo: 10, read: { 5: 8 }, ids: { 5: [9, 10] }, openRoomId: 6 }));
  expect(readUnread(ME)).toEqual({ position: 70, upTo: 10, read: { 5: 8 }, unread: { 5: [9, 10] } });
  expect(readUnread(20)).toBeNull();
});

test('nothing is kept before it is known where one stands, or of nobody', () => {
  keepUnread(ME, based({ position: null }));
  keepUnread(ME, based({ isBased: false }));
  keepUnread(0, based({}));
  expect(localStorage.getItem(UNREAD_KEY)).toBeNull();
});

test('two tabs: both have read, and the one that is further has counted', () => {
  keepUnread(ME, based({ position: 70, upTo: 12, read: { 5: 8, 6: 3 }, ids: { 5: [9, 10], 6: [11, 12] } }));
  keepUnread(ME, based({ position: 60, upTo: 10, read: { 5: 9, 6: 2 }, ids: { 5: [10] } }));
  const both = { position: 70, upTo: 12, read: { 5: 9, 6: 3 }, unread: { 5: [10], 6: [11, 12] } };
  expect(readUnread(ME)).toEqual(both);
  keepUnread(ME, based({ position: 71, upTo: 13, read: { 6: 12 }, ids: { 5: [9, 10], 7: [13] } }));
  expect(readUnread(ME)).toEqual({ position: 71, upTo: 13, read: { 5: 9, 6: 12 }, unread: { 5: [10], 7: [13] } });
});

test('five users at most, the last ones', () => {
  for (const userId of range(1, 7)) keepUnread(userId, based({}));
  keepUnread(3, based({}));
  expect(range(1, 7).filter((userId) => readUnread(userId))).toEqual([3, 4, 5, 6, 7]);
  forgetUnread(5);
  expect(range(1, 7).filter((userId) => readUnread(userId))).toEqual([3, 4, 6, 7]);
  for (const userId of range(1, 7)) forgetUnread(userId);
  expect(localStorage.getItem(UNREAD_KEY)).toBeNull();
});

test('a user keeps a bounded number of ids: the newest', () => {
  const read = Object.fromEntries(range(1, 3_000).map((roomId) => [roomId, 10_000 + roomId]));
  const ids = Object.fromEntries(range(1, 8).map((roomId) => [roomId, range(roomId * 20_000, roomId * 20_000 + 999)]));
  keepUnread(ME, based({ read, ids }));
  const found = readUnread(ME) as Kept;
  expect(Object.keys(found.read).map(Number)).toEqual(range(1_001, 3_000));
  expect(Object.keys(found.unread).map(Number)).toEqual(range(4, 8));
  expect(localStorage.getItem(UNREAD_KEY)!.length).toBeLessThan(100_000);
});

test.each([
  ['no JSON', '{'],
  ['no list', '{"userId":19}'],
  ['no record', '[null,3,"x",[]]'],
  ['no position', '[{"userId":19,"position":"7","upTo":1,"read":{},"unread":{}}]'],
])('%s: as if nothing were there', (_, text) => {
  localStorage.setItem(UNREAD_KEY, text);
  expect(readUnread(ME)).toBeNull();
  keepUnread(ME, based({ position: 3 }));
  expect(readUnread(ME)).toMatchObject({ position: 3 });
});

test('of a record that is partly nonsense the rest is taken', () => {
  const read = { 5: 3, 6: 'x', seven: 4, 8: -1 };
  stands([{ userId: ME, position: 7, upTo: 1, read, unread: { 5: [4, null, 1.5], 6: 'x', 7: [] }, more: 1 }]);
  expect(readUnread(ME)).toEqual({ position: 7, upTo: 1, read: { 5: 3 }, unread: { 5: [4] } });
  stands([{ userId: ME, position: 7, upTo: 1 }]);
  expect(readUnread(ME)).toEqual({ position: 7, upTo: 1, read: {}, unread: {} });
});

test('a storage that is blocked or full changes nothing', () => {
  keepUnread(ME, based({ position: 3 }));
  vi.spyOn(localStorage, 'setItem').mockImplementation(blocked);
  vi.spyOn(localStorage, 'removeItem').mockImplementation(blocked);
  keepUnread(ME, based({ position: 4 }));
  forgetUnread(ME);
  expect(readUnread(ME)).toMatchObject({ position: 3 });
  vi.spyOn(localStorage, 'getItem').mockImplementation(blocked);
  expect(readUnread(ME)).toBeNull();
  keepUnread(ME, based({ position: 4 }));
  forgetUnread(ME);
});
