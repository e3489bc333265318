import { expect, test } from 'vitest';
import { Backoff } from './backoff';

test('waits double up to the limit, half of each is random', () => {
  const least = new Backoff({ firstMs: 400, maxMs: 5_000 }, () => 0);
  expect([1, 2, 3, 4, 5, 6].map(() => least.next())).toEqual([200, 400, 800, 1600, 2500, 2500]);
  const most = new Backoff({ firstMs: 400, maxMs: 5_000 }, () => 1);
  expect([1, 2, 3, 4, 5, 6].map(() => most.next())).toEqual([400, 800, 1600, 3200, 5000, 5000]);
});

test('starts over after a success', () => {
  const backoff = new Backoff({ firstMs: 400, maxMs: 5_000 }, () => 1);
  backoff.next();
  backoff.next();
  backoff.reset();
  expect(backoff.next()).toBe(400);
});
