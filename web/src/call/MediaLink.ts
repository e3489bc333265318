// The two peer connections of one membership (publish and subscribe) with their recovery. A fresh join makes a new one.
import { Publisher } from './Publisher';
import type { PcName, Source, SubscribeOffer } from './protocol';
import { Recovery } from './Recovery';
import type { StreamBoard } from './StreamBoard';
import { Subscriber } from './Subscriber';

export interface MediaLinkDeps {
  ownUserId: number;
  iceServers: RTCIceServer[];
  board: StreamBoard;
  createPc(config: RTCConfiguration): RTCPeerConnection;
  request<T>(type: string, data: object): Promise<T>;
  pcState(name: PcName, state: RTCPeerConnectionState): void;
  failed(name: PcName, error: unknown): void;
  /** Restarts did not help: join anew. */
  broken(): void;
}

export class MediaLink {
  private publisher: Publisher | null = null;
  private readonly subscriber: Subscriber;
  private readonly recoveries: Record<PcName, Recovery>;
  private closed = false;

  constructor(private readonly deps: MediaLinkDeps) {
    const giveUp = () => {
      if (!this.closed) deps.broken();
    };
    this.recoveries = {
      publish: new Recovery({ restart: () => this.publisher?.restartIce(), giveUp }),
      subscribe: new Recovery({
        restart: () => void deps.request('restart-ice', { pc: 'subscribe' }).catch(() => {}),
        giveUp,
      }),
    };
    this.subscriber = new Subscriber(deps.ownUserId, deps.board, {
      createPc: () => this.create('subscribe'),
      request: deps.request,
      failed: (error) => deps.failed('subscribe', error),
    });
  }

  pcs(): RTCPeerConnection[] {
    return [this.publisher?.pc, this.subscriber.pc].filter((pc): pc is RTCPeerConnection => !!pc);
  }

  send(source: Source, track: MediaStreamTrack | null, muted: boolean): void {
    if (!this.publisher && !track) return;
    this.publisher ??= new Publisher({
      createPc: () => this.create('publish'),
      request: this.deps.request,
      failed: (error) => this.deps.failed('publish', error),
    });
    this.publisher.send(source, track, muted).catch((error: unknown) => this.deps.failed('publish', error));
  }

  end(source: Source): void {
    this.publisher?.end(source).catch((error: unknown) => this.deps.failed('publish', error));
  }

  offer(offer: SubscribeOffer): void {
    this.subscriber.offer(offer);
  }

  /** The server sees one of the connections as failed. */
  serverSaysFailed(name: PcName): void {
    this.recoveries[name].changed('failed');
  }

  /** The signaling is back with the same connections. */
  resume(): void {
    this.publisher?.resume();
    this.recoveries.publish.recheck();
    this.recoveries.subscribe.recheck();
  }

  close(): void {
    this.closed = true;
    this.recoveries.publish.stop();
    this.recoveries.subscribe.stop();
    this.publisher?.close();
    this.subscriber.close();
  }

  private create(name: PcName): RTCPeerConnection {
    const pc = this.deps.createPc({ iceServers: this.deps.iceServers, bundlePolicy: 'max-bundle' });
    pc.onconnectionstatechange = () => {
      if (this.closed || pc.connectionState === 'closed') return;
      this.recoveries[name].changed(pc.connectionState);
      this.deps.pcState(name, pc.connectionState);
    };
    return pc;
  }
}
