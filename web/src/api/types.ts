// The objects of the REST interface and of the notification socket, as they come over the wire.

export interface User {
  userId: number;
  username: string;
  nickname: string;
  avatar: string;
  enabled: boolean;
  createdAt: string;
  updatedAt: string;
}

/** Exactly one of userId and groupId is not zero. */
export interface Contact {
  contactId: number;
  ownerId: number;
  userId: number;
  groupId: number;
  roomId: number;
  status: number;
  lastMessageId: number;
  lastMessageTime: string | null;
  lastMessageContent: string;
  createdAt: string;
  updatedAt: string;
}

export const RequestStatus = { Pending: 1, Accepted: 2, Rejected: 3, Expired: 4 } as const;

export interface ContactRequest {
  id: number;
  requestUid: number;
  userId: number;
  status: number;
  expiredAt: string;
  createdAt: string;
  updatedAt: string;
}

export interface Group {
  groupId: number;
  ownerId: number;
  roomId: number;
  name: string;
  avatar: string;
  createdAt: string;
  updatedAt: string;
}

export interface FoundUser extends User {
  isFriend: boolean;
  pendingRequest: ContactRequest | null;
}

export const CallStatus = { New: 1, Ready: 2, Active: 3, End: 4 } as const;

export const EndReason = {
  None: 0,
  Normal: 1,
  Rejected: 2,
  NoAnswer: 3,
  Busy: 4,
  LostConnection: 5,
  Error: 6,
  Cancelled: 7,
} as const;

export interface Call {
  callId: number;
  callerId: number;
  messageId: number;
  /** A JSON array of user ids inside a string, the caller first. */
  members: string;
  status: number;
  startTime: string | null;
  endTime: string | null;
  endReason: number;
  createdAt: string;
  updatedAt: string;
}

export const MessageType = { Text: 1, Image: 2, Call: 3 } as const;

export interface Message {
  messageId: number;
  roomId: number;
  senderId: number;
  type: number;
  text: string;
  image: string;
  thumbnail: string;
  callId: number;
  revoked: boolean;
  createdAt: string;
  updatedAt: string;
  call: (Call & { handled: boolean }) | null;
  localId: string;
  deliveryId: number;
}

export interface LoginResult {
  userId: number;
  token: string;
}
