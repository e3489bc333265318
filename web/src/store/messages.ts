// Messages as lists: ascending by id, each once. The same message comes several times and by several ways (answer,
// notification, sync, history), older states also after newer ones.
import { type Message, MessageType } from '../api/types';

const REVOKED = 100;

/** How far a message has come. It only ever goes forward: calls to their end, pictures to their upload, all to revoked. */
function stage(message: Message): number {
  if (message.revoked) return REVOKED;
  if (message.call) return message.call.status;
  return message.image ? 1 : 0;
}

/** One message of two states of it. */
export function mergeMessage(held: Message, incoming: Message): Message {
  const further = stage(incoming) >= stage(held) ? incoming : held;
  return { ...further, localId: held.localId || incoming.localId, createdAt: held.createdAt };
}

/** The index of the first message with an id of at least `messageId`. */
export function indexOfMessage(messages: Message[], messageId: number): number {
  let [low, high] = [0, messages.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((messages[middle]?.messageId ?? 0) < messageId) low = middle + 1;
    else high = middle;
  }
  return low;
}

export function findMessage(messages: Message[], messageId: number): Message | undefined {
  const found = messages[indexOfMessage(messages, messageId)];
  return found?.messageId === messageId ? found : undefined;
}

/** Puts one message into a list, in place. */
export function putMessage(messages: Message[], incoming: Message): void {
  const index = indexOfMessage(messages, incoming.messageId);
  const held = messages[index];
  if (held?.messageId === incoming.messageId) messages[index] = mergeMessage(held, incoming);
  else messages.splice(index, 0, incoming);
}

/** The message as everybody has it after it was revoked. */
export const asRevoked = (message: Message): Message => ({
  ...message,
  text: '',
  image: '',
  thumbnail: '',
  revoked: true,
});

// The server's words for a last message that is no text (part of its interface); pages show them in their language.
export const SUMMARY_REVOKED = '[消息已撤回]';
export const SUMMARY_PICTURE = '[图片]';
export const SUMMARY_CALL = '[通话]';
const SUMMARY_MAX = 20;

/** What a contact shows of its last message, as the server says it. */
export function summaryOf(message: Message): string {
  if (message.revoked) return SUMMARY_REVOKED;
  if (message.type === MessageType.Image) return SUMMARY_PICTURE;
  if (message.type === MessageType.Call) return SUMMARY_CALL;
  const characters = [...message.text];
  return characters.length >= SUMMARY_MAX ? `${characters.slice(0, SUMMARY_MAX).join('')}...` : message.text;
}
