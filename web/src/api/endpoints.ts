// One function an endpoint. Fields and paths are the server's contract; nothing here keeps state.
import { get, post } from './http';
import type { Call, Contact, ContactRequest, FoundUser, Group, LoginResult, Message, User } from './types';

export const SEARCH_PAGE = 5;

export const login = (username: string, password: string) => post<LoginResult>('/login', { username, password });

export const register = (username: string, password: string, nickname: string) =>
  post<LoginResult>('/register', { username, password, nickname, avatar: '' });

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
