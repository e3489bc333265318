import { beforeEach, expect, test, vi } from 'vitest';
import '../testing/browser';
import type { Message } from '../api/types';
import { ApiError, NETWORK_ERROR } from '../api/http';
import { aContact, aMessage } from '../testing/messages';

const THUMBNAIL = '800x600;data:image/jpeg;base64,AAAA';

vi.mock('../api/endpoints', () => ({
  sendMessage: vi.fn(),
  listMessages: vi.fn(),
  uploadFile: vi.fn(),
  delayUpload: vi.fn(),
  revokeMessage: vi.fn(),
}));
vi.mock('./picture', async (original) => ({
  ...(await original<object>()),
  makeThumbnail: () => Promise.resolve(THUMBNAIL),
}));

const api = vi.mocked(await import('../api/endpoints'));
const { store } = await import('../store');
const { loggedIn, loggedOut } = await import('../store/authSlice');
const { messageArrived } = await import('../store/chatActions');
const { loadHistory } = await import('../store/chatSlice');
const { discard, retry, revoke, sendPicture, sendText, uploadLate } = await import('./outbox');

const ME = 19;
const contact = aContact(1);
const chat = () => store.getState().chat;
const shown = () => chat().rooms[5]?.messages ?? [];
const picture = (bytes: number) => new Blob([new Uint8Array(bytes)], { type: 'image/png' });
const down = new ApiError(NETWORK_ERROR, 'down');
const arrives = (message: Message, isNew = true) =>
  store.dispatch(messageArrived({ message, isNew, me: ME, now: Date.now() }));
let nextId: number;

/** What the server makes of a message. */
const answer = (fields: Parameters<typeof api.sendMessage>[0]): Message => {
  const { localId, text, image, thumbnail } = fields;
  return aMessage(nextId++, { senderId: ME, type: text ? 1 : 2, localId, text, image, thumbnail });
};

beforeEach(async () => {
  vi.resetAllMocks();
  nextId = 1;
  store.dispatch(loggedOut());
  store.dispatch(loggedIn({ token: 't', userId: ME }));
  api.listMessages.mockResolvedValue([]);
  api.sendMessage.mockImplementation(async (fields) => answer(fields));
  api.uploadFile.mockImplementation(async (_, __, progress) => {
    progress?.(0.5);
    return 'file/stored.png';
  });
  await store.dispatch(loadHistory({ contactId: 1, roomId: 5 }));
});

test('a text shows at once and is replaced by the answer', async () => {
  const sending = store.dispatch(sendText(contact, 'hi'));
  expect(chat().outgoing).toMatchObject([{ text: 'hi', state: 'sending', roomId: 5 }]);
  await sending;
  expect(chat().outgoing).toEqual([]);
  expect(shown()).toMatchObject([{ messageId: 1, text: 'hi' }]);
});

test('texts reach the server one after the other', async () => {
  const answers: (() => void)[] = [];
  api.sendMessage.mockImplementation((fields) => new Promise((done) => answers.push(() => done(answer(fields)))));
  const all = Promise.all(['a', 'b', 'c'].map((text) => store.dispatch(sendText(contact, text))));
  for (let sent = 1; sent <= 3; sent++) {
    await vi.waitFor(() => expect(api.sendMessage).toHaveBeenCalledTimes(sent));
    answers.at(-1)?.();
  }
  await all;
  expect(shown().map((message) => message.text)).toEqual(['a', 'b', 'c']);
});

test('one that fails holds up none behind it', async () => {
  api.sendMessage.mockRejectedValueOnce(new ApiError(403, 'no'));
  await Promise.all(['a', 'b'].map((text) => store.dispatch(sendText(contact, text))));
  expect(chat().outgoing).toMatchObject([{ text: 'a', state: 'failed', isUncertain: false }]);
  expect(shown().map((message) => message.text)).toEqual(['b']);
});

test('a refused text is simply sent again', async () => {
  api.sendMessage.mockRejectedValueOnce(new ApiError(403, 'no'));
  await store.dispatch(sendText(contact, 'a'));
  const first = chat().outgoing[0]!.localId;
  await store.dispatch(retry(first));
  expect(api.sendMessage.mock.lastCall?.[0]).toMatchObject({ localId: first, text: 'a' });
  expect(chat().outgoing).toEqual([]);
  expect(shown()).toHaveLength(1);
});

test('a text without an answer is looked for before it is sent again', async () => {
  api.sendMessage.mockRejectedValueOnce(down);
  await store.dispatch(sendText(contact, 'a'));
  expect(chat().outgoing).toMatchObject([{ state: 'failed', isUncertain: true }]);
  api.listMessages.mockResolvedValue([aMessage(1, { senderId: ME, text: 'a' })]);
  await store.dispatch(retry(chat().outgoing[0]!.localId));
  expect(api.sendMessage).toHaveBeenCalledOnce();
  expect(chat().outgoing).toEqual([]);
  expect(shown()).toHaveLength(1);
});

test('a text that did not arrive is sent again', async () => {
  api.sendMessage.mockRejectedValueOnce(down);
  await store.dispatch(sendText(contact, 'a'));
  await store.dispatch(retry(chat().outgoing[0]!.localId));
  expect(api.sendMessage).toHaveBeenCalledTimes(2);
  expect(shown()).toHaveLength(1);
});

test('nothing is sent while it is unknown whether it arrived', async () => {
  api.sendMessage.mockRejectedValueOnce(down);
  await store.dispatch(sendText(contact, 'a'));
  api.listMessages.mockRejectedValueOnce(down);
  await store.dispatch(retry(chat().outgoing[0]!.localId));
  expect(api.sendMessage).toHaveBeenCalledOnce();
  expect(chat().outgoing).toMatchObject([{ state: 'failed', isUncertain: true }]);
});

test('a discarded row is gone', async () => {
  api.sendMessage.mockRejectedValueOnce(down);
  await store.dispatch(sendText(contact, 'a'));
  store.dispatch(discard(chat().outgoing[0]!.localId));
  expect(chat().outgoing).toEqual([]);
});

test('a small picture is uploaded first, under a name that tells only its type', async () => {
  await store.dispatch(sendPicture(contact, picture(512 * 1024)));
  expect(api.uploadFile.mock.lastCall?.[1]).toBe('picture.png');
  expect(api.sendMessage.mock.lastCall?.[0]).toMatchObject({ image: 'file/stored.png', thumbnail: THUMBNAIL, text: '' });
  expect(api.delayUpload).not.toHaveBeenCalled();
});

test('a small picture whose message failed is not uploaded twice', async () => {
  api.sendMessage.mockRejectedValueOnce(new ApiError(403, 'no'));
  await store.dispatch(sendPicture(contact, picture(10)));
  await store.dispatch(retry(chat().outgoing[0]!.localId));
  expect(api.uploadFile).toHaveBeenCalledOnce();
  expect(shown()).toHaveLength(1);
});

test('an upload that failed leaves no doubt: no message was sent', async () => {
  api.uploadFile.mockRejectedValueOnce(down);
  await store.dispatch(sendPicture(contact, picture(10)));
  expect(chat().outgoing).toMatchObject([{ state: 'failed', isUncertain: false }]);
  expect(api.sendMessage).not.toHaveBeenCalled();
});

test('a large picture goes with its thumbnail first, then follows', async () => {
  const order: string[] = [];
  api.sendMessage.mockImplementation(async (fields) => {
    order.push(`send ${fields.image}`);
    return answer(fields);
  });
  api.uploadFile.mockImplementation(async (_, __, progress) => {
    progress?.(0.5);
    order.push(`upload at ${chat().uploads[1]?.progress}`);
    return 'file/stored.png';
  });
  api.delayUpload.mockImplementation(async (messageId, image) => {
    order.push(`late ${messageId} ${image}`);
    return null;
  });
  await store.dispatch(sendPicture(contact, picture(512 * 1024 + 1)));
  expect(order).toEqual(['send ', 'upload at 0.5', 'late 1 file/stored.png']);
  expect(shown()).toMatchObject([{ image: 'file/stored.png' }]);
  expect(chat().uploads).toEqual({});
});

test('a late upload that failed can be tried again', async () => {
  api.uploadFile.mockRejectedValueOnce(down);
  await store.dispatch(sendPicture(contact, picture(600_000)));
  expect(chat().uploads[1]).toMatchObject({ state: 'failed' });
  await store.dispatch(uploadLate(chat().uploads[1]!.localId));
  expect(api.delayUpload).toHaveBeenCalledWith(1, 'file/stored.png');
  expect(chat().uploads).toEqual({});
});

test('a large picture whose answer was lost goes on when its notification comes', async () => {
  api.sendMessage.mockImplementationOnce(async (fields) => {
    arrives(answer(fields));
    throw down;
  });
  await store.dispatch(sendPicture(contact, picture(600_000)));
  expect(api.delayUpload).toHaveBeenCalledWith(1, 'file/stored.png');
  expect(shown()).toHaveLength(1);
});

test('a picture revoked while it is uploaded is not added', async () => {
  api.uploadFile.mockImplementationOnce(async () => {
    await store.dispatch(revoke(shown()[0]!));
    return 'file/stored.png';
  });
  await store.dispatch(sendPicture(contact, picture(600_000)));
  expect(api.delayUpload).not.toHaveBeenCalled();
  expect(shown()).toMatchObject([{ revoked: true, thumbnail: '' }]);
});

test.each([
  ['type', new Blob(['x'], { type: 'image/svg+xml' })],
  ['size', new Blob([new Uint8Array(10 * 1024 * 1024 + 1)], { type: 'image/png' })],
])('a file of a wrong %s is not sent', async (fault, file) => {
  await expect(store.dispatch(sendPicture(contact, file))).rejects.toMatchObject({ fault });
  expect(chat().outgoing).toEqual([]);
});

test('revoked shows at once, and not when it is refused', async () => {
  await store.dispatch(sendText(contact, 'a'));
  api.revokeMessage.mockRejectedValueOnce(new ApiError(2007, 'late'));
  await expect(store.dispatch(revoke(shown()[0]!))).rejects.toMatchObject({ code: 2007 });
  expect(shown()).toMatchObject([{ revoked: false }]);
  await store.dispatch(revoke(shown()[0]!));
  expect(shown()).toMatchObject([{ revoked: true, text: '' }]);
});
