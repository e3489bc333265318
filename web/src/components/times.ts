// Points in time as people read them, in the language that is set and this machine's time zone.
import type { Language, Translate } from '../i18n';

const DAY_MS = 24 * 60 * 60 * 1_000;
const LOCALES: Record<Language, string> = { en: 'en-GB', zh: 'zh-CN' };

const formats = new Map<string, Intl.DateTimeFormat>();

function format(language: Language, options: Intl.DateTimeFormatOptions, at: number): string {
  const key = `${language} ${JSON.stringify(options)}`;
  let found = formats.get(key);
  if (!found) formats.set(key, (found = new Intl.DateTimeFormat(LOCALES[language], options)));
  return found.format(at);
}

/** Midnight of the day, as ms. */
export function startOfDay(at: number): number {
  const date = new Date(at);
  date.setHours(0, 0, 0, 0);
  return date.getTime();
}

/** How many midnights lie between; rounding makes up for days of 23 and 25 hours. */
const daysAgo = (at: number, now: number) => Math.round((startOfDay(now) - startOfDay(at)) / DAY_MS);

export const timeOfDay = (language: Language, at: number) =>
  format(language, { hour: '2-digit', minute: '2-digit', hourCycle: 'h23' }, at);

/** For a line above the messages of one day. */
export function dayTitle(t: Translate, language: Language, at: number, now: number): string {
  const ago = daysAgo(at, now);
  if (ago === 0) return t('chat.today');
  if (ago === 1) return t('chat.yesterday');
  const year = new Date(at).getFullYear() === new Date(now).getFullYear() ? {} : { year: 'numeric' as const };
  return format(language, { weekday: 'long', day: 'numeric', month: 'long', ...year }, at);
}

/** As short as a list needs it. */
export function shortTime(t: Translate, language: Language, at: number, now: number): string {
  const ago = daysAgo(at, now);
  if (ago <= 0) return timeOfDay(language, at);
  if (ago === 1) return t('chat.yesterday');
  if (ago < 7) return format(language, { weekday: 'short' }, at);
  const year = new Date(at).getFullYear() === new Date(now).getFullYear() ? {} : { year: '2-digit' as const };
  return format(language, { day: 'numeric', month: 'numeric', ...year }, at);
}

export const wholeTime = (language: Language, at: number) =>
  format(language, { dateStyle: 'full', timeStyle: 'medium' }, at);
