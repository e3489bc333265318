// One contact or group: who it is, the messages, and what one can write.
import { App } from 'antd';
import { type DragEvent, useCallback, useEffect, useRef, useState } from 'react';
import type { Contact } from '../../api/types';
import { toApiError } from '../../api/http';
import { PictureError } from '../../chat/picture';
import { sendPicture, sendText } from '../../chat/outbox';
import { usePageVisible } from '../../hooks/usePageVisible';
import { useReport } from '../../hooks/useReport';
import { useTranslate } from '../../hooks/useTranslate';
import { useAppDispatch } from '../../store';
import { roomLeft } from '../../store/chatSlice';
import { roomHidden, roomShown } from '../../store/unreadSlice';
import { Composer } from './Composer';
import { ConversationHeader } from './ConversationHeader';
import { MessageList } from './MessageList';

export function Conversation({ contact, onBack }: { contact: Contact; onBack(): void }) {
  const t = useTranslate();
  const report = useReport();
  const dispatch = useAppDispatch();
  const { message: toast } = App.useApp();
  const visible = usePageVisible();
  const draft = useRef('');
  const [dropping, setDropping] = useState(false);
  const { roomId } = contact;

  useEffect(() => {
    if (!visible) return undefined;
    dispatch(roomShown(roomId));
    return () => void dispatch(roomHidden(roomId));
  }, [dispatch, roomId, visible]);

  useEffect(() => () => void dispatch(roomLeft({ roomId, draft: draft.current })), [dispatch, roomId]);

  const write = useCallback((text: string) => void dispatch(sendText(contact, text)), [dispatch, contact]);
  const sendFiles = useCallback(
    (files: File[]) => {
      for (const file of files) {
        dispatch(sendPicture(contact, file)).catch((error: unknown) => {
          if (error instanceof PictureError) void toast.error(t(`chat.pictureFault.${error.fault}`));
          else report(toApiError(error));
        });
      }
    },
    [dispatch, contact, toast, t, report],
  );

  const drag = (event: DragEvent, over: boolean) => {
    if (!event.dataTransfer.types.includes('Files')) return;
    event.preventDefault();
    setDropping(over);
  };

  return (
    <div
      className="conversation"
      data-testid="conversation"
      data-room={roomId}
      onDragOver={(event) => drag(event, true)}
      onDragLeave={(event) => drag(event, event.currentTarget.contains(event.relatedTarget as Node | null))}
      onDrop={(event) => {
        drag(event, false);
        sendFiles([...event.dataTransfer.files]);
      }}
    >
      <ConversationHeader contact={contact} onBack={onBack} />
      <MessageList contact={contact} />
      <Composer roomId={roomId} draft={draft} onText={write} onFiles={sendFiles} />
      {dropping && <div className="drop-hint">{t('chat.picturePasted')}</div>}
    </div>
  );
}
