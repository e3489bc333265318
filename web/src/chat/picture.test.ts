import { expect, test } from 'vitest';
import { fitSize, parseThumbnail } from './picture';

test.each([
  [{ width: 4_000, height: 3_000 }, { width: 120, height: 90 }],
  [{ width: 10, height: 20 }, { width: 10, height: 20 }],
  [{ width: 10_000, height: 3 }, { width: 120, height: 1 }],
])('%j fits as %j', (size, expected) => {
  expect(fitSize(size, { width: 120, height: 120 })).toEqual(expected);
});

test('a thumbnail tells the size of the whole', () => {
  expect(parseThumbnail('240x160;data:image/jpeg;base64,AA+/==')).toEqual({
    width: 240,
    height: 160,
    url: 'data:image/jpeg;base64,AA+/==',
  });
});

test.each([
  '',
  '240x160',
  '0x9;data:image/jpeg;base64,AA',
  '1x1;https://example.org/x.jpg',
  '1x1;javascript:alert(1)',
  '1x1;data:image/svg+xml;base64,AA',
  '1x1;data:image/jpeg;base64,AA" onload="x',
])('%j is none', (text) => {
  expect(parseThumbnail(text)).toBeNull();
});
