import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import type { Message } from '../api/types';
import { aMessage, range } from '../testing/messages';
import { CatchUp, SYNC_PAGE, SYNC_PAGES_MAX } from './CatchUp';

/** Delivery ids that the server has. */
let deliveries: number[];
let applied: number[];
const page = vi.fn<(after: number, before: number) => Promise<Message[]>>();
const [reload, overflow, moved, restarted] = [vi.fn(), vi.fn(), vi.fn<(position: number) => void>(), vi.fn()];
/** What `apply` was told of the age of what it got. */
let ages: boolean[];
let catchUp: CatchUp;

const settle = () => vi.advanceTimersByTimeAsync(0);

beforeEach(() => {
  vi.useFakeTimers();
  vi.resetAllMocks();
  [deliveries, applied, ages] = [[], [], []];
  page.mockImplementation(async (after, before) =>
    deliveries
      .filter((id) => id > after && (!before || id < before))
      .sort((a, b) => b - a)
      .slice(0, SYNC_PAGE)
      .map((deliveryId) => aMessage(deliveryId, { deliveryId })),
  );
  reload.mockResolvedValue(undefined);
  catchUp = make();
});

function make(position?: number): CatchUp {
  const apply = (messages: Message[], isOld: boolean) => {
    applied.push(...messages.map((message) => message.deliveryId));
    ages.push(isOld);
  };
  return new CatchUp({ page, apply, moved, overflow, restarted, reload }, position);
}

afterEach(() => {
  catchUp.stop();
  vi.useRealTimers();
});

test('the first session loads contacts and has nothing to sync', async () => {
  deliveries = range(1, 40);
  catchUp.begin(40);
  await settle();
  expect(page).not.toHaveBeenCalled();
  expect(reload).toHaveBeenCalledOnce();
});

test('a new session syncs what came since the last delivery seen, then loads contacts', async () => {
  catchUp.begin(40);
  catchUp.seen(43);
  deliveries = range(1, 60);
  catchUp.begin(60);
  await settle();
  expect(page.mock.calls).toEqual([[43, 0]]);
  expect(applied).toEqual(range(44, 60));
  expect(reload).toHaveBeenCalledTimes(2);
});

test('nothing new, nothing asked', async () => {
  catchUp.begin(40);
  catchUp.begin(40);
  await settle();
  expect(page).not.toHaveBeenCalled();
});

test('pages of fifty, downwards, until the known', async () => {
  catchUp.begin(10);
  deliveries = range(1, 131);
  catchUp.begin(131);
  await settle();
  expect(page.mock.calls).toEqual([
    [10, 0],
    [10, 82],
    [10, 32],
  ]);
  expect(applied).toEqual(range(11, 131));
});

test('a full last page is followed by an empty one', async () => {
  catchUp.begin(10);
  deliveries = range(1, 60);
  catchUp.begin(60);
  await settle();
  expect(page.mock.calls).toEqual([
    [10, 0],
    [10, 11],
  ]);
  expect(applied).toEqual(range(11, 60));
});

test('a page that reaches into the known ends it', async () => {
  catchUp.begin(10);
  page.mockResolvedValue(range(1, SYNC_PAGE).reverse().map((deliveryId) => aMessage(deliveryId, { deliveryId })));
  catchUp.begin(50);
  await settle();
  expect(page).toHaveBeenCalledOnce();
  expect(applied).toEqual(range(11, 50));
});

test('a live delivery during a sync that fails does not hide the gap', async () => {
  catchUp.begin(10);
  deliveries = range(1, 30);
  page.mockRejectedValueOnce(new Error('down'));
  catchUp.begin(20);
  catchUp.seen(30); // 11 to 29 are still missing
  await settle();
  expect(applied).toEqual([]);
  await vi.advanceTimersByTimeAsync(2_000);
  expect(page.mock.calls.map((call) => call[0])).toEqual([10, 10]);
  expect(applied).toEqual(range(11, 30));
  catchUp.begin(30);
  await settle();
  expect(page).toHaveBeenCalledTimes(2);
});

test('a failure in the middle starts the whole gap again', async () => {
  catchUp.begin(10);
  deliveries = range(1, 131);
  const real = page.getMockImplementation()!;
  page.mockImplementationOnce(real).mockRejectedValueOnce(new Error('down'));
  catchUp.begin(131);
  await vi.advanceTimersByTimeAsync(2_000);
  expect(applied).toEqual(range(11, 131));
});

test('a newer session takes over from one that is still syncing', async () => {
  catchUp.begin(10);
  deliveries = range(1, 20);
  catchUp.begin(20);
  deliveries = range(1, 25);
  catchUp.begin(25);
  await settle();
  expect(applied).toEqual(range(11, 25));
  expect(reload).toHaveBeenCalledTimes(2); // of the first session and the last
});

test('contacts that could not be loaded are asked for again, the sync is not', async () => {
  catchUp.begin(10);
  await settle();
  deliveries = [11];
  reload.mockRejectedValueOnce(new Error('down'));
  catchUp.begin(11);
  await vi.advanceTimersByTimeAsync(2_000);
  expect(reload).toHaveBeenCalledTimes(3);
  expect(page).toHaveBeenCalledOnce();
});

test('too much to catch up: histories are forgotten, and it goes on from the newest', async () => {
  catchUp.begin(0);
  deliveries = range(1, SYNC_PAGE * SYNC_PAGES_MAX + 10);
  catchUp.begin(deliveries.length);
  await settle();
  expect(overflow).toHaveBeenCalledOnce();
  expect(page).toHaveBeenCalledTimes(SYNC_PAGES_MAX);
  deliveries.push(deliveries.length + 1);
  catchUp.begin(deliveries.length);
  await settle();
  expect(page.mock.lastCall).toEqual([deliveries.length - 1, 0]);
});

test('after the end nothing is applied', async () => {
  catchUp.begin(10);
  deliveries = range(1, 20);
  catchUp.begin(20);
  catchUp.stop();
  await vi.advanceTimersByTimeAsync(20_000);
  expect(applied).toEqual([]);
});

const positions = () => moved.mock.calls.map(([position]) => position);

test('it says how far everything is applied: not beyond a gap, and once for each step', async () => {
  catchUp.begin(10);
  catchUp.seen(11);
  catchUp.seen(11);
  deliveries = range(1, 20);
  page.mockRejectedValueOnce(new Error('down'));
  catchUp.begin(20);
  catchUp.seen(21);
  await settle();
  expect(positions()).toEqual([10, 11]);
  await vi.advanceTimersByTimeAsync(2_000);
  expect(positions()).toEqual([10, 11, 21]);
  expect(ages).toEqual([false]);
});

test('a page that knows how far an earlier one came loads contacts first, then what was missed', async () => {
  catchUp = make(40);
  deliveries = range(1, 60);
  catchUp.begin(60);
  expect(page).not.toHaveBeenCalled();
  await settle();
  expect(reload).toHaveBeenCalledOnce();
  expect(page.mock.calls).toEqual([[40, 0]]);
  expect(applied).toEqual(range(41, 60));
  expect(positions()).toEqual([60]);
  deliveries.push(61);
  catchUp.begin(61);
  await settle();
  expect(ages).toEqual([true, false]);
  expect(reload).toHaveBeenCalledTimes(2);
});

test('what an earlier page missed is old also when it takes a second session to get it', async () => {
  catchUp = make(40);
  deliveries = range(1, 60);
  reload.mockRejectedValueOnce(new Error('down'));
  catchUp.begin(50);
  catchUp.begin(60);
  await settle();
  expect([applied, ages]).toEqual([range(41, 60), [true]]);
});

test('very much that an earlier page missed leaves the histories of this one as they are', async () => {
  catchUp = make(0);
  deliveries = range(1, SYNC_PAGE * SYNC_PAGES_MAX + 10);
  catchUp.begin(deliveries.length);
  await settle();
  expect(overflow).not.toHaveBeenCalled();
  expect(positions()).toEqual([deliveries.length]);
});

test('nothing was missed since an earlier page', async () => {
  catchUp = make(40);
  catchUp.begin(40);
  catchUp.seen(41);
  await settle();
  expect(page).not.toHaveBeenCalled();
  expect([positions(), restarted.mock.calls]).toEqual([[41], []]);
});

test('a server with lower ids has other data: it goes on from there', async () => {
  catchUp = make(40);
  catchUp.begin(3);
  catchUp.seen(4);
  await settle();
  expect(restarted).toHaveBeenCalledOnce();
  expect(page).not.toHaveBeenCalled();
  expect(positions()).toEqual([3, 4]);
});
