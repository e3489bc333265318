// Where the pages find media: one MediaStream for each source of each member. Streams cannot live in the store (they
// are not plain data), so components subscribe here. A stream object is replaced when its track is another one.
import type { Source } from './protocol';

export class StreamBoard {
  private readonly streams = new Map<string, MediaStream>();
  private readonly listeners = new Set<() => void>();

  get(userId: number, source: Source): MediaStream | null {
    return this.streams.get(key(userId, source)) ?? null;
  }

  set(userId: number, source: Source, track: MediaStreamTrack | null): void {
    const at = key(userId, source);
    if ((this.streams.get(at)?.getTracks()[0] ?? null) === track) return;
    if (track) this.streams.set(at, new MediaStream([track]));
    else this.streams.delete(at);
    this.changed();
  }

  /** Replaces everything of all members but `exceptUser` at once. */
  replaceOthers(exceptUser: number, entries: { userId: number; source: Source; track: MediaStreamTrack }[]): void {
    const wanted = new Map(entries.map((entry) => [key(entry.userId, entry.source), entry.track]));
    const own = key(exceptUser, '' as Source);
    for (const at of [...this.streams.keys()]) if (!at.startsWith(own) && !wanted.has(at)) this.streams.delete(at);
    for (const [at, track] of wanted)
      if (this.streams.get(at)?.getTracks()[0] !== track) this.streams.set(at, new MediaStream([track]));
    this.changed();
  }

  clear(): void {
    this.streams.clear();
    this.changed();
  }

  subscribe = (listener: () => void): (() => void) => {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  };

  private changed(): void {
    for (const listener of this.listeners) listener();
  }
}

function key(userId: number, source: Source): string {
  return `${userId}/${source}`;
}
