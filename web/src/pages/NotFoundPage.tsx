import { Button, Result } from 'antd';
import { useNavigate } from 'react-router-dom';
import { useTranslate } from '../hooks/useTranslate';

export function NotFoundPage() {
  const t = useTranslate();
  const navigate = useNavigate();
  return (
    <Result
      status="404"
      title={t('app.notFound')}
      extra={
        <Button type="primary" onClick={() => navigate('/')}>
          {t('app.back')}
        </Button>
      }
    />
  );
}
