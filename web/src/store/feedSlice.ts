// Whether the notification socket is up: the pages say so when it is not.
import { createSlice, type PayloadAction } from '@reduxjs/toolkit';
import { loggedOut } from './authSlice';

export type FeedState = 'connecting' | 'connected' | 'reconnecting';

const feedSlice = createSlice({
  name: 'feed',
  initialState: 'connecting' as FeedState,
  reducers: { feedChanged: (_, action: PayloadAction<FeedState>) => action.payload },
  extraReducers: (builder) => builder.addCase(loggedOut, () => 'connecting' as FeedState),
});

export const { feedChanged } = feedSlice.actions;
export const feedReducer = feedSlice.reducer;
