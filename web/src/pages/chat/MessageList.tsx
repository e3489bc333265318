// The messages of one conversation. Stays at the newest unless one scrolled away; whatever is put in above, what one
// reads stays where it is.
import { DownOutlined } from '@ant-design/icons';
import { Alert, Badge, Button, Empty, Spin } from 'antd';
import { useCallback, useEffect, useLayoutEffect, useMemo, useState } from 'react';
import type { Contact, Message } from '../../api/types';
import { dayTitle } from '../../components/times';
import { useContactName, useUserName } from '../../hooks/useNames';
import { useNow } from '../../hooks/useNow';
import { useTranslate } from '../../hooks/useTranslate';
import { useAppDispatch, useAppSelector } from '../../store';
import { loadHistory } from '../../store/chatSlice';
import { findMessage } from '../../store/messages';
import { MessageItem } from './MessageItem';
import { PictureViewer } from './PictureViewer';
import { buildRows, cutEarlier, cutLater, type Row, shownPart } from './rows';
import { useAnchoredScroll } from './useAnchoredScroll';
import { useRevocable } from './useRevocable';

const NONE: Message[] = [];
/** Closer to an end of the list than this, more is fetched or shown. */
const NEAR_PX = 400;

export function MessageList({ contact }: { contact: Contact }) {
  const t = useTranslate();
  const dispatch = useAppDispatch();
  const nameOf = useContactName();
  const userName = useUserName();
  const now = useNow();
  const { roomId, contactId } = contact;
  const language = useAppSelector((state) => state.settings.language);
  const me = useAppSelector((state) => state.auth.userId);
  const users = useAppSelector((state) => state.users);
  const room = useAppSelector((state) => state.chat.rooms[roomId]);
  const allOutgoing = useAppSelector((state) => state.chat.outgoing);
  const [cut, setCut] = useState<number | null>(null);
  const [pictureId, setPictureId] = useState(0);

  const messages = room?.messages ?? NONE;
  const outgoing = useMemo(() => allOutgoing.filter((row) => row.roomId === roomId), [allOutgoing, roomId]);
  const rows = useMemo(
    () => buildRows(shownPart(messages, cut), cut === null ? outgoing : [], me),
    [messages, outgoing, cut, me],
  );
  const revocable = useRevocable(messages, me);
  const hasRoom = room !== undefined;
  const hasMore = room?.status === 'ready' && room.hasMore;

  useEffect(() => {
    if (!hasRoom) void dispatch(loadHistory({ contactId, roomId }));
  }, [dispatch, hasRoom, contactId, roomId]);

  const nearTop = useCallback(() => {
    const earlier = cutEarlier(messages, cut);
    if (earlier !== cut) setCut(earlier);
    else if (hasMore) void dispatch(loadHistory({ contactId, roomId }));
  }, [messages, cut, hasMore, dispatch, contactId, roomId]);
  const nearBottom = useCallback(() => {
    if (cut !== null) setCut(cutLater(messages, cut));
  }, [messages, cut]);

  const { box, content, isAway, toBottom } = useAnchoredScroll(rows, cut === null, NEAR_PX, nearTop, nearBottom);
  const goToNewest = useCallback(() => {
    setCut(null);
    toBottom();
  }, [toBottom]);

  // What one sends shows at once, wherever one was reading.
  const lastSent = outgoing.at(-1)?.localId;
  useLayoutEffect(() => {
    if (lastSent) goToNewest();
  }, [lastSent, goToNewest]);

  const picture = findMessage(messages, pictureId);
  const unseen = useUnseen(messages, me, isAway || cut !== null);
  const failed = room?.status === 'failed';
  const retry = () => void dispatch(loadHistory({ contactId, roomId }));

  return (
    <div className="messages-frame">
      <div ref={box} className="messages" tabIndex={0} data-testid="messages" data-ready={room?.started === true}>
        <div ref={content} className="messages-content">
          {room?.status === 'loading' && <Spin className="messages-spin" aria-label={t('chat.loading')} />}
          {failed && (
            <Alert
              type="warning"
              message={t('chat.loadFailed')}
              action={
                <Button size="small" onClick={retry} data-testid="retry-history">
                  {t('chat.retry')}
                </Button>
              }
            />
          )}
          {room?.started && rows.length === 0 && (
            <Empty image={Empty.PRESENTED_IMAGE_SIMPLE} description={t('chat.empty')} />
          )}
          <ol aria-label={t('chat.messages', { name: nameOf(contact) })}>
            {rows.map((row: Row) =>
              row.kind === 'day' ? (
                <li key={row.key} className="day-line">
                  <span>{dayTitle(t, language, row.at, now)}</span>
                </li>
              ) : (
                <MessageItem
                  key={row.key}
                  rowKey={row.key}
                  message={row.message}
                  outgoing={row.outgoing}
                  isHead={row.isHead}
                  me={me}
                  senderName={userName(row.message.senderId)}
                  senderAvatar={users[row.message.senderId]?.avatar ?? ''}
                  isGroup={contact.groupId > 0}
                  canRevoke={revocable.has(row.message.messageId)}
                  onPicture={setPictureId}
                />
              ),
            )}
          </ol>
        </div>
      </div>
      {(isAway || cut !== null) && (
        <Badge count={unseen} className="to-newest" size="small">
          <Button
            shape="circle"
            icon={<DownOutlined />}
            aria-label={t('chat.latest')}
            onClick={goToNewest}
            data-testid="to-newest"
          />
        </Badge>
      )}
      <Announcer messages={messages} me={me} />
      {picture?.image && (
        <PictureViewer message={picture} name={userName(picture.senderId)} onClose={() => setPictureId(0)} />
      )}
    </div>
  );
}

/** How many messages of others came since one scrolled away from the newest. */
function useUnseen(messages: Message[], me: number, isAway: boolean): number {
  const [seenId, setSeenId] = useState(0);
  const newestId = messages.at(-1)?.messageId ?? 0;
  useEffect(() => {
    if (!isAway) setSeenId(newestId);
  }, [isAway, newestId]);
  if (!isAway) return 0;
  return messages.filter((message) => message.messageId > seenId && message.senderId !== me).length;
}

/** Tells a screen reader of new messages, and not of the history that is put in above. */
function Announcer({ messages, me }: { messages: Message[]; me: number }) {
  const userName = useUserName();
  const t = useTranslate();
  const [firstId, setFirstId] = useState<number | null>(null);
  const newest = messages.at(-1);
  useEffect(() => {
    if (firstId === null && newest) setFirstId(newest.messageId);
  }, [firstId, newest]);
  const isNews = newest && firstId !== null && newest.messageId > firstId && newest.senderId !== me;
  return (
    <div className="visually-hidden" aria-live="polite">
      {isNews ? `${userName(newest.senderId)}: ${newest.text || t('chat.lastPicture')}` : ''}
    </div>
  );
}
