import { expect, test } from 'vitest';
import { guessLanguage, isTextKey, translate } from '.';
import { en } from './en';
import { zh } from './zh';

test.each([
  ['zh', ['en-US'], 'zh'],
  [null, ['zh-CN', 'en'], 'zh'],
  [null, ['fr-FR', 'zh-TW'], 'zh'],
  [null, ['fr-FR', 'en'], 'en'],
  [null, [], 'en'],
  ['xx', ['de'], 'en'],
])('chosen %j, browser %j', (chosen, preferred, expected) => {
  expect(guessLanguage(chosen, preferred)).toBe(expected);
});

test('both languages use the same values in each text', () => {
  const values = (text: string) => (text.match(/\{\w+\}/g) ?? []).sort();
  for (const [key, text] of Object.entries(en)) expect(values(zh[key as keyof typeof en]), key).toEqual(values(text));
  expect(Object.keys(zh).sort()).toEqual(Object.keys(en).sort());
});

test('values are filled in', () => {
  expect(translate('en', 'incoming.from', { name: 'Bo' })).toBe('Bo is calling');
  expect(translate('zh', 'incoming.from', { name: 'Bo' })).toBe('Bo 邀请你通话');
});

test('keys made at run time are checked', () => {
  expect(isTextKey('end.7')).toBe(true);
  expect(isTextKey('end.99')).toBe(false);
  expect(isTextKey('toString')).toBe(false);
});
