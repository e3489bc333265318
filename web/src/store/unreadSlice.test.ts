import { expect, test, vi } from 'vitest';
import '../testing/browser';
import type { Message } from '../api/types';
import { aCall, aContact, aMessage } from '../testing/messages';
import { loggedOut } from './authSlice';
import { messageArrived, messagesCaughtUp } from './chatActions';
import { loadHistory } from './chatSlice';
import { loadContacts } from './contactsSlice';
import {
  countsForgotten,
  positionMoved,
  readElsewhere,
  roomHidden,
  roomShown,
  unreadReducer,
  unreadRestored,
} from './unreadSlice';
import { asRevoked } from './messages';

vi.mock('../api/endpoints', () => ({}));

const ME = 19;
const ROOM = 5;

type Action = Parameters<typeof unreadReducer>[1];
const run = (...actions: Action[]) => actions.reduce(unreadReducer, undefined)!;
const arrives = (message: Message, isNew = true) => messageArrived({ message, isNew, me: ME, now: 0 });
const caughtUp = (...messages: Message[]) => messagesCaughtUp({ messages, me: ME });
const own = (messageId: number) => aMessage(messageId, { senderId: ME });
const history = (roomId: number, ...ids: number[]) =>
  loadHistory.fulfilled(ids.map((id) => aMessage(id)), 'r', { contactId: 1, roomId });
const contacts = (lastMessageId: number) =>
  loadContacts.fulfilled({ contacts: [aContact(1, { lastMessageId })], pending: [] }, 'r', undefined);
const kept = { position: 70, upTo: 10, read: { [ROOM]: 8 }, unread: { [ROOM]: [9, 10] } };

test('only new messages of others count, once each', () => {
  const state = run(
    arrives(aMessage(1)),
    arrives(aMessage(1)),
    arrives(aMessage(2), false),
    arrives(aCall(3, 2), false),
    arrives(own(4)),
    arrives(aMessage(5, { roomId: 6 })),
  );
  expect(state.ids).toEqual({ [ROOM]: [1], 6: [5] });
});

test('what is on the screen is read, and nothing else', () => {
  const shown = [arrives(aMessage(1)), roomShown(ROOM), arrives(aMessage(2)), arrives(aMessage(3, { roomId: 6 }))];
  expect(run(...shown)).toMatchObject({ ids: { 6: [3] }, read: { [ROOM]: 2 } });
  expect(run(...shown, roomHidden(ROOM), arrives(aMessage(4))).ids).toEqual({ 6: [3], [ROOM]: [4] });
});

test('hiding a room that is no longer the shown one changes nothing', () => {
  expect(run(roomShown(ROOM), roomShown(6), roomHidden(ROOM)).openRoomId).toBe(6);
});

test('what a history showed does not count when its notification comes later', () => {
  const read = [roomShown(ROOM), history(ROOM, 1, 2, 3), roomHidden(ROOM)];
  expect(run(...read, arrives(aMessage(3)), arrives(aMessage(4))).ids).toEqual({ [ROOM]: [4] });
  expect(run(roomShown(6), history(ROOM, 1, 2, 3), arrives(aMessage(3))).ids, 'not shown').toEqual({ [ROOM]: [3] });
});

test('what was revoked before anybody read it counts no more', () => {
  expect(run(arrives(aMessage(1)), arrives(aMessage(2)), arrives(asRevoked(aMessage(1)), false)).ids).toEqual({ [ROOM]: [2] });
  expect(run(arrives(aMessage(1)), caughtUp(asRevoked(aMessage(1)))).ids).toEqual({});
});

test('after a break: what is newer than anything before it, and not what only changed', () => {
  const state = run(
    contacts(10),
    arrives(aMessage(15)), // live, while the gap is being filled
    caughtUp(asRevoked(aMessage(9)), aMessage(8), aMessage(11), asRevoked(aMessage(12)), aCall(13, 4), own(14), aMessage(15)),
  );
  expect(state.ids).toEqual({ [ROOM]: [15, 11] });
});

test('the measure of what is new moves with the deliveries, not with what lies beyond a gap', () => {
  const before = [contacts(10), arrives(aMessage(11)), positionMoved(1), roomShown(ROOM), roomHidden(ROOM)];
  expect(run(...before, arrives(aMessage(15)))).toMatchObject({ position: 1, upTo: 11 });
  expect(run(...before, arrives(aMessage(15)), positionMoved(5), caughtUp(aMessage(11), aMessage(12))).ids).toEqual({
    [ROOM]: [15],
  });
});

test('a device that starts takes what stands in its contacts as known; one that goes on does not', () => {
  expect(run(unreadRestored(null), positionMoved(3), contacts(20), contacts(30))).toMatchObject({ upTo: 20, isBased: true });
  const goesOn = [unreadRestored(kept), contacts(12), caughtUp(aMessage(11), aMessage(12))];
  expect(run(...goesOn).ids).toEqual({ [ROOM]: [9, 10, 11, 12] });
});

test('a page goes on with the counts of an earlier one: what came and what changed since', () => {
  const missed = [aMessage(10), aMessage(7), asRevoked(aMessage(9)), aMessage(11), aMessage(12, { roomId: 6 })];
  expect(run(unreadRestored(kept), caughtUp(...missed), positionMoved(75))).toMatchObject({
    ids: { [ROOM]: [10, 11], 6: [12] },
    position: 75,
    upTo: 12,
  });
});

test('a conversation that is open when the page comes back is read', () => {
  const state = run(unreadRestored(kept), roomShown(ROOM), caughtUp(aMessage(11)), roomHidden(ROOM), arrives(aMessage(11)));
  expect(state).toMatchObject({ ids: {}, read: { [ROOM]: 11 } });
});

test('what another tab showed is read here too', () => {
  const state = run(arrives(aMessage(1)), arrives(aMessage(2)), readElsewhere({ [ROOM]: 1, 6: 4 }));
  expect(state).toMatchObject({ ids: { [ROOM]: [2] }, read: { [ROOM]: 1, 6: 4 } });
  expect(unreadReducer(state, readElsewhere({ [ROOM]: 1 })), 'nothing new: the same state').toBe(state);
});

test('other data on the server, or a logout: nothing is left', () => {
  const before = [unreadRestored(kept), arrives(aMessage(11))];
  expect(run(...before, countsForgotten(), contacts(3))).toMatchObject({ ids: {}, read: {}, upTo: 3 });
  expect(run(...before, loggedOut())).toEqual(run({ type: 'none' } as never));
});
