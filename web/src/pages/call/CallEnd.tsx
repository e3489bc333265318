import { PhoneFilled } from '@ant-design/icons';
import { Button, Result } from 'antd';
import { useNavigate } from 'react-router-dom';
import { duration } from '../../components/layout';
import { useTranslate } from '../../hooks/useTranslate';
import { isTextKey } from '../../i18n';
import { useAppSelector } from '../../store';

/** Endings after which the call itself may go on without this page. */
const MAY_JOIN_AGAIN = ['replaced', 'full'];

export function CallEnd({ onAgain }: { onAgain(): void }) {
  const t = useTranslate();
  const navigate = useNavigate();
  const { ending, startTime, endedAt } = useAppSelector((state) => state.call);
  const key = `end.${ending}`;
  const lasted = startTime && endedAt ? duration((endedAt - Date.parse(startTime)) / 1_000) : '';
  return (
    <div className="call-end" data-testid="call-end" data-reason={String(ending)}>
      <Result
        icon={<PhoneFilled rotate={135} />}
        title={t('end.title')}
        subTitle={[isTextKey(key) ? t(key) : '', lasted && t('end.lasted', { time: lasted })].filter(Boolean).join(' ')}
        extra={[
          <Button key="home" type="primary" onClick={() => navigate('/')} data-testid="back-home">
            {t('app.back')}
          </Button>,
          MAY_JOIN_AGAIN.includes(String(ending)) && (
            <Button key="again" onClick={onAgain} data-testid="join-again">
              {t('end.again')}
            </Button>
          ),
        ]}
      />
    </div>
  );
}
