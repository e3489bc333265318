// A picture over the whole window. The browser's own dialog keeps the focus and closes on Escape.
import { CloseOutlined } from '@ant-design/icons';
import { Button } from 'antd';
import { useEffect, useRef } from 'react';
import { fileUrl } from '../../api/endpoints';
import type { Message } from '../../api/types';
import { useTranslate } from '../../hooks/useTranslate';

export function PictureViewer({ message, name, onClose }: { message: Message; name: string; onClose(): void }) {
  const t = useTranslate();
  const dialog = useRef<HTMLDialogElement>(null);
  useEffect(() => dialog.current?.showModal(), []);
  const label = t('chat.pictureOf', { name });
  return (
    <dialog ref={dialog} className="viewer" aria-label={label} onClose={onClose} onClick={onClose} data-testid="viewer">
      <img src={fileUrl(message.image)} alt={label} onClick={(event) => event.stopPropagation()} />
      <Button
        shape="circle"
        size="large"
        icon={<CloseOutlined />}
        aria-label={t('chat.closePicture')}
        onClick={onClose}
        data-testid="close-viewer"
      />
    </dialog>
  );
}
