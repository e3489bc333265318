// The dialog that rings. Closed by accepting or rejecting, or from outside: the call ended, or another device took it.
import { PhoneFilled, VideoCameraFilled } from '@ant-design/icons';
import { Button, Modal } from 'antd';
import { useEffect } from 'react';
import { useMatch, useNavigate } from 'react-router-dom';
import * as api from '../api/endpoints';
import { useUserName } from '../hooks/useNames';
import { useReport } from '../hooks/useReport';
import { useTranslate } from '../hooks/useTranslate';
import { useAppDispatch, useAppSelector } from '../store';
import { callSettled } from '../store/callsSlice';
import { PersonAvatar } from './PersonAvatar';
import { ring } from './ringtone';

export function IncomingCall() {
  const t = useTranslate();
  const report = useReport();
  const dispatch = useAppDispatch();
  const navigate = useNavigate();
  const userName = useUserName();
  const call = useAppSelector((state) => state.calls.ringing[0]);
  const contacts = useAppSelector((state) => state.contacts);
  const shown = Number(useMatch('/call/:callId')?.params.callId);
  const callId = call?.callId;

  useEffect(() => (callId === undefined ? undefined : ring()), [callId]);

  if (!call || call.callId === shown) return null;
  const name = userName(call.callerId);
  const groupId = contacts.contacts.find((contact) => contact.roomId === call.roomId)?.groupId ?? 0;
  const group = contacts.groups[groupId]?.name;

  const accept = () => {
    dispatch(callSettled(call.callId));
    navigate(`/call/${call.callId}`);
  };
  const reject = () => {
    dispatch(callSettled(call.callId));
    api.hangupCall(call.callId).catch(report);
  };

  return (
    <Modal open footer={null} closable={false} maskClosable={false} keyboard={false} width={340} centered>
      <div className="incoming" data-testid="incoming-call" role="alertdialog" aria-label={t('incoming.title')}>
        <div className="incoming-pulse">
          <PersonAvatar id={call.callerId} name={name} size={84} />
        </div>
        <h3 data-testid="incoming-from">{t('incoming.from', { name })}</h3>
        {group && <p>{t('incoming.group', { name: group, count: call.members.length })}</p>}
        <div className="incoming-actions">
          <Button
            danger
            type="primary"
            shape="round"
            size="large"
            icon={<PhoneFilled rotate={225} />}
            onClick={reject}
            data-testid="reject-call"
          >
            {t('incoming.reject')}
          </Button>
          <Button
            type="primary"
            shape="round"
            size="large"
            className="accept"
            icon={<VideoCameraFilled />}
            onClick={accept}
            data-testid="accept-call"
          >
            {t('incoming.accept')}
          </Button>
        </div>
      </div>
    </Modal>
  );
}
