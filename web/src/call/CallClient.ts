// A member's side of one call: keeps the call socket up (with resume after a break), owns the media link, and reports
// everything as events. Knows nothing of React or the store.
import { Backoff } from './backoff';
import { Emitter } from './Emitter';
import { LocalMedia, type LocalState } from './LocalMedia';
import { MediaLink } from './MediaLink';
import type { VideoQuality } from './devices';
import { CallError, type JoinAnswer, type PcName, type ServerEvent, type ServerEvents } from './protocol';
import { Signaling, type SocketFactory } from './Signaling';
import { StreamBoard } from './StreamBoard';

export type LinkState = 'connecting' | 'connected' | 'reconnecting';
/** A number is the server's end reason. */
export type Ending = number | 'replaced' | 'full' | 'refused';

export interface CallClientEvents {
  link: LinkState;
  joined: JoinAnswer;
  server: ServerEvent;
  local: LocalState;
  pc: { name: PcName; state: RTCPeerConnectionState };
  problem: string;
  ended: Ending;
}

export interface CallClientDeps {
  url: string;
  userId: number;
  quality: VideoQuality;
  /** A call token; asked again when the server no longer takes the old one. A CallError is final, anything else is
   * taken for a fault of the network. */
  token(): Promise<string>;
  /** Why the call ended, when the socket could not tell any more. */
  endReason(): Promise<number>;
  createSocket: SocketFactory;
  createPc(config: RTCConfiguration): RTCPeerConnection;
}

const LEAVE_MS = 3_000;
/** Answers to a join that no other attempt would change. */
const FINAL_REFUSALS = ['call_ended', 'call_full', 'not_allowed'];

export class CallClient extends Emitter<CallClientEvents> {
  readonly board = new StreamBoard();
  readonly local: LocalMedia;
  private signaling: Signaling | null = null;
  private media: MediaLink | null = null;
  private resumeToken = '';
  private token = '';
  private tokenRefused = 0;
  private done = false;
  private retryTimer: ReturnType<typeof setTimeout> | undefined;
  private readonly backoff = new Backoff({ firstMs: 400, maxMs: 5_000 });

  constructor(private readonly deps: CallClientDeps) {
    super();
    this.local = new LocalMedia(
      {
        state: (state) => this.emit('local', state),
        track: (source, track, muted) => {
          this.board.set(deps.userId, source, track);
          this.media?.send(source, track, muted);
        },
        ended: (source) => {
          this.board.set(deps.userId, source, null);
          this.media?.end(source);
        },
      },
      deps.quality,
    );
  }

  start(): void {
    this.emit('link', 'connecting');
    void this.local.openAll();
    void this.connect();
  }

  pcs(): RTCPeerConnection[] {
    return this.media?.pcs() ?? [];
  }

  /** The network is back: no use in waiting any longer. */
  retryNow(): void {
    if (this.done || this.retryTimer === undefined) return;
    clearTimeout(this.retryTimer);
    this.retryTimer = undefined;
    void this.connect();
  }

  /** Hangs up. Resolves when the server knows, or false when it could not be told. */
  async leave(): Promise<boolean> {
    if (this.done) return true;
    this.local.stop();
    try {
      await Promise.race([this.request('leave', {}), rejectAfter(LEAVE_MS)]);
      return true;
    } catch {
      return false;
    }
  }

  /** Tells the server how large a track is shown, so that it need not send more. A wish only. */
  showAs(trackId: string, width: number, height: number, paused: boolean): void {
    this.request('subscription', { trackId, paused, width, height }).catch(() => {});
  }

  /** Drops sockets, connections and devices without a word to the server. */
  close(): void {
    this.done = true;
    clearTimeout(this.retryTimer);
    this.local.stop();
    this.media?.close();
    this.signaling?.close();
    this.board.clear();
  }

  private async connect(): Promise<void> {
    try {
      if (!this.token) this.token = await this.deps.token();
    } catch (error) {
      if (error instanceof CallError) return this.fatal(error.code);
      return this.scheduleRetry();
    }
    if (this.done) return;
    const signaling: Signaling = new Signaling(
      this.deps.url,
      {
        open: () => void this.join(signaling),
        event: (event) => this.receive(event),
        closed: () => this.lost(signaling),
      },
      this.deps.createSocket,
    );
    this.signaling = signaling;
  }

  private async join(signaling: Signaling): Promise<void> {
    try {
      const answer = await signaling.request<JoinAnswer>('join', { token: this.token, resume: this.resumeToken });
      if (!this.done && signaling === this.signaling) this.joined(signaling, answer);
    } catch (error) {
      if (this.done || !(error instanceof CallError)) return;
      if (error.code === 'unauthorized') this.refused(signaling);
      else if (FINAL_REFUSALS.includes(error.code)) await this.fatal(error.code);
      else signaling.close();
    }
  }

  private async fatal(code: string): Promise<void> {
    if (code === 'call_ended') this.end(await this.deps.endReason().catch(() => 0));
    else this.end(code === 'call_full' ? 'full' : 'refused');
  }

  /** An old token may have run out: a new one is tried once. */
  private refused(signaling: Signaling): void {
    this.token = '';
    this.tokenRefused += 1;
    if (this.tokenRefused > 1) this.end('refused');
    else signaling.close();
  }

  private joined(signaling: Signaling, answer: JoinAnswer): void {
    this.tokenRefused = 0;
    this.backoff.reset();
    this.resumeToken = answer.resume;
    signaling.keepAlive(answer.pingMs, answer.aliveMs);
    const kept = answer.resumed && this.media !== null;
    if (!kept) this.renewMedia(answer.iceServers);
    this.emit('joined', answer);
    this.emit('link', 'connected');
    if (kept) this.media?.resume();
  }

  private renewMedia(iceServers: RTCIceServer[]): void {
    this.media?.close();
    this.board.replaceOthers(this.deps.userId, []);
    const media: MediaLink = new MediaLink({
      ownUserId: this.deps.userId,
      iceServers,
      board: this.board,
      createPc: this.deps.createPc,
      request: (type, data) => this.request(type, data),
      pcState: (name, state) => this.emit('pc', { name, state }),
      failed: (name, error) => this.emit('problem', `${name}: ${String(error)}`),
      broken: () => {
        this.resumeToken = '';
        this.signaling?.close();
      },
    });
    this.media = media;
    for (const { source, track, muted } of this.local.current()) media.send(source, track, muted);
  }

  private receive(event: ServerEvent): void {
    if (this.done) return;
    if (event.type === 'subscribe-offer') this.media?.offer(event.data);
    else if (event.type === 'connection' && event.data.state === 'failed') this.media?.serverSaysFailed(event.data.pc);
    this.emit('server', event);
    if (event.type === 'call-ended') this.end((event.data as ServerEvents['call-ended']).reason);
    else if (event.type === 'replaced') this.end('replaced');
  }

  private lost(signaling: Signaling): void {
    if (this.done || signaling !== this.signaling) return;
    this.signaling = null;
    this.emit('link', 'reconnecting');
    this.scheduleRetry();
  }

  private scheduleRetry(): void {
    if (this.done) return;
    this.retryTimer = setTimeout(() => {
      this.retryTimer = undefined;
      void this.connect();
    }, this.backoff.next());
  }

  private request<T>(type: string, data: object): Promise<T> {
    return this.signaling?.request<T>(type, data) ?? Promise.reject(new CallError('link_lost', 'not connected'));
  }

  private end(ending: Ending): void {
    if (this.done) return;
    this.close();
    this.emit('ended', ending);
  }
}

function rejectAfter(ms: number): Promise<never> {
  return new Promise((_, reject) => setTimeout(() => reject(new CallError('timeout', 'no answer')), ms));
}
