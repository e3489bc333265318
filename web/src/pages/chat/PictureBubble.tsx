// A picture in a conversation. Its thumbnail holds the place, in the size of the whole, until it is there.
import { PictureOutlined, ReloadOutlined } from '@ant-design/icons';
import { Button, Progress } from 'antd';
import { useEffect, useState } from 'react';
import { fileUrl } from '../../api/endpoints';
import type { Message } from '../../api/types';
import { uploadLate } from '../../chat/outbox';
import { fitSize, parseThumbnail } from '../../chat/picture';
import { useTranslate } from '../../hooks/useTranslate';
import { useAppDispatch, useAppSelector } from '../../store';
import type { Outgoing } from '../../store/chatSlice';

const MAX = { width: 300, height: 280 };
/** For a picture that came without a thumbnail. */
const UNKNOWN = { width: 200, height: 150 };

interface Props {
  message: Message;
  outgoing: Outgoing | null;
  name: string;
  onOpen(messageId: number): void;
}

export function PictureBubble({ message, outgoing, name, onOpen }: Props) {
  const t = useTranslate();
  const [state, setState] = useState<'loading' | 'shown' | 'gone'>('loading');
  const thumbnail = parseThumbnail(message.thumbnail);
  const size = fitSize(thumbnail ?? UNKNOWN, MAX);

  useEffect(() => setState('loading'), [message.image]);

  return (
    <div
      className="picture"
      style={{ aspectRatio: `${size.width} / ${size.height}`, width: size.width }}
      data-testid="picture"
      data-loaded={state === 'shown'}
    >
      {thumbnail && state !== 'shown' && <img className="picture-thumbnail" src={thumbnail.url} alt="" />}
      {message.image && state !== 'gone' && (
        <button
          type="button"
          className="picture-open"
          aria-label={t('chat.openPicture')}
          onClick={() => onOpen(message.messageId)}
          data-testid="open-picture"
        >
          <img
            src={fileUrl(message.image)}
            alt={t('chat.pictureOf', { name })}
            style={{ opacity: state === 'shown' ? 1 : 0 }}
            onLoad={() => setState('shown')}
            onError={() => setState('gone')}
          />
        </button>
      )}
      {state === 'gone' && (
        <span className="picture-note">
          <PictureOutlined /> {t('chat.pictureGone')}
        </span>
      )}
      <UploadNote message={message} outgoing={outgoing} />
    </div>
  );
}

/** How far the picture is, while it is not there: of one's own by this page, of others that it is still to come. */
function UploadNote({ message, outgoing }: Pick<Props, 'message' | 'outgoing'>) {
  const t = useTranslate();
  const upload = useAppSelector((state) => state.chat.uploads[message.messageId]);
  if (message.image || outgoing?.state === 'failed') return null;
  const way = outgoing ?? upload;
  if (!way) return <span className="picture-note">{t('chat.pictureComing')}</span>;
  const percent = Math.round(way.progress * 100);
  return way.state === 'failed' ? (
    <RetryUpload localId={way.localId} />
  ) : (
    <span className="picture-progress" data-testid="upload-progress">
      <Progress type="circle" size={52} percent={percent} strokeColor="#fff" aria-label={t('chat.uploading', { percent })} />
    </span>
  );
}

function RetryUpload({ localId }: { localId: string }) {
  const t = useTranslate();
  const dispatch = useAppDispatch();
  return (
    <span className="picture-note" role="alert">
      {t('chat.uploadFailed')}
      <Button
        size="small"
        icon={<ReloadOutlined />}
        onClick={() => void dispatch(uploadLate(localId))}
        data-testid="retry-upload"
      >
        {t('chat.retry')}
      </Button>
    </span>
  );
}
