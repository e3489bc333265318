// Who is logged in. Kept in localStorage, so that a reload or a new tab goes on.
import { createSlice, type PayloadAction } from '@reduxjs/toolkit';
import type { LoginResult } from '../api/types';
import { forget, keep, readKept } from './storage';

export interface AuthState {
  token: string;
  userId: number;
}

const TOKEN = 'token';
const USER_ID = 'loginUserId';

function stored(): AuthState {
  const token = readKept(TOKEN) ?? '';
  const userId = Number(readKept(USER_ID) ?? 0);
  return token && userId > 0 ? { token, userId } : { token: '', userId: 0 };
}

/** Called by the store on every change of the login. */
export function keepAuth(auth: AuthState): void {
  if (auth.token) {
    keep(TOKEN, auth.token);
    keep(USER_ID, String(auth.userId));
  } else {
    forget(TOKEN);
    forget(USER_ID);
  }
}

const authSlice = createSlice({
  name: 'auth',
  initialState: stored,
  reducers: {
    loggedIn: (_, action: PayloadAction<LoginResult>) => ({
      token: action.payload.token,
      userId: action.payload.userId,
    }),
    /** All other slices empty themselves on this action. */
    loggedOut: () => ({ token: '', userId: 0 }),
  },
});

export const { loggedIn, loggedOut } = authSlice.actions;
export const authReducer = authSlice.reducer;
