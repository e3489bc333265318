// One message: by whom, what, when, and what can be done with it.
import { ExclamationCircleFilled, LoadingOutlined, RollbackOutlined } from '@ant-design/icons';
import { Button, Popconfirm } from 'antd';
import { memo } from 'react';
import { type Message, MessageType } from '../../api/types';
import { discard, retry, revoke } from '../../chat/outbox';
import { PersonAvatar } from '../../components/PersonAvatar';
import { timeOfDay, wholeTime } from '../../components/times';
import { useReport } from '../../hooks/useReport';
import { useTranslate } from '../../hooks/useTranslate';
import { useAppDispatch, useAppSelector } from '../../store';
import type { Outgoing } from '../../store/chatSlice';
import { CallEntry } from './CallEntry';
import { PictureBubble } from './PictureBubble';

interface Props {
  rowKey: string;
  message: Message;
  outgoing: Outgoing | null;
  isHead: boolean;
  me: number;
  senderName: string;
  senderAvatar: string;
  isGroup: boolean;
  canRevoke: boolean;
  onPicture(messageId: number): void;
}

export const MessageItem = memo(function MessageItem(props: Props) {
  const { rowKey, message, outgoing, isHead, me, senderName, isGroup } = props;
  const t = useTranslate();
  const isOwn = message.senderId === me;
  if (message.revoked) {
    return (
      <li className="revoked-line" data-row={rowKey} {...marks(message)} data-state="revoked">
        {isOwn ? t('chat.revokedOwn') : t('chat.revoked', { name: senderName })}
      </li>
    );
  }
  const classes = ['message', isOwn ? 'own' : 'other', isHead ? 'head' : 'tail'];
  return (
    <li className={classes.join(' ')} data-row={rowKey} {...marks(message)} data-state={outgoing?.state ?? 'sent'}>
      <span className="message-avatar">
        {isHead && <PersonAvatar id={message.senderId} name={senderName} avatar={props.senderAvatar} size={36} />}
      </span>
      <div className="message-body">
        {isHead && isGroup && !isOwn && <span className="message-sender">{senderName}</span>}
        <div className="message-line">
          <Content {...props} />
          <Aside message={message} outgoing={outgoing} canRevoke={props.canRevoke} />
        </div>
        {outgoing?.state === 'failed' && <Failed localId={outgoing.localId} />}
      </div>
    </li>
  );
});

const marks = (message: Message) => ({
  'data-testid': 'message',
  'data-message-id': message.messageId,
  'data-type': message.type,
});

function Content({ message, outgoing, senderName, me, onPicture }: Props) {
  const t = useTranslate();
  if (message.type === MessageType.Image) {
    return <PictureBubble message={message} outgoing={outgoing} name={senderName} onOpen={onPicture} />;
  }
  if (message.type === MessageType.Call && message.call) return <CallEntry call={message.call} me={me} />;
  const text = message.type === MessageType.Text ? message.text : t('chat.unknown');
  return (
    <div className="bubble" dir="auto" data-testid="message-text">
      {text}
    </div>
  );
}

/** Beside the bubble: when it was sent, or that it is being sent, and the button that recalls it. */
function Aside({ message, outgoing, canRevoke }: Pick<Props, 'message' | 'outgoing' | 'canRevoke'>) {
  const t = useTranslate();
  const language = useAppSelector((state) => state.settings.language);
  const at = Date.parse(message.createdAt);
  if (outgoing?.state === 'failed') return <ExclamationCircleFilled className="failed-mark" aria-hidden />;
  if (outgoing) return <LoadingOutlined className="message-aside" aria-label={t('chat.sending')} />;
  return (
    <span className="message-aside">
      {canRevoke && <Revoke message={message} />}
      <time dateTime={message.createdAt} title={wholeTime(language, at)}>
        {timeOfDay(language, at)}
      </time>
    </span>
  );
}

function Revoke({ message }: { message: Message }) {
  const t = useTranslate();
  const report = useReport();
  const dispatch = useAppDispatch();
  return (
    <Popconfirm
      title={t('chat.revokeSure')}
      okText={t('chat.revoke')}
      cancelText={t('chat.cancel')}
      okButtonProps={{ 'data-testid': 'confirm-revoke' }}
      onConfirm={() => dispatch(revoke(message)).catch(report)}
    >
      <Button
        className="revoke"
        type="text"
        size="small"
        shape="circle"
        icon={<RollbackOutlined />}
        aria-label={t('chat.revoke')}
        title={t('chat.revoke')}
        data-testid="revoke"
      />
    </Popconfirm>
  );
}

function Failed({ localId }: { localId: string }) {
  const t = useTranslate();
  const dispatch = useAppDispatch();
  return (
    <div className="failed" role="alert">
      {t('chat.notSent')}
      <Button type="link" size="small" onClick={() => void dispatch(retry(localId))} data-testid="retry-send">
        {t('chat.retry')}
      </Button>
      <Button type="link" size="small" danger onClick={() => dispatch(discard(localId))} data-testid="discard">
        {t('chat.discard')}
      </Button>
    </div>
  );
}
