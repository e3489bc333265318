import { expect, test } from 'vitest';
import { duration, fitGrid, initials } from './layout';

test.each([
  [1, 1],
  [2, 2],
  [3, 2],
  [4, 2],
  [5, 3],
  [6, 3],
  [7, 3],
  [9, 3],
])('%i tiles stand in %i columns on a wide screen', (count, columns) => {
  expect(fitGrid(count, 1280, 720, 10).columns).toBe(columns);
});

test('a phone held upright gets one column', () => {
  expect(fitGrid(3, 360, 640, 10).columns).toBe(1);
});

test.each([1, 2, 3, 5, 7, 9, 16])('%i tiles never overflow the area', (count) => {
  for (const [width, height] of [
    [1280, 600],
    [375, 500],
    [900, 900],
    [2560, 300],
  ] as const) {
    const { columns, tileWidth, tileHeight } = fitGrid(count, width, height, 10);
    const rows = Math.ceil(count / columns);
    expect(columns * tileWidth + (columns - 1) * 10).toBeLessThanOrEqual(width);
    expect(rows * tileHeight + (rows - 1) * 10).toBeLessThanOrEqual(height);
    expect(tileWidth).toBeGreaterThan(0);
  }
});

test('no room is no tile', () => {
  expect(fitGrid(3, 0, 0, 10).tileWidth).toBe(0);
});

test.each([
  ['Ada Lovelace', 'AL'],
  ['bo', 'BO'],
  ['  x ', 'X'],
  ['王小明', '明'],
  ['', '?'],
  ['👩‍🚀', '🚀'],
])('initials of %j', (name, expected) => {
  expect(initials(name)).toBe(expected);
});

test.each([
  [0, '0:00'],
  [61.9, '1:01'],
  [3_723, '1:02:03'],
  [-5, '0:00'],
])('duration of %d', (seconds, expected) => {
  expect(duration(seconds)).toBe(expected);
});
