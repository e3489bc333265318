// Which messages may still be recalled: own ones of the last two minutes, by the server's clock as far as it is known.
import { useEffect, useState } from 'react';
import { type Message, MessageType } from '../../api/types';
import { useAppSelector } from '../../store';

export const REVOKE_MS = 120_000;

/** Own messages that can be recalled at `now`, with the ms until the first of them no longer can. */
export function revocableOf(messages: Message[], me: number, now: number): { ids: Set<number>; nextMs: number } {
  const ids = new Set<number>();
  let nextMs = Infinity;
  for (let index = messages.length - 1; index >= 0; index--) {
    const message = messages[index];
    if (!message) break;
    const left = Date.parse(message.createdAt) + REVOKE_MS - now;
    if (left <= 0) break;
    if (message.senderId !== me || message.revoked || message.type === MessageType.Call) continue;
    ids.add(message.messageId);
    nextMs = Math.min(nextMs, left);
  }
  return { ids, nextMs };
}

export function useRevocable(messages: Message[], me: number): Set<number> {
  const ahead = useAppSelector((state) => state.chat.clockAheadMs ?? 0);
  const [, setRound] = useState(0);
  const { ids, nextMs } = revocableOf(messages, me, Date.now() - ahead);
  useEffect(() => {
    if (nextMs === Infinity) return undefined;
    const timer = setTimeout(() => setRound((round) => round + 1), nextMs);
    return () => clearTimeout(timer);
  }, [nextMs]);
  return ids;
}
