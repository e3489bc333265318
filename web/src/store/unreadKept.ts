// What was read, in the browser's storage: by user, so that the next page or login of one goes on from there. Ids alone,
// and a bounded number of them. Two tabs of a user write the same record: what either has shown is read, and the counts
// are those of the one that is further.
import { forget, keep, readKept } from './storage';
import type { UnreadState } from './unreadSlice';

export const UNREAD_KEY = 'ichat.unread';
const USERS_MAX = 5;
const ROOMS_MAX = 2_000;
const IDS_MAX = 5_000;

export interface Kept {
  position: number;
  upTo: number;
  read: Record<number, number>;
  unread: Record<number, number[]>;
}

/** The last user first. */
type Rows = (Kept & { userId: number })[];

const isId = (value: unknown): value is number => Number.isSafeInteger(value) && (value as number) >= 0;
/** By room. */
const fields = (value: unknown): [string, unknown][] =>
  Object.entries(value ?? {}).filter(([roomId]) => isId(Number(roomId)));

/** Whatever stands there, only what makes sense is taken. */
function rows(): Rows {
  try {
    const stored: unknown = JSON.parse(readKept(UNREAD_KEY) ?? '[]');
    return (Array.isArray(stored) ? stored : []).flatMap((row: Partial<Rows[number]> | null) =>
      row && isId(row.userId) && isId(row.position) && isId(row.upTo) ? [cleaned(row as Rows[number])] : [],
    );
  } catch {
    return [];
  }
}

function cleaned({ userId, position, upTo, read, unread }: Rows[number]): Rows[number] {
  const lists = fields(unread).map(([roomId, ids]) => [roomId, Array.isArray(ids) ? ids.filter(isId) : []] as const);
  return {
    userId,
    position,
    upTo,
    read: Object.fromEntries(fields(read).filter((entry): entry is [string, number] => isId(entry[1]))),
    unread: Object.fromEntries(lists.filter(([, ids]) => ids.length > 0)),
  };
}

export function readUnread(userId: number): Kept | null {
  const found = rows().find((row) => row.userId === userId);
  if (!found) return null;
  const { position, upTo, read, unread } = found;
  return { position, upTo, read, unread };
}

/** Called by the store on every change of what is unread. */
export function keepUnread(userId: number, { position, upTo, read, ids, isBased }: UnreadState): void {
  if (!userId || position === null || !isBased) return;
  const all = rows();
  const own = { position, upTo, read, unread: ids };
  const stored = all.find((row) => row.userId === userId);
  const kept = bounded(stored ? merged(own, stored) : own);
  const others = all.filter((row) => row.userId !== userId).slice(0, USERS_MAX - 1);
  keep(UNREAD_KEY, JSON.stringify([{ userId, ...kept }, ...others]));
}

export function forgetUnread(userId: number): void {
  const others = rows().filter((row) => row.userId !== userId);
  if (others.length > 0) keep(UNREAD_KEY, JSON.stringify(others));
  else forget(UNREAD_KEY);
}

function merged(own: Kept, stored: Kept): Kept {
  const read = { ...own.read };
  for (const [key, messageId] of Object.entries(stored.read)) {
    const roomId = Number(key);
    read[roomId] = Math.max(read[roomId] ?? 0, messageId);
  }
  const { position, upTo, unread } = stored.position > own.position ? stored : own;
  const lists = Object.entries(unread).map(
    ([roomId, ids]) => [roomId, ids.filter((id) => id > (read[Number(roomId)] ?? 0))] as const,
  );
  return { position, upTo, read, unread: Object.fromEntries(lists.filter(([, ids]) => ids.length > 0)) };
}

/** The newest of each; what is left out is older than `upTo`, and never counted again. */
function bounded({ position, upTo, read, unread }: Kept): Kept {
  const newest = Object.entries(read).sort(([, a], [, b]) => b - a);
  const lists: [string, number[]][] = [];
  let left = IDS_MAX;
  for (const [roomId, ids] of Object.entries(unread).sort(([, a], [, b]) => (b.at(-1) ?? 0) - (a.at(-1) ?? 0))) {
    if (left === 0) break;
    lists.push([roomId, ids.slice(-left)]);
    left -= Math.min(left, ids.length);
  }
  return { position, upTo, read: Object.fromEntries(newest.slice(0, ROOMS_MAX)), unread: Object.fromEntries(lists) };
}
