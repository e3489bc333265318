// One function an endpoint. Fields and paths are the server's contract; nothing here keeps state.
import { get, post, request } from './http';
import type { Call, Contact, ContactRequest, FoundUser, Group, LoginResult, Message, User } from './types';

export const SEARCH_PAGE = 5;

export const login = (username: string, password: string) => post<LoginResult>('/login', { username, password });

export const register = (fields: { username: string; password: string; nickname: string; avatar: string }) =>
  post<LoginResult>('/register', fields);

/** Ends this login on the server, its sockets too. */
export const logout = () => post<null>('/user/logout');
export const updateProfile = (nickname: string, avatar: string) => post<null>('/user/info', { nickname, avatar });

/** Ends the user's other logins. */
export const changePassword = (oldPassword: string, newPassword: string) =>
  post<null>('/user/password', { oldPassword, newPassword });

export const userInfos = (userIds: number[]) => post<(User | null)[]>('/user/infos', { userIds });

export const searchUsers = (keyword: string, page: number) =>
  get<FoundUser[]>('/user/search', { keyword, page, size: SEARCH_PAGE });

export const contacts = () => get<Contact[]>('/contact');
export const pendingRequests = () => get<ContactRequest[]>('/contact/pending');
export const requestContact = (userId: number) => post<ContactRequest>('/contact/user', { userId });
export const acceptRequest = (requestId: number) => post<null>('/contact/accept', undefined, { requestId });
export const rejectRequest = (requestId: number) => post<null>('/contact/reject', undefined, { requestId });
export const contactMembers = (contactId: number) => get<User[]>('/contact/members', { contactId });
export const groups = (groupIds: number[]) => post<(Group | null)[]>('/contact/groups', { groupIds });

export const createGroup = (name: string, contactIds: number[]) =>
  post<null>('/contact/group', { name, avatar: '', contactIds });

export const createCall = (contactId: number, userIds: number[]) => post<number>('/call', { contactId, userIds });
export const getCall = (callId: number) => get<Call>('/call', { callId });
export const joinCall = (callId: number) => post<string>('/call/join', undefined, { callId });
export const hangupCall = (callId: number) => post<null>('/call/hangup', undefined, { callId });

export const syncMessages = (synced: number, last: number, limit: number) =>
  get<Message[]>('/chat/sync', { synced, last, limit });

export interface SendFields {
  contactId: number;
  localId: string;
  text: string;
  image: string;
  thumbnail: string;
}

export const sendMessage = (fields: SendFields) => post<Message>('/chat/send', fields);
export const revokeMessage = (messageId: number) => post<null>('/chat/revoke', undefined, { messageId });
export const delayUpload = (messageId: number, image: string) => post<null>('/chat/delayUpload', { messageId, image });

/** The `limit` newest with an id below `lastMessageId` (0: the newest of all), ascending. */
export const listMessages = (contactId: number, lastMessageId: number, limit: number) =>
  get<Message[]>('/chat/messages', { contactId, lastMessageId, limit });

const MIB = 1024 * 1024;
const UPLOAD_MIN_MS = 10_000;
const UPLOAD_MS_PER_MIB = 15_000;

/** Gives the stored path; `onProgress` gets parts of one. */
export function uploadFile(file: Blob, name: string, onProgress: (done: number) => void = () => {}): Promise<string> {
  const data = new FormData();
  data.append('file', file, name);
  return request<string>({
    method: 'POST',
    url: '/file/upload',
    data,
    timeout: Math.max(UPLOAD_MIN_MS, (file.size / MIB) * UPLOAD_MS_PER_MIB),
    onUploadProgress: ({ progress }) => onProgress(progress ?? 0),
  });
}

/** Where a stored path, or a whole address, is fetched from. */
export const fileUrl = (path: string) => (/^https?:\/\//i.test(path) ? path : `/api/${path}`);
