// The subscribe connection: the server offers, the client answers. Each offer says which m-line carries which track.
import type { StreamBoard } from './StreamBoard';
import { CallError, type SubscribeOffer } from './protocol';

export interface SubscriberDeps {
  createPc(): RTCPeerConnection;
  request<T>(type: string, data: object): Promise<T>;
  failed(error: unknown): void;
}

export class Subscriber {
  private connection: RTCPeerConnection | null = null;
  private next: SubscribeOffer | null = null;
  private running = false;
  private closed = false;

  constructor(
    private readonly ownUserId: number,
    private readonly board: StreamBoard,
    private readonly deps: SubscriberDeps,
  ) {}

  get pc(): RTCPeerConnection | null {
    return this.connection;
  }

  /** Offers are answered one after the other; of several waiting only the newest matters, for each is complete. */
  offer(offer: SubscribeOffer): void {
    if (this.closed) return;
    this.next = { ...offer, reset: offer.reset === true || this.next?.reset === true };
    if (!this.running) void this.run();
  }

  close(): void {
    this.closed = true;
    this.connection?.close();
  }

  private async run(): Promise<void> {
    this.running = true;
    while (this.next && !this.closed) {
      const offer = this.next;
      this.next = null;
      try {
        await this.answer(offer);
      } catch (error) {
        if (!this.closed) this.deps.failed(error);
      }
    }
    this.running = false;
  }

  private async answer(offer: SubscribeOffer): Promise<void> {
    if (offer.reset) this.connection?.close();
    if (offer.reset || !this.connection) this.connection = this.deps.createPc();
    const pc = this.connection;
    await pc.setRemoteDescription({ type: 'offer', sdp: offer.sdp });
    this.show(pc, offer);
    await pc.setLocalDescription(await pc.createAnswer());
    if (this.closed) return;
    // The next offer may come before the reply to this; a reply that never comes is mended by the server's own timer.
    this.deps.request('subscribe-answer', { seq: offer.seq, sdp: pc.localDescription?.sdp ?? '' }).catch((error) => {
      const harmless = error instanceof CallError && (error.unanswered || error.code === 'bad_state');
      if (!harmless) this.deps.failed(error);
    });
  }

  private show(pc: RTCPeerConnection, offer: SubscribeOffer): void {
    const receivers = new Map(pc.getTransceivers().map((transceiver) => [transceiver.mid, transceiver.receiver]));
    const entries = offer.tracks.flatMap(({ mid, userId, source }) => {
      const track = receivers.get(mid)?.track;
      return track ? [{ userId, source, track }] : [];
    });
    this.board.replaceOthers(this.ownUserId, entries);
  }
}
