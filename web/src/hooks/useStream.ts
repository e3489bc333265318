import { useCallback, useSyncExternalStore } from 'react';
import type { Source } from '../call/protocol';
import type { StreamBoard } from '../call/StreamBoard';

/** The stream of one source of one member, followed as it changes. */
export function useStream(board: StreamBoard, userId: number, source: Source): MediaStream | null {
  return useSyncExternalStore(
    board.subscribe,
    useCallback(() => board.get(userId, source), [board, userId, source]),
  );
}
