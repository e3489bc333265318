// One's own name and picture, the sound of this browser, and the way to a new password.
import { LockOutlined } from '@ant-design/icons';
import { Button, Form, Input, Switch } from 'antd';
import { useEffect, useState } from 'react';
import * as api from '../../api/endpoints';
import { AvatarPicker } from '../../components/AvatarPicker';
import { FormDialog } from '../../components/FormDialog';
import { useReport } from '../../hooks/useReport';
import { useTranslate } from '../../hooks/useTranslate';
import { useAppDispatch, useAppSelector } from '../../store';
import { soundChosen } from '../../store/settingsSlice';
import { usersSeen } from '../../store/usersSlice';

interface Props {
  open: boolean;
  onClose(): void;
  onPassword(): void;
}

export function ProfileDialog({ open, onClose, onPassword }: Props) {
  const t = useTranslate();
  const report = useReport();
  const dispatch = useAppDispatch();
  const user = useAppSelector((state) => state.users[state.auth.userId]);
  const sound = useAppSelector((state) => state.settings.sound);
  const [form] = Form.useForm<{ nickname: string }>();
  const [avatar, setAvatar] = useState('');
  const [busy, setBusy] = useState(false);

  useEffect(() => {
    if (open) setAvatar(user?.avatar ?? '');
  }, [open, user]);

  async function save({ nickname }: { nickname: string }) {
    if (!user) return;
    setBusy(true);
    try {
      await api.updateProfile(nickname.trim(), avatar);
      dispatch(usersSeen([{ ...user, nickname: nickname.trim(), avatar }]));
      onClose();
    } catch (error) {
      report(error);
    } finally {
      setBusy(false);
    }
  }

  return (
    <FormDialog
      open={open}
      onClose={onClose}
      onSubmit={form.submit}
      busy={busy}
      title={t('profile.title')}
      okText={t('profile.save')}
      okId="save-profile"
    >
      <AvatarPicker id={user?.userId ?? 0} name={user?.nickname ?? ''} avatar={avatar} onChange={setAvatar} />
      <Form
        form={form}
        layout="vertical"
        preserve={false}
        requiredMark={false}
        initialValues={{ nickname: user?.nickname }}
        onFinish={save}
      >
        <Form.Item
          name="nickname"
          label={t('auth.nickname')}
          rules={[{ required: true, whitespace: true, max: 20, message: t('auth.ruleNickname') }]}
        >
          <Input maxLength={20} data-testid="profile-nickname" />
        </Form.Item>
      </Form>
      <label className="setting">
        {t('profile.sound')}
        <Switch checked={sound} onChange={(on) => dispatch(soundChosen(on))} data-testid="sound-switch" />
      </label>
      <Button icon={<LockOutlined />} onClick={onPassword} data-testid="change-password">
        {t('profile.password')}
      </Button>
    </FormDialog>
  );
}
