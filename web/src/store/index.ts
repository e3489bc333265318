// The store of the client: one slice a subject, no media and no sockets in it.
import { configureStore } from '@reduxjs/toolkit';
import { useDispatch, useSelector } from 'react-redux';
import { connectHttp } from '../api/http';
import { authReducer, keepAuth, loggedOut } from './authSlice';
import { callReducer } from './callSlice';
import { callsReducer } from './callsSlice';
import { chatReducer } from './chatSlice';
import { contactsReducer } from './contactsSlice';
import { feedReducer } from './feedSlice';
import { keepSettings, settingsReducer } from './settingsSlice';
import { keepUnread } from './unreadKept';
import { unreadReducer } from './unreadSlice';
import { usersReducer } from './usersSlice';

export const store = configureStore({
  reducer: {
    auth: authReducer,
    users: usersReducer,
    contacts: contactsReducer,
    chat: chatReducer,
    unread: unreadReducer,
    calls: callsReducer,
    call: callReducer,
    feed: feedReducer,
    settings: settingsReducer,
  },
});

export type RootState = ReturnType<typeof store.getState>;
export type AppDispatch = typeof store.dispatch;
export const useAppDispatch = useDispatch.withTypes<AppDispatch>();
export const useAppSelector = useSelector.withTypes<RootState>();

connectHttp({
  token: () => store.getState().auth.token,
  onLoginLost: () => store.dispatch(loggedOut()),
});

let last = store.getState();
store.subscribe(() => {
  const now = store.getState();
  if (now.auth !== last.auth) keepAuth(now.auth);
  if (now.settings !== last.settings) keepSettings(now.settings);
  if (now.unread !== last.unread) keepUnread(now.auth.userId, now.unread);
  last = now;
});
