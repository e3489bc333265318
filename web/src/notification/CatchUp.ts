// What a new notification session has to make up for: the deliveries missed since the last one seen, in pages, newest
// first; and the contacts. Tries until it is done. Knows neither the store nor the network.
import { Backoff } from '../call/backoff';
import type { Message } from '../api/types';

export interface CatchUpDeps {
  /** Deliveries with ids above `after` and, unless 0, below `before`: the `SYNC_PAGE` highest, descending. */
  page(after: number, before: number): Promise<Message[]>;
  /** All that was missed, ascending. `isOld`: while no page was there, and not in a break of this one. */
  apply(messages: Message[], isOld: boolean): void;
  /** Every delivery up to `position` is applied. */
  moved(position: number): void;
  /** More was missed than is worth applying. */
  overflow(): void;
  /** The server's ids are below the known ones: its data are other data now. */
  restarted(): void;
  /** Loads contacts and requests. */
  reload(): Promise<unknown>;
}

export const SYNC_PAGE = 50;
/** More than these pages are no use in memory: histories are loaded anew instead. */
export const SYNC_PAGES_MAX = 40;

export class CatchUp {
  /** The highest delivery seen, which may lie beyond a gap that is being filled. */
  private highest: number;
  private isBehind = false;
  /** Whether what is missed was missed since an earlier page. */
  private isOld: boolean;
  private round = 0;
  private retry: ReturnType<typeof setTimeout> | undefined;

  /** `position`: every delivery up to here is applied; null before the first session, unless an earlier page knew it. */
  constructor(
    private readonly deps: CatchUpDeps,
    private position: number | null = null,
  ) {
    this.highest = position ?? 0;
    this.isOld = position !== null;
  }

  /** A notification's delivery was applied. */
  seen(deliveryId: number): void {
    this.highest = Math.max(this.highest, deliveryId);
    if (!this.isBehind && this.position !== null && this.position < this.highest) this.move(this.highest);
  }

  /** The server began a new session, whose notifications start after `lastDeliveryId`. */
  begin(lastDeliveryId: number): void {
    this.stop();
    if (this.position === null || lastDeliveryId < this.position) {
      if (this.position !== null) this.deps.restarted();
      this.isBehind = this.isOld = false;
      this.highest = lastDeliveryId;
      this.move(lastDeliveryId);
    } else if (lastDeliveryId > this.position) {
      this.isBehind = true;
    }
    void this.run(this.round, lastDeliveryId, new Backoff({ firstMs: 1_000, maxMs: 10_000 }));
  }

  stop(): void {
    this.round++;
    clearTimeout(this.retry);
  }

  private async run(round: number, upTo: number, backoff: Backoff): Promise<void> {
    try {
      // A page that was just loaded shows its contacts before anything else.
      const isOld = this.isOld;
      if (isOld) await this.deps.reload();
      if (round === this.round && this.isBehind) await this.sync(round, upTo);
      if (round !== this.round) return;
      this.isOld = false;
      if (!isOld) await this.deps.reload();
    } catch {
      if (round !== this.round) return;
      this.retry = setTimeout(() => void this.run(round, upTo, backoff), backoff.next());
    }
  }

  private async sync(round: number, upTo: number): Promise<void> {
    const after = this.position ?? 0;
    const missed: Message[] = [];
    for (let pages = 1; ; pages++) {
      const page = await this.deps.page(after, missed.at(-1)?.deliveryId ?? 0);
      if (round !== this.round) return;
      // Below what is known there is nothing to do, whatever a page holds.
      missed.push(...page.filter((message) => message.deliveryId > after));
      if (page.length < SYNC_PAGE || missed.at(-1)?.deliveryId !== page.at(-1)?.deliveryId) break;
      if (pages === SYNC_PAGES_MAX) {
        if (!this.isOld) this.deps.overflow();
        break;
      }
    }
    this.deps.apply(missed.reverse(), this.isOld);
    this.isBehind = false;
    this.highest = Math.max(this.highest, upTo, missed.at(-1)?.deliveryId ?? 0);
    this.move(this.highest);
  }

  private move(position: number): void {
    this.position = position;
    this.deps.moved(position);
  }
}
