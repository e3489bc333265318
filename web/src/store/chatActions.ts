// What several slices take note of when messages come.
import { createAction } from '@reduxjs/toolkit';
import type { Message } from '../api/types';

/** A notification. `now` is this machine's time in ms. */
export const messageArrived = createAction<{ message: Message; isNew: boolean; me: number; now: number }>(
  'chat/messageArrived',
);

/** Messages of deliveries that this page missed, each in its present state, ascending by delivery. */
export const messagesCaughtUp = createAction<{ messages: Message[]; me: number }>('chat/messagesCaughtUp');

/** The server's answer to a message sent here, or a change of an own one that was just granted. */
export const messageSent = createAction<Message>('chat/messageSent');

/** Too much was missed to catch up: rooms load their history anew. */
export const historyForgotten = createAction('chat/historyForgotten');
