import { useCallback } from 'react';
import { translate, type Translate } from '../i18n';
import { useAppSelector } from '../store';

/** The texts of the language that is set. */
export function useTranslate(): Translate {
  const language = useAppSelector((state) => state.settings.language);
  return useCallback((key, values) => translate(language, key, values), [language]);
}
