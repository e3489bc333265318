import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { Recovery } from './Recovery';

const deps = { restart: vi.fn(), giveUp: vi.fn() };

beforeEach(() => {
  vi.useFakeTimers();
  vi.clearAllMocks();
});
afterEach(() => vi.useRealTimers());

test('a short disconnection mends itself', () => {
  const recovery = new Recovery(deps);
  recovery.changed('connected');
  recovery.changed('disconnected');
  vi.advanceTimersByTime(3_900);
  recovery.changed('connected');
  vi.advanceTimersByTime(60_000);
  expect(deps.restart).not.toHaveBeenCalled();
});

test('a longer one is restarted, and given up when two restarts did not help', () => {
  const recovery = new Recovery(deps);
  recovery.changed('connected');
  recovery.changed('disconnected');
  vi.advanceTimersByTime(4_000);
  expect(deps.restart).toHaveBeenCalledTimes(1);
  vi.advanceTimersByTime(8_000);
  expect(deps.restart).toHaveBeenCalledTimes(2);
  expect(deps.giveUp).not.toHaveBeenCalled();
  vi.advanceTimersByTime(8_000);
  expect(deps.restart).toHaveBeenCalledTimes(2);
  expect(deps.giveUp).toHaveBeenCalledOnce();
});

test('failure restarts at once, and success counts from the start again', () => {
  const recovery = new Recovery(deps);
  for (let round = 1; round <= 5; round++) {
    recovery.changed('failed');
    expect(deps.restart).toHaveBeenCalledTimes(round);
    recovery.changed('connected');
  }
  expect(deps.giveUp).not.toHaveBeenCalled();
});

test('stopped means silent', () => {
  const recovery = new Recovery(deps);
  recovery.changed('disconnected');
  recovery.stop();
  vi.advanceTimersByTime(60_000);
  expect(deps.restart).not.toHaveBeenCalled();
});
