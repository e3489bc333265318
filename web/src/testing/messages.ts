// Messages for unit tests: whole objects of a few facts.
import { type Contact, type Message, MessageType } from '../api/types';

const BASE_MS = Date.parse('2026-11-23T11:00:00Z');

/** Ids grow with time: one second each. */
export function aMessage(messageId: number, fields: Partial<Message> = {}): Message {
  const at = new Date(BASE_MS + messageId * 1_000).toISOString();
  return {
    messageId,
    roomId: 5,
    senderId: 20,
    type: MessageType.Text,
    text: `text ${messageId}`,
    image: '',
    thumbnail: '',
    callId: 0,
    revoked: false,
    createdAt: at,
    updatedAt: at,
    call: null,
    localId: '',
    deliveryId: 0,
    ...fields,
  };
}

export function aCall(messageId: number, status: number, fields: Partial<Message['call']> = {}): Message {
  const call = {
    callId: 7,
    callerId: 20,
    messageId,
    members: '[20,19]',
    status,
    startTime: null,
    endTime: null,
    endReason: 0,
    createdAt: '',
    updatedAt: '',
    handled: true,
    ...fields,
  };
  return aMessage(messageId, { type: MessageType.Call, text: '', callId: 7, call });
}

export function aContact(contactId: number, fields: Partial<Contact> = {}): Contact {
  return {
    contactId,
    ownerId: 19,
    userId: 20,
    groupId: 0,
    roomId: 5,
    status: 1,
    lastMessageId: 0,
    lastMessageTime: null,
    lastMessageContent: '',
    createdAt: '2026-11-23T10:00:00Z',
    updatedAt: '2026-11-23T10:00:00Z',
    ...fields,
  };
}

export const range = (from: number, to: number) => Array.from({ length: to - from + 1 }, (_, index) => from + index);
