// Choose a picture of oneself: cut to a square, made small, uploaded at once.
import { CameraOutlined } from '@ant-design/icons';
import { App, Spin } from 'antd';
import { useRef, useState } from 'react';
import * as api from '../api/endpoints';
import { makeAvatar, PICTURE_TYPES, PictureError, pictureName } from '../chat/picture';
import { useReport } from '../hooks/useReport';
import { useTranslate } from '../hooks/useTranslate';
import { PersonAvatar } from './PersonAvatar';

interface Props {
  id: number;
  name: string;
  avatar: string;
  /** Gets the stored path. */
  onChange(avatar: string): void;
}

export function AvatarPicker({ id, name, avatar, onChange }: Props) {
  const t = useTranslate();
  const report = useReport();
  const { message: toast } = App.useApp();
  const input = useRef<HTMLInputElement>(null);
  const [busy, setBusy] = useState(false);

  async function choose(file: File | undefined) {
    if (!file) return;
    setBusy(true);
    try {
      const small = await makeAvatar(file);
      onChange(await api.uploadFile(small, pictureName(small)));
    } catch (error) {
      if (error instanceof PictureError) void toast.error(t(`chat.pictureFault.${error.fault}`));
      else report(error);
    } finally {
      setBusy(false);
    }
  }

  return (
    <div className="avatar-picker">
      <button
        type="button"
        aria-label={t('profile.avatar')}
        title={t('profile.avatar')}
        onClick={() => input.current?.click()}
        data-testid="choose-avatar"
        data-avatar={avatar}
      >
        <PersonAvatar id={id} name={name} avatar={avatar} size={76} />
        <span className="avatar-mark" aria-hidden>
          {busy ? <Spin size="small" /> : <CameraOutlined />}
        </span>
      </button>
      <input
        ref={input}
        type="file"
        hidden
        accept={Object.keys(PICTURE_TYPES).join(',')}
        onChange={(event) => {
          void choose(event.target.files?.[0]);
          event.target.value = '';
        }}
        data-testid="avatar-input"
      />
    </div>
  );
}
