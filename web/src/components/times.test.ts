import { expect, test } from 'vitest';
import { translate } from '../i18n';
import { dayTitle, shortTime } from './times';

const en = translate.bind(null, 'en');
const zh = translate.bind(null, 'zh');
const at = (text: string) => new Date(text).getTime(); // in this machine's zone, as people read it
const now = at('2026-11-23T12:00:00');

test.each([
  ['2026-11-23T09:05:00', '09:05'],
  ['2026-11-23T00:00:00', '00:00'],
  ['2026-11-22T23:59:00', 'Yesterday'],
  ['2026-11-20T12:00:00', 'Fri'],
  ['2026-11-16T12:00:00', '16/11'],
  ['2025-11-23T12:00:00', '23/11/25'],
  ['2026-11-24T09:05:00', '09:05'],
])('%s in a list', (text, expected) => {
  expect(shortTime(en, 'en', at(text), now)).toBe(expected);
});

test('days', () => {
  expect(dayTitle(en, 'en', now, now)).toBe('Today');
  expect(dayTitle(zh, 'zh', at('2026-11-22T12:00:00'), now)).toBe('昨天');
  expect(dayTitle(en, 'en', at('2026-11-16T12:00:00'), now)).toMatch(/^Monday,? 16 November$/);
  expect(dayTitle(zh, 'zh', at('2025-11-16T12:00:00'), now)).toContain('2025年11月16日');
});
