// A call from the page's opening to its end (sections 6, 8 and 9).
import { makeApi } from './api.js';
import { Connection } from './connection.js';
import { note } from './journal.js';
import { LocalMedia } from './local.js';
import { CallSocket, MESSAGE } from './socket.js';
import { showMember, showStream } from './tiles.js';

const POLL_MS = 1_000;
const NEW = 1;
const END = 4;

export class Call {
  constructor({ callId, userId, token, iceServers = [], tone, colour, media = ['mic', 'camera'] }) {
    Object.assign(this, { callId, userId, iceServers, wanted: media });
    this.api = makeApi(token);
    this.states = new Map();
    this.names = new Map();
    this.connections = null; // made by the first list of states
    this.started = 0;
    this.answeredStarts = 0;
    this.endReason = null;
    this.media = new LocalMedia({ tone, colour }, (...change) => this.changeMedia(...change));
  }

  async open() {
    this.call = await this.api.getCall(this.callId);
    while (this.call.status === NEW) {
      await new Promise((resolve) => setTimeout(resolve, POLL_MS));
      this.call = await this.api.getCall(this.callId);
    }
    if (this.call.status === END) {
      this.end(this.call.endReason);
      return;
    }
    const token = await this.api.join(this.callId);
    this.socket = new CallSocket(token, (type, payload) => this.receive(type, payload));
    this.socket.open();
    this.openMedia();
  }

  openMedia() {
    if (this.wanted.includes('mic')) this.media.setMic(true);
    if (this.wanted.includes('camera')) this.media.setVideo('camera');
  }

  /** Media that are there before the first list of states reach no connection. */
  changeMedia(stream, added, removed) {
    if (!this.connections) note('media-before-states');
    for (const connection of this.connections?.values() ?? []) connection.change(stream, added, removed);
  }

  receive(type, payload) {
    if (type === MESSAGE.STATES) this.receiveStates(JSON.parse(payload));
    else if (type === MESSAGE.STATE) this.receiveState(JSON.parse(payload));
    else if (type === MESSAGE.SIGNAL) this.receiveSignal(JSON.parse(payload));
    else if (type === MESSAGE.START) this.receiveStart();
    else if (type === MESSAGE.END) this.end(Number(payload));
    else if (type === MESSAGE.UNAUTHORIZED) note('unauthorized');
    else note('bad-frame', `type ${type}`);
  }

  receiveStates(list) {
    const waited = Math.round(performance.now() - this.socket.tokenAt);
    note('states', `${list.map(({ userId, state }) => `${userId}:${state}`).join(' ')} after ${waited} ms`);
    this.makeConnections(list);
    for (const state of list) this.setState(state);
    this.fetchNames(list.map(({ userId }) => userId));
  }

  makeConnections(list) {
    if (this.connections) return;
    this.connections = new Map();
    for (const { userId } of list) {
      if (userId === this.userId) continue;
      const connection = new Connection({
        selfId: this.userId,
        userId,
        iceServers: this.iceServers,
        send: (message) => this.socket.signal(userId, message),
        onStream: (stream) => showStream(userId, stream),
      });
      this.connections.set(userId, connection);
    }
  }

  receiveState(state) {
    note('state', `${state.userId}:${state.state}`);
    this.setState(state);
  }

  setState({ userId, state }) {
    this.states.set(userId, state);
    if (userId === this.userId) return;
    showMember(userId, state, this.names.get(userId));
    this.connections?.get(userId)?.setState(state);
  }

  async fetchNames(userIds) {
    const infos = await this.api.userInfos(userIds);
    userIds.forEach((userId, index) => this.names.set(userId, infos[index]?.nickname));
  }

  receiveSignal({ fromUserId, message }) {
    const signal = JSON.parse(message);
    note('signal', `${fromUserId} type ${signal.type}`);
    const connection = this.connections?.get(fromUserId);
    if (connection) connection.receive(signal);
    else note('signal-of-stranger', fromUserId);
  }

  async receiveStart() {
    this.started++;
    this.call = await this.api.getCall(this.callId);
    this.answeredStarts++;
  }

  async hangup() {
    await this.api.hangup(this.callId);
  }

  end(reason) {
    this.endReason = reason;
    for (const connection of this.connections?.values() ?? []) connection.disconnect();
    this.media.stop();
    document.querySelector('#end').textContent = `The call ended: ${reason}`;
  }
}
