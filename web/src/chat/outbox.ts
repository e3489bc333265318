// The way out of messages: rows that show at once, are sent in order, and can be tried again.
//
// A text is one request. A small picture is uploaded, then sent with its path. A large one is sent with its thumbnail
// alone, then uploaded, then its path is added to the message.
import * as api from '../api/endpoints';
import { NETWORK_ERROR, toApiError } from '../api/http';
import type { Contact, Message } from '../api/types';
import type { AppDispatch, RootState } from '../store';
import { messagesCaughtUp, messageSent } from '../store/chatActions';
import { type Outgoing, outgoingChanged, outgoingDropped, queued, uploadChanged, uploadEnded } from '../store/chatSlice';
import { asRevoked, findMessage } from '../store/messages';
import { checkPicture, LATE_BYTES, makeThumbnail, pictureName } from './picture';

type Thunk = (dispatch: AppDispatch, getState: () => RootState) => Promise<void>;

const CODE_FORBIDDEN = 403;
const CODE_SERVER = 500;
/** How many of the newest messages are looked through for one that may have arrived. */
const LOOK_BACK = 50;

/** Pictures on their way, by local id. */
const files = new Map<string, Blob>();
/** The end of each room's line: messages reach the server in the order in which they were sent. */
const lines = new Map<number, Promise<unknown>>();

/** Nobody's pictures stay in memory when he logs out. */
export function forgetFiles(): void {
  files.clear();
}

/** crypto.randomUUID() is only there on https and localhost. */
function newLocalId(): string {
  const random = crypto.getRandomValues(new Uint32Array(3));
  return `${Date.now().toString(36)}-${[...random].map((part) => part.toString(36)).join('')}`;
}

function newRow(contact: Contact, localId: string, fields: Partial<Outgoing>): Outgoing {
  const { contactId, roomId } = contact;
  const content = { text: '', thumbnail: '', image: '', isLate: false };
  const sending = { state: 'sending' as const, isUncertain: false, progress: 0, queuedAt: Date.now(), after: 0 };
  return { localId, contactId, roomId, ...content, ...sending, ...fields };
}

export const sendText =
  (contact: Contact, text: string): Thunk =>
  async (dispatch) => {
    const row = newRow(contact, newLocalId(), { text });
    dispatch(queued(row));
    await dispatch(deliver(row.localId));
  };

/** Throws a PictureError when the file cannot be sent at all. */
export const sendPicture =
  (contact: Contact, file: Blob): Thunk =>
  async (dispatch) => {
    checkPicture(file);
    const thumbnail = await makeThumbnail(file);
    const row = newRow(contact, newLocalId(), { thumbnail, isLate: file.size > LATE_BYTES });
    files.set(row.localId, file);
    dispatch(queued(row));
    await dispatch(deliver(row.localId));
  };

export const retry =
  (localId: string): Thunk =>
  async (dispatch, getState) => {
    const row = findRow(getState(), localId);
    if (!row || row.state === 'sending') return;
    dispatch(outgoingChanged({ localId, state: 'sending' }));
    if (row.isUncertain) {
      // It may have arrived although no answer came: then it is among the newest messages, and its row goes.
      try {
        const messages = await api.listMessages(row.contactId, 0, LOOK_BACK);
        dispatch(messagesCaughtUp({ messages, me: getState().auth.userId }));
      } catch {
        dispatch(outgoingChanged({ localId, state: 'failed' }));
        return;
      }
    }
    await dispatch(deliver(localId));
  };

export function discard(localId: string) {
  files.delete(localId);
  return outgoingDropped(localId);
}

/** Throws an ApiError when the server does not let it. */
export const revoke =
  (message: Message): Thunk =>
  async (dispatch) => {
    await api.revokeMessage(message.messageId);
    dispatch(messageSent(asRevoked(message)));
  };

const findRow = (state: RootState, localId: string) => state.chat.outgoing.find((row) => row.localId === localId);

/** A row that is gone was confirmed by a notification, or belongs to a login that ended. */
const deliver =
  (localId: string): Thunk =>
  async (dispatch, getState) => {
    let wasAsked = false;
    try {
      await uploadFirst(localId, dispatch, getState);
      wasAsked = true;
      const row = findRow(getState(), localId);
      if (row) await inLine(row.roomId, () => dispatch(send(localId)));
    } catch (error) {
      const { code } = toApiError(error);
      const isUncertain = wasAsked && (code === NETWORK_ERROR || code === CODE_SERVER);
      dispatch(outgoingChanged({ localId, state: 'failed', isUncertain }));
    }
    await dispatch(uploadLate(localId));
    if (!findRow(getState(), localId) && !lateMessageId(getState(), localId)) files.delete(localId);
  };

/** A small picture has its path before its message is sent. */
async function uploadFirst(localId: string, dispatch: AppDispatch, getState: () => RootState): Promise<void> {
  const row = findRow(getState(), localId);
  const file = files.get(localId);
  if (!row || !file || row.isLate || row.image) return;
  const image = await api.uploadFile(file, pictureName(file), (progress) =>
    dispatch(outgoingChanged({ localId, progress })),
  );
  dispatch(outgoingChanged({ localId, image, progress: 1 }));
}

const send =
  (localId: string): Thunk =>
  async (dispatch, getState) => {
    const row = findRow(getState(), localId);
    if (!row) return;
    const { contactId, text, image, thumbnail } = row;
    const message = await api.sendMessage({ contactId, localId, text, image, thumbnail });
    dispatch(messageSent({ ...message, localId }));
  };

function inLine(roomId: number, run: () => Promise<void>): Promise<void> {
  const turn = (lines.get(roomId) ?? Promise.resolve()).then(run, run);
  lines.set(roomId, turn);
  const end = () => {
    if (lines.get(roomId) === turn) lines.delete(roomId);
  };
  turn.then(end, end);
  return turn;
}

/** The id of the message that an own local id became and that still lacks its picture. */
function lateMessageId(state: RootState, localId: string): number {
  const found = Object.entries(state.chat.uploads).find(([, upload]) => upload.localId === localId);
  return Number(found?.[0] ?? 0);
}

export const uploadLate =
  (localId: string): Thunk =>
  async (dispatch, getState) => {
    const messageId = lateMessageId(getState(), localId);
    const file = files.get(localId);
    if (!messageId || !file) return;
    const show = (state: 'sending' | 'failed', progress: number) => {
      // Revoked meanwhile, or logged out: there is nothing to show any more.
      if (getState().chat.uploads[messageId]) dispatch(uploadChanged({ messageId, upload: { localId, state, progress } }));
    };
    try {
      show('sending', 0);
      const image = await api.uploadFile(file, pictureName(file), (progress) => show('sending', progress));
      if (!getState().chat.uploads[messageId]) return;
      await addPath(messageId, image, dispatch, getState);
      dispatch(uploadEnded(messageId));
      files.delete(localId);
    } catch {
      show('failed', 0);
    }
  };

async function addPath(messageId: number, image: string, dispatch: AppDispatch, getState: () => RootState) {
  try {
    await api.delayUpload(messageId, image);
  } catch (error) {
    // An attempt before may have arrived: then it has its picture, and this is refused.
    if (toApiError(error).code !== CODE_FORBIDDEN) throw error;
    return;
  }
  for (const room of Object.values(getState().chat.rooms)) {
    const message = findMessage(room.messages, messageId);
    if (message) dispatch(messageSent({ ...message, image }));
  }
}
