// How tiles of one shape fill an area best.

export interface Grid {
  columns: number;
  tileWidth: number;
  tileHeight: number;
}

/** The number of columns that makes `count` tiles largest; `ratio` is width by height, `gap` lies between tiles. */
export function fitGrid(count: number, width: number, height: number, gap: number, ratio = 16 / 9): Grid {
  let best: Grid = { columns: 1, tileWidth: 0, tileHeight: 0 };
  for (let columns = 1; columns <= Math.max(1, count); columns++) {
    const rows = Math.ceil(count / columns);
    const room = Math.min((width - gap * (columns - 1)) / columns, ((height - gap * (rows - 1)) / rows) * ratio);
    const tileWidth = Math.floor(room);
    if (tileWidth > best.tileWidth) best = { columns, tileWidth, tileHeight: Math.floor(tileWidth / ratio) };
  }
  return best;
}

/** One or two letters for a tile without a picture; for scripts without letter case the last character. */
export function initials(name: string): string {
  const words = name.trim().split(/\s+/).filter(Boolean);
  const first = [...(words[0] ?? '?')];
  if (words.length > 1) return `${first[0]}${[...(words[words.length - 1] ?? '')][0]}`.toUpperCase();
  const isLatin = /^[\p{Script=Latin}\p{Script=Cyrillic}\p{Script=Greek}0-9]/u.test(first[0] ?? '');
  return isLatin ? first.slice(0, 2).join('').toUpperCase() : (first[first.length - 1] ?? '?');
}

/** `1:02:03` or `2:03`. */
export function duration(seconds: number): string {
  const whole = Math.max(0, Math.floor(seconds));
  const parts = [Math.floor(whole / 3600), Math.floor(whole / 60) % 60, whole % 60];
  const shown = parts[0] ? parts : parts.slice(1);
  return shown.map((part, index) => (index ? String(part).padStart(2, '0') : part)).join(':');
}
