import { expect, test } from 'vitest';
import { aCall, aMessage } from '../testing/messages';
import { asRevoked, findMessage, mergeMessage, putMessage, summaryOf } from './messages';

test('a list is ascending and has each message once, in whatever order they come', () => {
  const list: ReturnType<typeof aMessage>[] = [];
  for (const id of [5, 1, 3, 3, 9, 1, 2]) putMessage(list, aMessage(id));
  expect(list.map((message) => message.messageId)).toEqual([1, 2, 3, 5, 9]);
  expect(findMessage(list, 5)?.text).toBe('text 5');
  expect(findMessage(list, 4)).toBeUndefined();
});

const picture = aMessage(1, { type: 2, text: '', thumbnail: 't' });
const uploaded = { ...picture, image: 'file/a.png' };

test.each([
  ['a late picture', picture, uploaded],
  ['a revoked text', aMessage(1), asRevoked(aMessage(1))],
  ['a revoked picture', uploaded, asRevoked(uploaded)],
  ['a call that began', aCall(1, 2), aCall(1, 3)],
  ['a call that ended', aCall(1, 3), aCall(1, 4, { endReason: 1 })],
])('%s: the later state stays, whichever comes last', (_, earlier, later) => {
  expect(mergeMessage(earlier, later)).toEqual(later);
  expect(mergeMessage(later, earlier)).toEqual(later);
});

test('a local id is kept when the message comes again without it', () => {
  expect(mergeMessage(aMessage(1, { localId: 'x' }), aMessage(1)).localId).toBe('x');
  expect(mergeMessage(aMessage(1), aMessage(1, { localId: 'x' })).localId).toBe('x');
});

test.each([
  [aMessage(1, { text: 'hi' }), 'hi'],
  [aMessage(1, { text: '一二三四五六七八九十一二三四五六七八九' }), '一二三四五六七八九十一二三四五六七八九'],
  [aMessage(1, { text: '😀'.repeat(20) }), `${'😀'.repeat(20)}...`],
  [picture, '[图片]'],
  [aCall(1, 2), '[通话]'],
  [asRevoked(picture), '[消息已撤回]'],
])('the last line of a contact', (message, expected) => {
  expect(summaryOf(message)).toBe(expected);
});
