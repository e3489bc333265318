// A WebSocket whose messages and end are awaited one by one.
import WebSocket from 'ws';

const WAIT_MS = 10_000;

export class Socket {
  /** Resolves when it is open. options: those of ws, and `protocols`. */
  static async open(url, { protocols = [], ...options } = {}) {
    const socket = new Socket(new WebSocket(url, protocols, options));
    await socket.opened;
    return socket;
  }

  constructor(ws) {
    this.ws = ws;
    this.messages = [];
    this.received = 0; // messages, in all
    this.confirmed = 0; // of them, as the server's pings behind them were answered
    this.waiting = [];
    this.isOver = false;
    this.opened = new Promise((resolve, reject) => {
      ws.once('open', resolve);
      ws.once('error', reject);
    });
    this.closed = new Promise((resolve) => {
      ws.once('close', (code, reason) => {
        this.isOver = true;
        resolve({ code, reason: reason.toString() });
        for (const each of this.waiting.splice(0)) each.reject(new Error(`closed with ${code} while waiting`));
      });
    });
    ws.on('error', () => {});
    ws.on('ping', (payload) => {
      if (payload.length === 4) this.confirmed = payload.readUInt32LE();
    });
    ws.on('message', (message, isBinary) => {
      this.received++;
      this.messages.push(isBinary ? message : message.toString());
      this.pump();
    });
  }

  pump() {
    for (const each of [...this.waiting]) {
      const index = this.messages.findIndex(each.fits);
      if (index < 0) continue;
      this.waiting.splice(this.waiting.indexOf(each), 1);
      clearTimeout(each.timer);
      each.resolve(this.messages.splice(index, 1)[0]);
    }
  }

  /** The next message that fits; those before it stay for others. */
  take(fits = () => true, what = 'a message') {
    return new Promise((resolve, reject) => {
      const each = { fits, resolve, reject };
      each.timer = setTimeout(() => {
        this.waiting.splice(this.waiting.indexOf(each), 1);
        reject(new Error(`no ${what} came; there are: ${JSON.stringify(this.messages).slice(0, 2000)}`));
      }, WAIT_MS);
      this.waiting.push(each);
      this.pump();
      if (this.isOver && this.waiting.includes(each)) {
        clearTimeout(each.timer);
        this.waiting.splice(this.waiting.indexOf(each), 1);
        reject(new Error('the socket is closed'));
      }
    });
  }

  next() {
    return this.take();
  }

  async nextJson() {
    return JSON.parse(await this.take());
  }

  /** The next JSON message for which `fits` holds. */
  async takeJson(fits, what) {
    return JSON.parse(await this.take((text) => text.startsWith?.('{') && fits(JSON.parse(text)), what));
  }

  send(text) {
    this.ws.send(text);
  }

  sendJson(value) {
    this.ws.send(JSON.stringify(value));
  }

  close() {
    this.ws.close();
    return this.closed;
  }

  /** As when the network is gone. */
  terminate() {
    this.ws.terminate();
    return this.closed;
  }
}

/** Opens a notification session. Returns { socket, session, lastDeliveryId, isNew }. */
export async function listen(person, session = '') {
  const socket = await Socket.open(`${person.server.wsUrl}/api/ws/notification`);
  socket.send(person.token);
  socket.send(session);
  const hello = await socket.next();
  const [first, last] = hello.split('\n');
  if (!first.startsWith('session:')) throw new Error(`not a hello: ${hello}`);
  return {
    socket,
    session: first.slice('session:'.length),
    isNew: last !== undefined,
    lastDeliveryId: last === undefined ? undefined : Number(last),
  };
}
