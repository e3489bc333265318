// Where messages are written. Enter sends, Shift+Enter begins a line; pictures are chosen, pasted or dropped.
import { PictureOutlined, SendOutlined } from '@ant-design/icons';
import { Button, Input, type InputRef, Tooltip } from 'antd';
import { type ClipboardEvent, type KeyboardEvent, type MutableRefObject, useEffect, useRef, useState } from 'react';
import { PICTURE_TYPES } from '../../chat/picture';
import { useTranslate } from '../../hooks/useTranslate';
import { store } from '../../store';

/** In UTF-8 this stays below what the server's column takes. */
const TEXT_MAX = 20_000;
const ACCEPTED = Object.keys(PICTURE_TYPES).join(',');

interface Props {
  roomId: number;
  /** What is written and not sent, for whoever keeps it. */
  draft: MutableRefObject<string>;
  onText(text: string): void;
  onFiles(files: File[]): void;
}

export function Composer({ roomId, draft, onText, onFiles }: Props) {
  const t = useTranslate();
  const [text, setText] = useState(() => store.getState().chat.drafts[roomId] ?? '');
  const area = useRef<InputRef>(null);
  const files = useRef<HTMLInputElement>(null);
  const isEmpty = text.trim() === '';

  useEffect(() => {
    draft.current = text;
  }, [draft, text]);

  useEffect(() => {
    // On a phone this would bring up the keyboard over the messages.
    if (matchMedia('(hover: hover)').matches) area.current?.focus();
  }, []);

  function send() {
    if (isEmpty) return;
    onText(text.trim());
    setText('');
  }

  function pressed(event: KeyboardEvent) {
    // While an input method composes, Enter belongs to it.
    if (event.key !== 'Enter' || event.shiftKey || event.nativeEvent.isComposing) return;
    event.preventDefault();
    send();
  }

  function pasted(event: ClipboardEvent) {
    const pictures = [...event.clipboardData.files].filter((file) => PICTURE_TYPES[file.type]);
    if (pictures.length === 0) return;
    event.preventDefault();
    onFiles(pictures);
  }

  return (
    <div className="composer">
      <input
        ref={files}
        type="file"
        accept={ACCEPTED}
        multiple
        hidden
        onChange={(event) => {
          onFiles([...(event.target.files ?? [])]);
          event.target.value = '';
        }}
        data-testid="picture-input"
      />
      <Tooltip title={t('chat.picture')}>
        <Button
          type="text"
          size="large"
          shape="circle"
          icon={<PictureOutlined />}
          aria-label={t('chat.picture')}
          onClick={() => files.current?.click()}
          data-testid="choose-picture"
        />
      </Tooltip>
      <Input.TextArea
        ref={area}
        value={text}
        autoSize={{ minRows: 1, maxRows: 6 }}
        maxLength={TEXT_MAX}
        placeholder={t('chat.write')}
        aria-label={t('chat.write')}
        onChange={(event) => setText(event.target.value)}
        onKeyDown={pressed}
        onPaste={pasted}
        data-testid="message-input"
      />
      <Button
        type="primary"
        size="large"
        shape="circle"
        icon={<SendOutlined />}
        disabled={isEmpty}
        aria-label={t('chat.send')}
        onClick={send}
        data-testid="send-message"
      />
    </div>
  );
}
