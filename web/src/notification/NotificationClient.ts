// The notification socket: login token, session id with resume, heartbeats, reconnect. Knows nothing of the store.
import { Backoff } from '../call/backoff';

export interface Notification {
  type: number;
  payload: unknown;
}

export interface NotificationHandlers {
  /** `resumed`: the same session as before, nothing was missed. Otherwise everything must be loaded anew, and
   * `lastDeliveryId` is where later messages start. */
  session(resumed: boolean, lastDeliveryId: number): void;
  notification(notification: Notification): void;
  /** The link broke; `greeted` tells whether the server had taken the token on it. */
  broken(greeted: boolean): void;
}

export interface NotificationSocket {
  send(text: string): void;
  close(): void;
  onopen: ((event: Event) => void) | null;
  onmessage: ((event: MessageEvent) => void) | null;
  onclose: ((event: CloseEvent) => void) | null;
}

const HEARTBEAT_MS = 30_000;
const HELLO_MS = 10_000;

export class NotificationClient {
  private socket: NotificationSocket | null = null;
  private sessionId = '';
  private greeted = false;
  private stopped = false;
  private heartbeat: ReturnType<typeof setInterval> | undefined;
  private retry: ReturnType<typeof setTimeout> | undefined;
  private helloTimer: ReturnType<typeof setTimeout> | undefined;
  private readonly backoff = new Backoff({ firstMs: 1_000, maxMs: 6_000 });

  constructor(
    private readonly url: string,
    private readonly token: string,
    private readonly handlers: NotificationHandlers,
    private readonly createSocket: (url: string) => NotificationSocket,
  ) {}

  start(): void {
    if (this.stopped || this.socket) return;
    const socket = this.createSocket(this.url);
    this.socket = socket;
    this.greeted = false;
    this.helloTimer = setTimeout(() => this.drop(socket), HELLO_MS);
    socket.onopen = () => {
      socket.send(this.token);
      socket.send(this.sessionId); // empty for a first session
    };
    socket.onmessage = (message) => {
      if (socket === this.socket && typeof message.data === 'string') this.receive(socket, message.data);
    };
    socket.onclose = () => this.drop(socket);
  }

  /** The network is back: no use in waiting any longer. */
  retryNow(): void {
    if (this.retry === undefined) return;
    clearTimeout(this.retry);
    this.retry = undefined;
    this.start();
  }

  /** Ends it for good and forgets the session. */
  stop(): void {
    this.stopped = true;
    clearTimeout(this.retry);
    clearTimeout(this.helloTimer);
    clearInterval(this.heartbeat);
    const socket = this.socket;
    this.socket = null;
    socket?.close();
  }

  private receive(socket: NotificationSocket, text: string): void {
    if (!this.greeted) return this.hello(socket, text);
    let notification: Notification;
    try {
      notification = JSON.parse(text) as Notification;
    } catch {
      return;
    }
    if (typeof notification?.type === 'number') this.handlers.notification(notification);
  }

  private hello(socket: NotificationSocket, text: string): void {
    const hello = parseHello(text);
    if (!hello) return this.drop(socket);
    clearTimeout(this.helloTimer);
    this.greeted = true;
    this.backoff.reset();
    const resumed = hello.sessionId === this.sessionId;
    this.sessionId = hello.sessionId;
    clearInterval(this.heartbeat);
    this.heartbeat = setInterval(() => socket.send('1'), HEARTBEAT_MS);
    this.handlers.session(resumed, hello.lastDeliveryId);
  }

  private drop(socket: NotificationSocket): void {
    if (socket !== this.socket) return;
    this.socket = null;
    clearTimeout(this.helloTimer);
    clearInterval(this.heartbeat);
    socket.close();
    const greeted = this.greeted;
    this.greeted = false;
    this.retry = setTimeout(() => {
      this.retry = undefined;
      this.start();
    }, this.backoff.next());
    this.handlers.broken(greeted);
  }
}

/** `session:<uuid>` with, for a new session, the last delivery id on a second line. */
export function parseHello(text: string): { sessionId: string; lastDeliveryId: number } | null {
  const [first = '', second = ''] = text.split('\n');
  if (!first.startsWith('session:') || first.length === 'session:'.length) return null;
  return { sessionId: first.slice('session:'.length), lastDeliveryId: Number(second) || 0 };
}
