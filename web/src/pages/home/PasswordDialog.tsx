// A new password for oneself. The server then ends all other logins; this one stays.
import { App, Form, Input } from 'antd';
import { useState } from 'react';
import * as api from '../../api/endpoints';
import { CODE_INVALID, CODE_WRONG_PASSWORD, toApiError } from '../../api/http';
import { FormDialog } from '../../components/FormDialog';
import { useReport, useSentence } from '../../hooks/useReport';
import { useTranslate } from '../../hooks/useTranslate';
import { useAppSelector } from '../../store';

interface Fields {
  oldPassword: string;
  newPassword: string;
  repeated: string;
}

export function PasswordDialog({ open, onClose }: { open: boolean; onClose(): void }) {
  const t = useTranslate();
  const report = useReport();
  const sentence = useSentence();
  const { message: toast } = App.useApp();
  const username = useAppSelector((state) => state.users[state.auth.userId]?.username);
  const [form] = Form.useForm<Fields>();
  const [busy, setBusy] = useState(false);

  async function change({ oldPassword, newPassword }: Fields) {
    setBusy(true);
    try {
      await api.changePassword(oldPassword, newPassword);
      void toast.success(t('password.changed'));
      onClose();
    } catch (error) {
      refused(error);
    } finally {
      setBusy(false);
    }
  }

  /** At the field that it is about, if it is about one. */
  function refused(error: unknown) {
    const { code } = toApiError(error);
    if (code === CODE_WRONG_PASSWORD) {
      form.setFields([{ name: 'oldPassword', errors: [sentence(error, 'password.wrong')] }]);
    } else if (code === CODE_INVALID) {
      form.setFields([{ name: 'newPassword', errors: [sentence(error, 'auth.rulePassword')] }]);
    } else {
      report(error);
    }
  }

  const isNew = [{ required: true, min: 6, max: 20, message: t('auth.rulePassword') }];
  const isSame = ({ getFieldValue }: { getFieldValue(name: string): unknown }) => ({
    validator: async (_: unknown, value: unknown) => {
      if (value !== getFieldValue('newPassword')) throw new Error(t('password.differs'));
    },
  });

  return (
    <FormDialog
      open={open}
      onClose={onClose}
      onSubmit={form.submit}
      busy={busy}
      title={t('password.title')}
      okText={t('password.save')}
      okId="save-password"
    >
      <Form<Fields>
        form={form}
        layout="vertical"
        preserve={false}
        requiredMark={false}
        onFinish={change}
        data-testid="password-form"
      >
        {/* Tells a password manager whose password it is. */}
        <input hidden readOnly autoComplete="username" value={username ?? ''} />
        <Form.Item
          name="oldPassword"
          label={t('password.old')}
          rules={[{ required: true, message: t('password.needOld') }]}
        >
          <Input.Password autoFocus autoComplete="current-password" data-testid="old-password" />
        </Form.Item>
        <Form.Item name="newPassword" label={t('password.new')} rules={isNew}>
          <Input.Password autoComplete="new-password" maxLength={20} data-testid="new-password" />
        </Form.Item>
        <Form.Item name="repeated" label={t('password.repeat')} dependencies={['newPassword']} rules={[isSame]}>
          <Input.Password
            autoComplete="new-password"
            maxLength={20}
            onPressEnter={form.submit}
            data-testid="repeat-password"
          />
        </Form.Item>
      </Form>
      <p className="dialog-note">{t('password.note')}</p>
    </FormDialog>
  );
}
