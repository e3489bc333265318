// The publish connection: the client offers, the server answers. One transceiver for each source, kept for the life of
// the connection. Turning the camera off and on only replaces its track; only new and ended sources need an offer.
import { CallError, kindOf, type PublishAnswer, type Source } from './protocol';

export interface PublisherDeps {
  createPc(): RTCPeerConnection;
  request<T>(type: string, data: object): Promise<T>;
  /** A refusal that another try would not mend. */
  failed(error: unknown): void;
}

const MAX_BITRATE: Partial<Record<Source, number>> = { camera: 1_500_000, screen: 2_500_000 };
// From this height on a camera goes out in three layers, and each receiver gets the one that fits its tile. Below it
// the smallest would be a stamp, and encoding thrice costs the sender more than it saves anyone.
const SIMULCAST_HEIGHT = 540;
const LAYERS: RTCRtpEncodingParameters[] = [
  { rid: 'q', scaleResolutionDownBy: 4, maxBitrate: 150_000 },
  { rid: 'h', scaleResolutionDownBy: 2, maxBitrate: 500_000 },
  { rid: 'f', scaleResolutionDownBy: 1, maxBitrate: MAX_BITRATE.camera },
];

function encodingsOf(source: Source, track: MediaStreamTrack): RTCRtpEncodingParameters[] | undefined {
  const maxBitrate = MAX_BITRATE[source];
  if (kindOf(source) !== 'video' || !maxBitrate) return undefined;
  const isLarge = source === 'camera' && (track.getSettings().height ?? 0) >= SIMULCAST_HEIGHT;
  return isLarge ? LAYERS.map((layer) => ({ ...layer })) : [{ maxBitrate }];
}

interface Slot {
  transceiver: RTCRtpTransceiver;
  muted: boolean;
  trackId: string;
  /** What the server was told last; null = must be told. */
  toldMuted: boolean | null;
}

export class Publisher {
  readonly pc: RTCPeerConnection;
  private readonly slots = new Map<Source, Slot>();
  // Tracks of one stream are played in step by the receivers.
  private readonly personStream = new MediaStream();
  private readonly screenStream = new MediaStream();
  private dirty = false;
  private running = false;
  private iceRestart = false;
  private closed = false;

  constructor(private readonly deps: PublisherDeps) {
    this.pc = deps.createPc();
  }

  /** Sends `track` as `source`; null sends nothing but keeps the source alive. */
  async send(source: Source, track: MediaStreamTrack | null, muted: boolean): Promise<void> {
    if (this.closed) return;
    const slot = this.slots.get(source);
    if (!slot) {
      if (track) this.open(source, track, muted);
      return;
    }
    slot.muted = muted;
    if (slot.transceiver.sender.track !== track) await slot.transceiver.sender.replaceTrack(track);
    if (track && slot.transceiver.direction !== 'sendonly') {
      slot.transceiver.direction = 'sendonly';
      this.negotiate();
    }
    await this.tellMuted();
  }

  /** Ends a source for the others; its m-line waits for the next `send`. */
  async end(source: Source): Promise<void> {
    const slot = this.slots.get(source);
    if (!slot || this.closed || slot.transceiver.direction === 'inactive') return;
    slot.transceiver.direction = 'inactive';
    slot.trackId = '';
    this.negotiate();
    await slot.transceiver.sender.replaceTrack(null);
  }

  restartIce(): void {
    this.iceRestart = true;
    this.negotiate();
  }

  /** The signaling is back after a break: repeats what went unanswered. */
  resume(): void {
    if (this.dirty) this.negotiate();
    void this.tellMuted();
  }

  close(): void {
    this.closed = true;
    this.pc.close();
  }

  private open(source: Source, track: MediaStreamTrack, muted: boolean): void {
    const transceiver = this.pc.addTransceiver(track, {
      direction: 'sendonly',
      streams: [source.startsWith('screen') ? this.screenStream : this.personStream],
      sendEncodings: encodingsOf(source, track),
    });
    this.slots.set(source, { transceiver, muted, trackId: '', toldMuted: null });
    this.negotiate();
  }

  private negotiate(): void {
    this.dirty = true;
    if (!this.running) void this.run();
  }

  private async run(): Promise<void> {
    this.running = true;
    try {
      await Promise.resolve(); // sources added in the same turn share one offer
      while (this.dirty && !this.closed) {
        this.dirty = false;
        await this.offer();
      }
      await this.tellMuted();
    } catch (error) {
      if (this.closed) return;
      if (error instanceof CallError && error.unanswered) {
        this.dirty = true; // resume() tries again
      } else {
        await this.rollback();
        this.deps.failed(error);
      }
    } finally {
      this.running = false;
    }
  }

  private async offer(): Promise<void> {
    await this.pc.setLocalDescription(await this.pc.createOffer({ iceRestart: this.iceRestart }));
    const sending = [...this.slots].filter(([, slot]) => slot.transceiver.direction === 'sendonly');
    const told = new Map(sending.map(([source, slot]) => [source, slot.muted]));
    const answer = await this.deps.request<PublishAnswer>('publish', {
      sdp: this.pc.localDescription?.sdp ?? '',
      tracks: sending.map(([source, slot]) => ({ mid: slot.transceiver.mid, source, muted: slot.muted })),
    });
    if (this.closed) return;
    await this.pc.setRemoteDescription({ type: 'answer', sdp: answer.sdp });
    this.iceRestart = false;
    for (const [source, slot] of sending) {
      const mid = slot.transceiver.mid;
      slot.trackId = answer.tracks.find((track) => track.mid === mid)?.trackId ?? '';
      slot.toldMuted = told.get(source) ?? null;
    }
  }

  private async rollback(): Promise<void> {
    if (this.pc.signalingState === 'have-local-offer')
      await this.pc.setLocalDescription({ type: 'rollback' }).catch(() => {});
  }

  private async tellMuted(): Promise<void> {
    for (const slot of this.slots.values()) {
      if (!slot.trackId || slot.toldMuted === slot.muted) continue;
      const muted = slot.muted;
      slot.toldMuted = muted;
      try {
        await this.deps.request('mute', { trackId: slot.trackId, muted });
      } catch {
        slot.toldMuted = null; // told again after the next offer or resume
      }
    }
  }
}
