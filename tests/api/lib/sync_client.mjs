// A client that keeps its messages as the contract's client does: it resumes its notification session, and on a new one
// it syncs from its last delivery. It notes each delivery, so that a test can see what was lost or doubled.
import assert from 'node:assert/strict';
import { call } from './api.mjs';
import { Socket } from './socket.mjs';

const PAGE = 50;
const RETRY_MS = 30; // the contract's client waits 3 s

export class SyncClient {
  /** Resolves when it is connected for the first time. */
  static async start(person) {
    const client = new SyncClient(person);
    await new Promise((resolve, reject) => {
      client.onConnected = resolve;
      client.loop().catch((error) => {
        client.failure = error;
        reject(error);
        client.pump();
      });
    });
    return client;
  }

  constructor(person) {
    this.person = person;
    this.session = '';
    this.last = 0; // delivery id
    this.syncFrom = null; // the delivery id behind which something may be missing
    this.deliveries = new Map(); // delivery id -> message
    this.highest = 0; // the last delivery that this session notified, over all its sockets
    this.notified = new Map(); // delivery id -> how many notices came of it
    this.localIds = []; // as they came with notifications
    this.hellos = { resumed: 0, renewed: 0 };
    this.waiting = [];
    this.isStopped = false;
  }

  async loop() {
    while (!this.isStopped) {
      const socket = await Socket.open(`${this.person.server.wsUrl}/api/ws/notification`).catch(() => null);
      if (socket) await this.converse(socket).catch((error) => this.check(error));
      if (!this.isStopped) await new Promise((resolve) => setTimeout(resolve, RETRY_MS));
    }
  }

  /** Broken connections are what these tests are about; all else is a finding. */
  check(error) {
    if (error instanceof assert.AssertionError) throw error;
  }

  async converse(socket) {
    this.socket = socket;
    socket.ws.removeAllListeners('message');
    const failed = new Promise((resolve, reject) => {
      let isHello = true;
      socket.ws.on('message', (data) => {
        socket.received++;
        try {
          if (isHello) this.onHello(data.toString()).catch(reject);
          else this.onNotice(JSON.parse(data));
          isHello = false;
        } catch (error) {
          reject(error);
        }
      });
    });
    failed.catch(() => {});
    socket.send(this.person.token);
    socket.send(this.session);
    await Promise.race([socket.closed, failed]);
  }

  async onHello(text) {
    const [first, last] = text.split('\n');
    const session = first.slice('session:'.length);
    const isNew = last !== undefined;
    assert.ok(isNew || session === this.session, `a resumed session is the one that was asked for: ${text}`);
    const isFirst = !this.session;
    this.session = session;
    if (isNew) this.highest = 0;
    if (isFirst) this.last = Number(last);
    else if (isNew) this.syncFrom ??= this.last;
    if (this.syncFrom !== null) await this.sync();
    this.hellos[isNew ? 'renewed' : 'resumed']++;
    this.onConnected();
  }

  /** A session that is resumed goes on behind what it took: nothing comes again, nothing falls back. */
  onNotice({ type, payload }) {
    if (type !== 1) return;
    const { deliveryId, localId } = payload;
    assert.ok(deliveryId > this.highest, `delivery ${deliveryId} came behind ${this.highest} in one session`);
    this.highest = deliveryId;
    this.notified.set(deliveryId, (this.notified.get(deliveryId) ?? 0) + 1);
    if (localId) this.localIds.push(localId);
    this.take(payload);
  }

  /** From the newest back to the last that is known. */
  async sync() {
    const synced = this.syncFrom;
    for (let last = 0; ; ) {
      const query = { synced, last, limit: PAGE };
      const { body } = await call(this.person.server, 'GET', '/api/chat/sync', { token: this.person.token, query });
      assert.equal(body.code, 200, JSON.stringify(body));
      for (const message of body.data) this.take(message);
      if (body.data.length < PAGE) break;
      last = body.data.at(-1).deliveryId;
    }
    this.syncFrom = null;
  }

  /** What syncs and notifies at once may come in both ways; it is one delivery. */
  take(message) {
    const known = this.deliveries.get(message.deliveryId);
    assert.ok(!known || known.messageId === message.messageId, `delivery ${message.deliveryId} is of two messages`);
    this.deliveries.set(message.deliveryId, message);
    this.last = Math.max(this.last, message.deliveryId);
    this.pump();
  }

  pump() {
    for (const each of [...this.waiting]) {
      const isThere = [...this.deliveries.values()].some((message) => message.text === each.text);
      if (!isThere && !this.failure) continue;
      this.waiting.splice(this.waiting.indexOf(each), 1);
      if (this.failure) each.reject(this.failure);
      else each.resolve();
    }
  }

  /** Resolves once it has a message with this text. */
  has(text) {
    return new Promise((resolve, reject) => {
      this.waiting.push({ text, resolve, reject });
      this.pump();
    });
  }

  /** Resolves once all that the server sent so far has arrived, and the server knows it. */
  async settle() {
    await this.ping();
    while (this.socket.confirmed < this.socket.received) await new Promise((resolve) => setTimeout(resolve, 10));
    await this.ping(); // behind our pong
  }

  async ping() {
    const pong = new Promise((resolve) => this.socket.ws.once('pong', resolve));
    this.socket.ws.ping();
    await pong;
  }

  /** As when the network is gone for a moment. */
  drop() {
    this.socket?.terminate();
  }

  /** text -> the number of deliveries of it. */
  counts() {
    const counts = new Map();
    for (const { text } of this.deliveries.values()) counts.set(text, (counts.get(text) ?? 0) + 1);
    return counts;
  }

  async stop() {
    this.isStopped = true;
    await this.socket?.terminate();
    if (this.failure) throw this.failure;
  }
}
