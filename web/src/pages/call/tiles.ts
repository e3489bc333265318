// Which tiles the stage has: one for each member, and one for each shared screen.
import type { LocalState } from '../../call/LocalMedia';
import { type MemberInfo, MemberState, type Source, type TrackInfo } from '../../call/protocol';
import { type CallState, shownMembers } from '../../store/callSlice';

export interface TileInfo {
  key: string;
  userId: number;
  nickname: string;
  own: boolean;
  source: 'camera' | 'screen';
  /** A member's state while he is not there (invited, joining, offline), else 0. */
  waiting: number;
  showVideo: boolean;
  /** Of another member's picture, as the server knows it. */
  videoTrackId: string;
  micOn: boolean;
}

type Input = Pick<CallState, 'members' | 'userId' | 'local'>;

/** Shared screens first, then oneself, then the others in the order of the call. */
export function tilesOf(state: Input): TileInfo[] {
  const members = shownMembers(state);
  const own = members.filter((member) => member.userId === state.userId);
  const others = members.filter((member) => member.userId !== state.userId);
  const all = [...own, ...others];
  const screens = all.flatMap((member) => {
    const tile = tileOf(state, member, 'screen');
    return tile.showVideo ? [tile] : [];
  });
  return [...screens, ...all.map((member) => tileOf(state, member, 'camera'))];
}

function tileOf(state: Input, member: MemberInfo, source: 'camera' | 'screen'): TileInfo {
  const own = member.userId === state.userId;
  const video = live(member.tracks, source);
  return {
    key: `${member.userId}-${source}`,
    userId: member.userId,
    nickname: member.nickname,
    own,
    source,
    waiting: own || member.state === MemberState.Online ? 0 : member.state,
    showVideo: own ? isOn(state.local, source) : video !== undefined,
    videoTrackId: video?.trackId ?? '',
    micOn: own ? state.local.mic.on : live(member.tracks, 'mic') !== undefined,
  };
}

function isOn(local: LocalState, source: 'camera' | 'screen'): boolean {
  return local[source].on;
}

function live(tracks: TrackInfo[], source: Source): TrackInfo | undefined {
  return tracks.find((track) => track.source === source && !track.muted);
}
