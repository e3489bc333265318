// The call WebSocket of protocol v1 (section 8): the token first, then {type, payload} with payloads that are strings.
import { note } from './journal.js';

const HEARTBEAT_MS = 10_000;
const RECONNECT_MS = 3_000;

export const MESSAGE = { UNAUTHORIZED: 1, STATES: 2, STATE: 3, SIGNAL: 4, HEARTBEAT: 5, START: 6, END: 7, ERROR: 8 };

export class CallSocket {
  /** `onMessage(type, payload)` is told of everything but errors, which are only logged. */
  constructor(token, onMessage) {
    this.token = token;
    this.onMessage = onMessage;
    this.stopped = false;
    this.opened = 0;
    this.tokenAt = 0;
  }

  open() {
    const ws = new WebSocket(`${location.protocol === 'https:' ? 'wss' : 'ws'}://${location.host}/api/ws/call`);
    this.ws = ws;
    ws.onopen = () => {
      this.opened++;
      this.tokenAt = performance.now();
      ws.send(this.token);
      this.heartbeat = setInterval(() => this.send(MESSAGE.HEARTBEAT, ''), HEARTBEAT_MS);
    };
    ws.onmessage = ({ data }) => this.receive(data);
    ws.onclose = ({ code, reason }) => {
      clearInterval(this.heartbeat);
      note('socket-closed', `${code} ${reason}`);
      // Any close that it did not start, whatever the code.
      if (!this.stopped) this.reconnect = setTimeout(() => this.open(), RECONNECT_MS);
    };
  }

  receive(data) {
    let type, payload;
    try {
      ({ type, payload } = JSON.parse(data));
    } catch (error) {
      note('bad-frame', `${error.message}: ${data}`);
      return;
    }
    if (typeof payload !== 'string') {
      note('bad-frame', `type ${type} with a payload that is no string`);
      return;
    }
    if (type === MESSAGE.ERROR) {
      note('server-error', payload);
      return;
    }
    if (type === MESSAGE.UNAUTHORIZED || type === MESSAGE.END) this.stop();
    this.onMessage(type, payload);
  }

  send(type, payload) {
    if (this.ws.readyState !== WebSocket.OPEN) note('send-while-closed', `type ${type}`);
    else this.ws.send(JSON.stringify({ type, payload }));
  }

  signal(toUserId, message) {
    this.send(MESSAGE.SIGNAL, JSON.stringify({ toUserId, message: JSON.stringify(message) }));
  }

  stop() {
    this.stopped = true;
    clearTimeout(this.reconnect);
    this.ws.close();
  }
}
