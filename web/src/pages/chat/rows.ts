// What a conversation shows, row by row: messages, what is on its way out, and a line where a day begins.
import { type Message, MessageType } from '../../api/types';
import { startOfDay } from '../../components/times';
import type { Outgoing } from '../../store/chatSlice';

/** Never more rows than this stand in the page. */
export const ROWS_MAX = 500;
/** How far the shown part of a long list moves at once. */
export const ROWS_STEP = 100;
/** Messages of one sender closer than this stand together. */
const TOGETHER_MS = 5 * 60 * 1_000;

export type Row = DayRow | MessageRow;

export interface DayRow {
  kind: 'day';
  key: string;
  at: number;
}

export interface MessageRow {
  kind: 'message';
  /** Stays the same when a message on its way out is confirmed. */
  key: string;
  message: Message;
  outgoing: Outgoing | null;
  at: number;
  /** The first of those that stand together: with name and picture. */
  isHead: boolean;
}

/** The messages up to the one with the id `cut` (null: up to the newest), at most ROWS_MAX of them. */
export function shownPart(messages: Message[], cut: number | null): Message[] {
  const end = cut === null ? messages.length : messages.findIndex((message) => message.messageId > cut);
  const stop = end < 0 ? messages.length : end;
  return messages.slice(Math.max(0, stop - ROWS_MAX), stop);
}

/** The cut that shows earlier messages; the same cut when all before are shown already. */
export function cutEarlier(messages: Message[], cut: number | null): number | null {
  const part = shownPart(messages, cut);
  if (part.length < ROWS_MAX || part[0] === messages[0]) return cut;
  return part[part.length - 1 - ROWS_STEP]?.messageId ?? cut;
}

/** The cut that shows later messages; null when the newest are among them. */
export function cutLater(messages: Message[], cut: number | null): number | null {
  if (cut === null) return null;
  const last = messages.findIndex((message) => message.messageId > cut);
  if (last < 0) return null;
  return messages[last + ROWS_STEP - 1]?.messageId ?? null;
}

/** A message on its way out, as it will look. */
export function asMessage(row: Outgoing, me: number): Message {
  const at = new Date(row.queuedAt).toISOString();
  return {
    messageId: 0,
    roomId: row.roomId,
    senderId: me,
    type: row.text ? MessageType.Text : MessageType.Image,
    text: row.text,
    image: '', // shown by its thumbnail until it is sent
    thumbnail: row.thumbnail,
    callId: 0,
    revoked: false,
    createdAt: at,
    updatedAt: at,
    call: null,
    localId: row.localId,
    deliveryId: 0,
  };
}

export function buildRows(messages: Message[], outgoing: Outgoing[], me: number): Row[] {
  const all = [
    ...messages.map((message) => ({ message, outgoing: null })),
    ...outgoing.map((row) => ({ message: asMessage(row, me), outgoing: row })),
  ];
  const rows: Row[] = [];
  let before: MessageRow | null = null;
  for (const { message, outgoing: row } of all) {
    const at = Date.parse(message.createdAt);
    const key = message.localId || `m${message.messageId}`;
    const isNewDay: boolean = !isSameDay(before, at);
    if (isNewDay) rows.push({ kind: 'day', key: `day-${key}`, at });
    before = { kind: 'message', key, message, outgoing: row, at, isHead: isNewDay || !joins(before, message, at) };
    rows.push(before);
  }
  return rows;
}

const isSameDay = (before: MessageRow | null, at: number) => before !== null && startOfDay(before.at) === startOfDay(at);

function joins(before: MessageRow | null, message: Message, at: number): boolean {
  if (!before || before.message.revoked) return false;
  return before.message.senderId === message.senderId && at - before.at < TOGETHER_MS;
}
