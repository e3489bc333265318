// Texts of the client by language. A key that one language lacks does not compile.
import { en } from './en';
import { zh } from './zh';

export type Language = 'en' | 'zh';
export type TextKey = keyof typeof en;
export type Translate = (key: TextKey, values?: Record<string, string | number>) => string;

const tables: Record<Language, Record<TextKey, string>> = { en, zh };

export const languages: { value: Language; label: string }[] = [
  { value: 'en', label: 'English' },
  { value: 'zh', label: '中文' },
];

export function translate(language: Language, key: TextKey, values: Record<string, string | number> = {}): string {
  return tables[language][key].replace(/\{(\w+)\}/g, (whole, name: string) => String(values[name] ?? whole));
}

/** What was chosen before, else the first of the browser's languages that we have, else English. */
export function guessLanguage(chosen: string | null, preferred: readonly string[]): Language {
  if (chosen === 'en' || chosen === 'zh') return chosen;
  for (const tag of preferred) {
    const language = tag.slice(0, 2).toLowerCase();
    if (language === 'en' || language === 'zh') return language;
  }
  return 'en';
}

export function isTextKey(key: string): key is TextKey {
  return Object.hasOwn(en, key);
}
