// Names and pictures of users, fetched in batches when somebody needs them.
import { createAsyncThunk, createSlice, type PayloadAction } from '@reduxjs/toolkit';
import * as api from '../api/endpoints';
import type { User } from '../api/types';
import { loggedOut } from './authSlice';
import type { RootState } from './index';

type UsersState = Record<number, User>;

/** Fetches those of `userIds` that are not known yet. */
export const fetchUsers = createAsyncThunk('users/fetch', async (userIds: number[], { getState }) => {
  const known = (getState() as RootState).users;
  const missing = [...new Set(userIds)].filter((id) => id > 0 && !known[id]);
  if (missing.length === 0) return [];
  return (await api.userInfos(missing)).filter((user): user is User => user !== null);
});

const usersSlice = createSlice({
  name: 'users',
  initialState: {} as UsersState,
  reducers: {
    usersSeen: (state, action: PayloadAction<User[]>) => {
      for (const user of action.payload) state[user.userId] = user;
    },
  },
  extraReducers: (builder) =>
    builder
      .addCase(fetchUsers.fulfilled, (state, action) => {
        for (const user of action.payload) state[user.userId] = user;
      })
      .addCase(loggedOut, () => ({})),
});

export const { usersSeen } = usersSlice.actions;
export const usersReducer = usersSlice.reducer;
