// Theme, language, routes, and what lives as long as a login: the notification feed and the incoming-call dialog.
import { App, ConfigProvider } from 'antd';
import enUS from 'antd/locale/en_US';
import zhCN from 'antd/locale/zh_CN';
import { useEffect } from 'react';
import { Navigate, Outlet, Route, Routes, useLocation } from 'react-router-dom';
import { forgetFiles } from './chat/outbox';
import { IncomingCall } from './components/IncomingCall';
import { NewMessages } from './components/NewMessages';
import { startFeed } from './notification/feed';
import { AuthPage } from './pages/AuthPage';
import { CallPage } from './pages/call/CallPage';
import { HomePage } from './pages/home/HomePage';
import { NotFoundPage } from './pages/NotFoundPage';
import { useAppDispatch, useAppSelector } from './store';

const theme = { token: { colorPrimary: '#1d5bd6', colorTextPlaceholder: '#7b8494', borderRadius: 8 } };

export function AppShell() {
  const language = useAppSelector((state) => state.settings.language);
  useEffect(() => {
    document.documentElement.lang = language;
  }, [language]);
  return (
    <ConfigProvider theme={theme} locale={language === 'zh' ? zhCN : enUS}>
      <App>
        <Routes>
          <Route element={<OnlyGuests />}>
            <Route path="/login" element={<AuthPage key="login" mode="login" />} />
            <Route path="/register" element={<AuthPage key="register" mode="register" />} />
          </Route>
          <Route element={<OnlyMembers />}>
            <Route path="/" element={<HomePage />} />
            <Route path="/contact/:contactId" element={<HomePage />} />
            <Route path="/call/:callId" element={<CallPage />} />
            <Route path="*" element={<NotFoundPage />} />
          </Route>
        </Routes>
      </App>
    </ConfigProvider>
  );
}

function OnlyGuests() {
  const auth = useAppSelector((state) => state.auth);
  const from = (useLocation().state as { from?: string } | null)?.from ?? '/';
  return auth.token ? <Navigate to={from} replace /> : <Outlet />;
}

function OnlyMembers() {
  const auth = useAppSelector((state) => state.auth);
  const dispatch = useAppDispatch();
  const { pathname } = useLocation();
  useEffect(() => {
    if (!auth.token) return undefined;
    const stop = startFeed(auth, dispatch);
    return () => {
      stop();
      forgetFiles();
    };
  }, [auth, dispatch]);
  if (!auth.token) return <Navigate to="/login" replace state={{ from: pathname }} />;
  return (
    <>
      <Outlet />
      <IncomingCall />
      <NewMessages />
    </>
  );
}
