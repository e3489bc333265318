import { expect, test } from 'vitest';
import '../../testing/browser';
import { translate } from '../../i18n';
import { aCall, aMessage, range } from '../../testing/messages';
import type { Outgoing } from '../../store/chatSlice';
import { callText, canJoin } from './callText';
import { buildRows, cutEarlier, cutLater, ROWS_MAX, ROWS_STEP, shownPart } from './rows';
import { revocableOf } from './useRevocable';

const t = translate.bind(null, 'en');
const at = (iso: string) => ({ createdAt: iso });
const outgoing = { localId: 'x', roomId: 5, text: 'mine', queuedAt: Date.parse('2026-11-23T11:00:09Z') } as Outgoing;

test('a line for each day, and messages of one sender stand together for a while', () => {
  const rows = buildRows(
    [
      aMessage(1, at('2026-11-22T10:00:00')),
      aMessage(2, at('2026-11-22T10:01:00')),
      aMessage(3, { ...at('2026-11-22T10:02:00'), senderId: 19 }),
      aMessage(4, { ...at('2026-11-22T10:20:00'), senderId: 19 }),
      aMessage(5, { ...at('2026-11-23T00:00:01'), senderId: 19 }),
    ],
    [],
    19,
  );
  expect(rows.map((row) => (row.kind === 'day' ? 'day' : row.isHead))).toEqual(
    ['day', true, false, true, true, 'day', true],
  );
});

test('a row keeps its key when it is confirmed', () => {
  const before = buildRows([aMessage(1)], [outgoing], 19);
  const after = buildRows([aMessage(1), aMessage(2, { senderId: 19, localId: 'x' })], [], 19);
  expect(after.map((row) => row.key)).toEqual(before.map((row) => row.key));
});

test('never more rows than the limit; the part moves up and down in steps', () => {
  const messages = range(1, ROWS_MAX + 250).map((id) => aMessage(id));
  expect(shownPart(messages, null)).toHaveLength(ROWS_MAX);
  expect(shownPart(messages, null).at(-1)?.messageId).toBe(ROWS_MAX + 250);
  let cut = cutEarlier(messages, null);
  expect(cut).toBe(ROWS_MAX + 250 - ROWS_STEP);
  expect(shownPart(messages, cut).at(-1)?.messageId).toBe(cut);
  for (let step = 0; step < 5; step++) cut = cutEarlier(messages, cut);
  expect(shownPart(messages, cut)[0]?.messageId).toBeLessThanOrEqual(ROWS_STEP);
  for (let step = 0; step < 5; step++) cut = cutLater(messages, cut);
  expect(cut).toBeNull();
});

test('short lists have one part', () => {
  const messages = range(1, 20).map((id) => aMessage(id));
  expect(cutEarlier(messages, null)).toBeNull();
  expect(shownPart(messages, null)).toEqual(messages);
});

test('only own messages of the last two minutes can be recalled', () => {
  const messages = [
    aMessage(1, { senderId: 19 }),
    aMessage(100, { senderId: 19 }),
    aMessage(110),
    aMessage(120, { senderId: 19, revoked: true }),
    { ...aCall(125, 4), senderId: 19 },
    aMessage(130, { senderId: 19 }),
  ];
  const now = Date.parse(aMessage(130).createdAt);
  expect(revocableOf(messages, 19, now)).toEqual({ ids: new Set([100, 130]), nextMs: 90_000 });
  expect(revocableOf(messages, 19, now + 120_000).ids.size).toBe(0);
});

test.each([
  [aCall(1, 1), 'Calling…'],
  [aCall(1, 2), 'Calling…'],
  [aCall(1, 3), 'Call in progress'],
  [aCall(1, 4, { endReason: 1, startTime: '2026-11-23T11:00:00Z', endTime: '2026-11-23T11:01:05Z' }), 'Call, 1:05'],
  [aCall(1, 4, { endReason: 2 }), 'Call declined'],
  [aCall(1, 4, { endReason: 3 }), 'No answer'],
  [aCall(1, 4, { endReason: 7 }), 'Call cancelled'],
  [aCall(1, 4, { endReason: 1 }), 'Call ended'],
  [aCall(1, 4, { endReason: 99 }), 'Call ended'],
])('a call says how it goes', (message, expected) => {
  expect(callText(t, message.call!)).toBe(expected);
});

test('only members join, and only while it lives', () => {
  expect([1, 2, 3, 4].map((status) => canJoin(aCall(1, status).call!, 19))).toEqual([false, true, true, false]);
  expect(canJoin(aCall(1, 3).call!, 21)).toBe(false);
});
