import { GlobalOutlined } from '@ant-design/icons';
import { Select } from 'antd';
import { useTranslate } from '../hooks/useTranslate';
import { languages } from '../i18n';
import { useAppDispatch, useAppSelector } from '../store';
import { languageChosen } from '../store/settingsSlice';

export function LanguageSwitch() {
  const t = useTranslate();
  const language = useAppSelector((state) => state.settings.language);
  const dispatch = useAppDispatch();
  return (
    <Select
      value={language}
      options={languages}
      onChange={(value) => dispatch(languageChosen(value))}
      suffixIcon={<GlobalOutlined />}
      variant="borderless"
      popupMatchSelectWidth={false}
      aria-label={t('app.language')}
      data-testid="language"
    />
  );
}
