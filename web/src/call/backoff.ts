// Waiting times between attempts to reconnect: they double up to a limit, and half of each is random so that the
// members of a call do not come back to a restarted server all at once.

export interface BackoffLimits {
  firstMs: number;
  maxMs: number;
}

export class Backoff {
  private attempt = 0;

  constructor(
    private readonly limits: BackoffLimits,
    private readonly random: () => number = Math.random,
  ) {}

  /** The next waiting time in ms. */
  next(): number {
    const full = Math.min(this.limits.maxMs, this.limits.firstMs * 2 ** this.attempt);
    this.attempt += 1;
    return Math.round(full / 2 + this.random() * (full / 2));
  }

  reset(): void {
    this.attempt = 0;
  }
}
