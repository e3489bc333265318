// A call in a conversation: how it goes or went, and the way (back) into it while it lives.
import { PhoneFilled, VideoCameraFilled } from '@ant-design/icons';
import { Button } from 'antd';
import { useNavigate } from 'react-router-dom';
import { type Call, CallStatus } from '../../api/types';
import { useTranslate } from '../../hooks/useTranslate';
import { callText, canJoin } from './callText';

export function CallEntry({ call, me }: { call: Call; me: number }) {
  const t = useTranslate();
  const navigate = useNavigate();
  const isOver = call.status === CallStatus.End;
  return (
    <div
      className={isOver ? 'bubble call-entry' : 'bubble call-entry live'}
      data-testid="call-entry"
      data-status={call.status}
      data-reason={call.endReason}
    >
      <span className="call-icon" aria-hidden>
        {isOver ? <PhoneFilled rotate={135} /> : <VideoCameraFilled />}
      </span>
      <span>{callText(t, call)}</span>
      {canJoin(call, me) && (
        <Button
          type="primary"
          size="small"
          shape="round"
          onClick={() => navigate(`/call/${call.callId}`)}
          data-testid="join-call"
        >
          {t('chat.call.join')}
        </Button>
      )}
    </div>
  );
}
