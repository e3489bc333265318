// One call socket: requests with answers, events, pings, and the detection of a dead link. It does not reconnect; a
// new Signaling is made for every attempt.
import { CallError, SUBPROTOCOL, type ServerEvent } from './protocol';

/** What is used of a WebSocket, so that tests can put another in its place. */
export interface SocketLike {
  readyState: number;
  send(text: string): void;
  close(): void;
  onopen: ((event: Event) => void) | null;
  onmessage: ((event: MessageEvent) => void) | null;
  onclose: ((event: CloseEvent) => void) | null;
}

export type SocketFactory = (url: string, protocol: string) => SocketLike;

export interface SignalingHandlers {
  open(): void;
  event(event: ServerEvent): void;
  /** Called once, whatever ended the link. */
  closed(): void;
}

const OPEN_TIMEOUT_MS = 8_000;
const REQUEST_TIMEOUT_MS = 10_000;
const SOCKET_OPEN = 1;

interface Waiting {
  resolve(data: unknown): void;
  reject(error: CallError): void;
  timer: ReturnType<typeof setTimeout>;
}

interface Frame {
  res?: number;
  type: string;
  data?: unknown;
  error?: { code: string; message: string };
}

export class Signaling {
  private readonly socket: SocketLike;
  private readonly waiting = new Map<number, Waiting>();
  private lastRequest = 0;
  private lastHeard = 0;
  private done = false;
  private openTimer: ReturnType<typeof setTimeout>;
  private pingTimer: ReturnType<typeof setInterval> | undefined;

  constructor(
    url: string,
    private readonly handlers: SignalingHandlers,
    createSocket: SocketFactory,
  ) {
    this.socket = createSocket(url, SUBPROTOCOL);
    this.openTimer = setTimeout(() => this.close(), OPEN_TIMEOUT_MS);
    this.socket.onopen = () => {
      clearTimeout(this.openTimer);
      if (!this.done) handlers.open();
    };
    this.socket.onmessage = (message) => this.receive(message.data);
    this.socket.onclose = () => this.finish();
  }

  request<T>(type: string, data: object = {}): Promise<T> {
    if (this.done || this.socket.readyState !== SOCKET_OPEN)
      return Promise.reject(new CallError('link_lost', `no connection for ${type}`));
    const req = ++this.lastRequest;
    return new Promise<T>((resolve, reject) => {
      const timer = setTimeout(() => {
        this.waiting.delete(req);
        reject(new CallError('timeout', `no answer to ${type}`));
      }, REQUEST_TIMEOUT_MS);
      this.waiting.set(req, { resolve: resolve as (data: unknown) => void, reject, timer });
      this.socket.send(JSON.stringify({ req, type, data }));
    });
  }

  /** From now on pings every `pingMs`; a server silent for `aliveMs` counts as gone. */
  keepAlive(pingMs: number, aliveMs: number): void {
    clearInterval(this.pingTimer);
    this.lastHeard = Date.now();
    this.pingTimer = setInterval(() => {
      if (Date.now() - this.lastHeard > aliveMs) this.close();
      else this.request('ping').catch(() => {});
    }, pingMs);
  }

  close(): void {
    this.socket.close();
    // The close event of a dead network can take minutes; the caller must not wait for it.
    this.finish();
  }

  private receive(text: unknown): void {
    if (this.done || typeof text !== 'string') return;
    this.lastHeard = Date.now();
    let frame: Frame;
    try {
      frame = JSON.parse(text) as Frame;
    } catch {
      return;
    }
    if (typeof frame.res === 'number') this.answered(frame.res, frame);
    else if (typeof frame.type === 'string') this.handlers.event({ type: frame.type, data: frame.data } as ServerEvent);
  }

  private answered(req: number, frame: Frame): void {
    const waiting = this.waiting.get(req);
    if (!waiting) return;
    this.waiting.delete(req);
    clearTimeout(waiting.timer);
    if (frame.error) waiting.reject(new CallError(frame.error.code, frame.error.message));
    else waiting.resolve(frame.data ?? {});
  }

  private finish(): void {
    if (this.done) return;
    this.done = true;
    clearTimeout(this.openTimer);
    clearInterval(this.pingTimer);
    for (const waiting of this.waiting.values()) {
      clearTimeout(waiting.timer);
      waiting.reject(new CallError('link_lost', 'the connection broke'));
    }
    this.waiting.clear();
    this.handlers.closed();
  }
}
