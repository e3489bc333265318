// Watches one peer connection and mends it: an ICE restart when it fails or stays broken, and when restarts do not
// help, a call for a rejoin from nothing.

export interface RecoveryDeps {
  restart(): void;
  giveUp(): void;
}

const DISCONNECTED_MS = 4_000;
const RESTART_MS = 8_000;
const MAX_RESTARTS = 2;

export class Recovery {
  private timer: ReturnType<typeof setTimeout> | undefined;
  private restarts = 0;
  private state: RTCPeerConnectionState = 'new';

  constructor(private readonly deps: RecoveryDeps) {}

  changed(state: RTCPeerConnectionState): void {
    this.state = state;
    if (state === 'connected') {
      this.restarts = 0;
      this.stop();
    } else if (state === 'failed') {
      this.restart();
    } else if (state === 'disconnected' && this.timer === undefined) {
      this.timer = setTimeout(() => this.restart(), DISCONNECTED_MS);
    }
  }

  /** The signaling is back: a restart asked for meanwhile was lost. */
  recheck(): void {
    if (this.state === 'failed' || this.state === 'disconnected') this.restart();
  }

  stop(): void {
    clearTimeout(this.timer);
    this.timer = undefined;
  }

  private restart(): void {
    this.stop();
    if (this.restarts >= MAX_RESTARTS) return this.deps.giveUp();
    this.restarts += 1;
    this.timer = setTimeout(() => {
      this.timer = undefined;
      if (this.state !== 'connected') this.restart();
    }, RESTART_MS);
    this.deps.restart();
  }
}
