import { App } from 'antd';
import { useCallback } from 'react';
import { toApiError } from '../api/http';
import { isTextKey, type TextKey } from '../i18n';
import { useAppSelector } from '../store';
import { useTranslate } from './useTranslate';

/** What to say of a failed request. The server's own sentences are Chinese, so other languages use our texts: that of the
 * error's code, or `own` where it can be said more closely. */
export function useSentence(): (error: unknown, own?: TextKey) => string {
  const t = useTranslate();
  const language = useAppSelector((state) => state.settings.language);
  return useCallback(
    (error, own) => {
      const { code, message: sentence } = toApiError(error);
      if (language === 'zh' && code > 0 && sentence) return sentence;
      const key = own ?? `error.${code}`;
      return isTextKey(key) ? t(key) : sentence || t('error.500');
    },
    [t, language],
  );
}

/** Shows a failed request to the person. */
export function useReport(): (error: unknown) => void {
  const { message } = App.useApp();
  const sentence = useSentence();
  return useCallback((error) => void message.error(sentence(error)), [message, sentence]);
}
