import { expect, test, vi } from 'vitest';
import '../testing/browser';
import type { Contact, ContactRequest } from '../api/types';
import { aContact, aMessage } from '../testing/messages';
import { messageArrived, messagesCaughtUp, messageSent } from './chatActions';
import { byRecency, contactAdded, contactsReducer, loadContacts, requestArrived } from './contactsSlice';
import { asRevoked } from './messages';

vi.mock('../api/endpoints', () => ({}));

type Action = Parameters<typeof contactsReducer>[1];
const run = (...actions: Action[]) => actions.reduce(contactsReducer, undefined)!;
const loaded = (contacts: Contact[], pending: ContactRequest[] = []) =>
  loadContacts.fulfilled({ contacts, pending }, 'r', undefined);
const loading = () => loadContacts.pending('r', undefined);
const arrives = (...args: Parameters<typeof aMessage>) =>
  messageArrived({ message: aMessage(...args), isNew: true, me: 19, now: 0 });
const lines = (state: ReturnType<typeof run>) => state.contacts.map((contact) => contact.lastMessageContent);
const aRequest = (id: number) => ({ id, requestUid: 30 + id }) as ContactRequest;

test('a contact shows the newest message, whatever comes after it of older ones', () => {
  const state = run(
    loaded([aContact(1)]),
    arrives(7, { text: 'seven' }),
    messageArrived({ message: asRevoked(aMessage(6)), isNew: false, me: 19, now: 0 }),
    messageSent(aMessage(5)),
    messagesCaughtUp({ messages: [aMessage(4)], me: 19 }),
  );
  expect(state.contacts).toMatchObject([{ lastMessageId: 7, lastMessageContent: 'seven' }]);
});

test('the newest message revoked is said to be, also when it comes again as it was', () => {
  const state = run(
    loaded([aContact(1)]),
    arrives(7),
    messageSent(asRevoked(aMessage(7))),
    messagesCaughtUp({ messages: [aMessage(7)], me: 19 }),
  );
  expect(lines(state)).toEqual(['[消息已撤回]']);
});

test('an answer that was under way does not undo what came meanwhile', () => {
  const stale = aContact(1, { lastMessageId: 3, lastMessageContent: 'old' });
  const state = run(
    loading(),
    arrives(7, { text: 'seven' }),
    contactAdded(aContact(2, { roomId: 6, userId: 21 })),
    requestArrived(aRequest(4)),
    loaded([stale], [aRequest(1)]),
  );
  expect(state.contacts.map((contact) => contact.contactId).sort()).toEqual([1, 2]);
  expect(state.contacts.find((contact) => contact.contactId === 1)?.lastMessageContent).toBe('seven');
  expect(state.pending.map((request) => request.id)).toEqual([4, 1]);
});

test('requests answered elsewhere are gone after a reload', () => {
  const state = run(loaded([], [aRequest(1), aRequest(2)]), loading(), loaded([], [aRequest(2)]));
  expect(state.pending.map((request) => request.id)).toEqual([2]);
});

test('a contact that comes twice is there once', () => {
  const state = run(loaded([aContact(1)]), contactAdded(aContact(1)), loaded([aContact(1)]));
  expect(state.contacts).toHaveLength(1);
});

test('sorted by last message, else by change', () => {
  const contacts = [
    aContact(1, { lastMessageTime: '2026-11-23T11:00:00Z' }),
    aContact(2, { updatedAt: '2026-11-23T12:00:00Z' }),
    aContact(3, { lastMessageTime: '2026-11-23T13:00:00Z', updatedAt: '2020-01-01T00:00:00Z' }),
  ];
  expect(byRecency(contacts).map((contact) => contact.contactId)).toEqual([3, 2, 1]);
});
