// The call of this page: waits until it is ready, runs a CallClient for it and writes what happens into the store.
import * as api from '../api/endpoints';
import { toApiError } from '../api/http';
import { CallStatus, EndReason } from '../api/types';
import { webSocketUrl } from '../notification/url';
import type { AppDispatch } from '../store';
import {
  callClosed,
  callEnded,
  callJoined,
  callOpened,
  linkChanged,
  localChanged,
  pcChanged,
  serverEvent,
} from '../store/callSlice';
import { callSettled } from '../store/callsSlice';
import { CallClient, type Ending } from './CallClient';
import type { VideoQuality } from './devices';
import { CallError } from './protocol';

declare global {
  interface Window {
    /** For tests and for debugging in the browser's console. */
    __ichat?: { callClient: CallClient; pcs(): RTCPeerConnection[] };
  }
}

const POLL_MS = 1_000;
const END_EVENT_MS = 2_000;
const CODE_FORBIDDEN = 403;
const CODE_CALL_OVER = [3001, 3005, 3006];

export class ActiveCall {
  readonly client: CallClient;
  private over = false;
  private disposed = false;
  private pollTimer: ReturnType<typeof setTimeout> | undefined;
  private started = false;

  constructor(
    readonly callId: number,
    userId: number,
    quality: VideoQuality,
    private readonly dispatch: AppDispatch,
  ) {
    dispatch(callOpened({ callId, userId }));
    dispatch(callSettled(callId));
    this.client = new CallClient({
      url: webSocketUrl('/api/ws/call'),
      userId,
      quality,
      token: () => this.token(),
      endReason: async () => (await api.getCall(callId)).endReason,
      createSocket: (url, protocol) => new WebSocket(url, protocol),
      createPc: (config) => new RTCPeerConnection(config),
    });
    this.wire();
    window.__ichat = { callClient: this.client, pcs: () => this.client.pcs() };
    addEventListener('online', this.retryNow);
    void this.waitUntilReady();
  }

  async hangUp(): Promise<void> {
    const told = this.started && (await this.client.leave());
    if (!told) await api.hangupCall(this.callId).catch(() => {});
    // Normally the server's call-ended event has come by now, or comes at once.
    setTimeout(() => this.end(EndReason.Normal), END_EVENT_MS);
  }

  /** The page goes away: hangs up if that was not done. */
  dispose(): void {
    if (this.disposed) return;
    this.disposed = true;
    clearTimeout(this.pollTimer);
    removeEventListener('online', this.retryNow);
    this.dispatch(callClosed());
    if (this.over) return this.client.close();
    void this.hangUp().finally(() => this.client.close());
  }

  private readonly retryNow = () => this.client.retryNow();

  private wire(): void {
    const { client, dispatch } = this;
    const whileShown = (action: Parameters<AppDispatch>[0]) => {
      if (!this.disposed) dispatch(action);
    };
    client.on('link', (link) => whileShown(linkChanged(link)));
    client.on('joined', (answer) => whileShown(callJoined(answer)));
    client.on('server', (event) => whileShown(serverEvent(event)));
    client.on('local', (state) => whileShown(localChanged(state)));
    client.on('pc', (change) => whileShown(pcChanged(change)));
    client.on('problem', (text) => console.warn('call:', text));
    client.on('ended', (ending) => this.end(ending));
  }

  /** A call just created is not joinable for a moment. */
  private async waitUntilReady(): Promise<void> {
    try {
      const call = await api.getCall(this.callId);
      if (this.disposed || this.over) return;
      if (call.status === CallStatus.End) return this.end(call.endReason);
      if (call.status !== CallStatus.New) {
        this.started = true;
        return this.client.start();
      }
    } catch (error) {
      const { code } = toApiError(error);
      if (CODE_CALL_OVER.includes(code)) return this.end(EndReason.None);
      if (code === CODE_FORBIDDEN) return this.end('refused');
    }
    if (!this.disposed) this.pollTimer = setTimeout(() => void this.waitUntilReady(), POLL_MS);
  }

  private async token(): Promise<string> {
    try {
      return await api.joinCall(this.callId);
    } catch (error) {
      const { code, message } = toApiError(error);
      if (CODE_CALL_OVER.includes(code)) throw new CallError('call_ended', message);
      if (code === CODE_FORBIDDEN) throw new CallError('not_allowed', message);
      throw error;
    }
  }

  private end(ending: Ending): void {
    if (this.over) return;
    this.over = true;
    clearTimeout(this.pollTimer);
    this.client.close();
    if (!this.disposed) this.dispatch(callEnded({ ending, at: Date.now() }));
  }
}
