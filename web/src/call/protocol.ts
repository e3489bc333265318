// The messages of call signaling version 2 (docs/protocol.md).

export const SUBPROTOCOL = 'ichat.call.v2';

export type Source = 'camera' | 'mic' | 'screen' | 'screen-audio';
export type Kind = 'audio' | 'video';
export type PcName = 'publish' | 'subscribe';

export const MemberState = {
  Invited: 1,
  Rejected: 2,
  Accepted: 3,
  Online: 4,
  Offline: 5,
  Gone: 6,
} as const;

export interface TrackInfo {
  trackId: string;
  userId: number;
  kind: Kind;
  source: Source;
  muted: boolean;
}

export interface MemberInfo {
  userId: number;
  nickname: string;
  avatar: string;
  state: number;
  tracks: TrackInfo[];
}

export interface JoinAnswer {
  callId: number;
  userId: number;
  resume: string;
  resumed: boolean;
  status: number;
  startTime: string | null;
  pingMs: number;
  aliveMs: number;
  iceServers: RTCIceServer[];
  members: MemberInfo[];
}

export interface PublishAnswer {
  sdp: string;
  tracks: { mid: string; trackId: string }[];
}

export interface SubscribeOffer {
  seq: number;
  sdp: string;
  reset?: boolean;
  tracks: (TrackInfo & { mid: string })[];
}

export interface Speaker {
  userId: number;
  level: number;
}

/** Events of the server by type, with the shape of their `data`. */
export interface ServerEvents {
  'subscribe-offer': SubscribeOffer;
  'member-state': { userId: number; state: number; nickname: string; avatar: string };
  'track-added': TrackInfo;
  'track-removed': { trackId: string; userId: number };
  'track-muted': { trackId: string; userId: number; muted: boolean };
  speakers: { speakers: Speaker[] };
  connection: { pc: PcName; state: 'connecting' | 'connected' | 'disconnected' | 'failed' };
  'call-started': { startTime: string };
  'call-ended': { reason: number };
  replaced: Record<string, never>;
}

export type ServerEvent = { [T in keyof ServerEvents]: { type: T; data: ServerEvents[T] } }[keyof ServerEvents];

/** A refusal of the server, or `link_lost` / `timeout` when no answer came. */
export class CallError extends Error {
  constructor(
    readonly code: string,
    message: string,
  ) {
    super(message);
    this.name = 'CallError';
  }

  /** True when the request may have been carried out and a later socket may repeat it. */
  get unanswered(): boolean {
    return this.code === 'link_lost' || this.code === 'timeout';
  }
}

export function kindOf(source: Source): Kind {
  return source === 'mic' || source === 'screen-audio' ? 'audio' : 'video';
}
