// Login and registration: one form, the latter with one more field.
import { LockOutlined, SmileOutlined, UserOutlined } from '@ant-design/icons';
import { Button, Card, Form, Input, Typography } from 'antd';
import { useState } from 'react';
import { Link, useLocation } from 'react-router-dom';
import * as api from '../api/endpoints';
import { AvatarPicker } from '../components/AvatarPicker';
import { LanguageSwitch } from '../components/LanguageSwitch';
import { useReport } from '../hooks/useReport';
import { useTranslate } from '../hooks/useTranslate';
import { useAppDispatch } from '../store';
import { loggedIn } from '../store/authSlice';

interface Fields {
  username: string;
  password: string;
  nickname: string;
}

export function AuthPage({ mode }: { mode: 'login' | 'register' }) {
  const t = useTranslate();
  const report = useReport();
  const dispatch = useAppDispatch();
  const { state } = useLocation();
  const [busy, setBusy] = useState(false);
  const [avatar, setAvatar] = useState('');
  const registering = mode === 'register';

  async function submit({ username, password, nickname }: Fields) {
    setBusy(true);
    try {
      const result = registering
        ? await api.register({ username, password, nickname, avatar })
        : await api.login(username, password);
      dispatch(loggedIn(result));
    } catch (error) {
      report(error);
      setBusy(false);
    }
  }

  const rule = (min: number, max: number, text: string, always: boolean) =>
    always ? [{ required: true, min, max, message: text }] : [{ required: true, message: text }];

  return (
    <main className="auth-page">
      <div className="auth-language">
        <LanguageSwitch />
      </div>
      <Card className="auth-card">
        <div className="brand">
          <img src="/icon.svg" alt="" width={44} height={44} />
          <div>
            <Typography.Title level={3}>ichat</Typography.Title>
            <Typography.Text type="secondary">{t('app.tagline')}</Typography.Text>
          </div>
        </div>
        <Form<Fields> layout="vertical" requiredMark={false} onFinish={submit} data-testid={`${mode}-form`}>
          {registering && <AvatarPicker id={0} name="+" avatar={avatar} onChange={setAvatar} />}
          <Form.Item
            name="username"
            label={t('auth.username')}
            rules={rule(2, 20, t('auth.ruleUsername'), registering)}
          >
            <Input prefix={<UserOutlined />} autoComplete="username" autoFocus maxLength={20} data-testid="username" />
          </Form.Item>
          {registering && (
            <Form.Item name="nickname" label={t('auth.nickname')} rules={rule(1, 20, t('auth.ruleNickname'), true)}>
              <Input prefix={<SmileOutlined />} autoComplete="nickname" maxLength={20} data-testid="nickname" />
            </Form.Item>
          )}
          <Form.Item
            name="password"
            label={t('auth.password')}
            rules={rule(6, 20, t('auth.rulePassword'), registering)}
          >
            <Input.Password
              prefix={<LockOutlined />}
              autoComplete={registering ? 'new-password' : 'current-password'}
              maxLength={20}
              data-testid="password"
            />
          </Form.Item>
          <Button type="primary" htmlType="submit" block size="large" loading={busy} data-testid="submit">
            {t(registering ? 'auth.register' : 'auth.login')}
          </Button>
        </Form>
        <Typography.Paragraph className="auth-other">
          {t(registering ? 'auth.haveAccount' : 'auth.noAccount')}{' '}
          <Link to={registering ? '/login' : '/register'} state={state} data-testid="other-form">
            {t(registering ? 'auth.login' : 'auth.register')}
          </Link>
        </Typography.Paragraph>
      </Card>
    </main>
  );
}
