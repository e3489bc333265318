import { App } from 'antd';
import { useCallback } from 'react';
import { toApiError } from '../api/http';
import { isTextKey } from '../i18n';
import { useAppSelector } from '../store';
import { useTranslate } from './useTranslate';

/** Shows a failed request to the person. The server's own sentences are Chinese, so other languages use our texts. */
export function useReport(): (error: unknown) => void {
  const { message } = App.useApp();
  const t = useTranslate();
  const language = useAppSelector((state) => state.settings.language);
  return useCallback(
    (error) => {
      const { code, message: sentence } = toApiError(error);
      const key = `error.${code}`;
      const own = isTextKey(key) ? t(key) : sentence || t('error.500');
      void message.error(language === 'zh' && code > 0 && sentence ? sentence : own);
    },
    [message, t, language],
  );
}
