// Scrolling of a list that grows at both ends: it sticks to the bottom while one is there, else to the row one reads.
import { type RefObject, useCallback, useEffect, useLayoutEffect, useRef, useState } from 'react';

/** This close to the bottom counts as being there. */
const AT_BOTTOM_PX = 48;

interface Anchor {
  key: string;
  /** Of its upper edge, from the upper edge of what is visible. */
  top: number;
}

export interface AnchoredScroll {
  box: RefObject<HTMLDivElement>;
  content: RefObject<HTMLDivElement>;
  /** Whether one scrolled away from the bottom. */
  isAway: boolean;
  toBottom(): void;
}

/** Rows are the elements with `data-row`. `rows` is anything that changes with them; `endsWithNewest` tells whether
 * the last row is the last of all, else there is no bottom to stick to. */
export function useAnchoredScroll(
  rows: unknown,
  endsWithNewest: boolean,
  nearPx: number,
  nearTop: () => void,
  nearBottom: () => void,
): AnchoredScroll {
  const box = useRef<HTMLDivElement>(null);
  const content = useRef<HTMLDivElement>(null);
  const anchor = useRef<Anchor | null>(null);
  const [isAway, setIsAway] = useState(false);

  const restore = useCallback(() => {
    const element = box.current;
    if (!element) return;
    const row = anchor.current && element.querySelector<HTMLElement>(`[data-row="${CSS.escape(anchor.current.key)}"]`);
    if (row && anchor.current) element.scrollTop = row.offsetTop - anchor.current.top;
    else if (!anchor.current) element.scrollTop = element.scrollHeight;
  }, []);

  const moved = useCallback(() => {
    const element = box.current;
    if (!element || element.clientHeight === 0) return;
    const below = element.scrollHeight - element.scrollTop - element.clientHeight;
    const atBottom = endsWithNewest && below < AT_BOTTOM_PX;
    anchor.current = atBottom ? null : firstVisible(element);
    setIsAway(!atBottom && anchor.current !== null);
    if (element.scrollTop < nearPx) nearTop();
    else if (below < nearPx) nearBottom();
  }, [endsWithNewest, nearPx, nearTop, nearBottom]);

  const toBottom = useCallback(() => {
    anchor.current = null;
    restore();
  }, [restore]);

  useLayoutEffect(() => {
    restore();
    moved();
  }, [rows, restore, moved]);

  useEffect(() => {
    const element = box.current;
    if (!element) return undefined;
    element.addEventListener('scroll', moved, { passive: true });
    return () => element.removeEventListener('scroll', moved);
  }, [moved]);

  useEffect(() => {
    const observer = new ResizeObserver(restore);
    for (const element of [box.current, content.current]) if (element) observer.observe(element);
    return () => observer.disconnect();
  }, [restore]);

  return { box, content, isAway, toBottom };
}

function firstVisible(element: HTMLElement): Anchor | null {
  const all = element.querySelectorAll<HTMLElement>('[data-row]');
  let [low, high] = [0, all.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    const row = all[middle];
    if (row && row.offsetTop + row.offsetHeight <= element.scrollTop) low = middle + 1;
    else high = middle;
  }
  const row = all[low];
  return row ? { key: row.dataset.row ?? '', top: row.offsetTop - element.scrollTop } : null;
}
