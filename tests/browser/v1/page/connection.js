// The connection to one other member (section 9): it lives while he is Online, and comes anew each time he gets Online.
import { note } from './journal.js';
import { Negotiation } from './negotiation.js';

const ONLINE = 4;

export class Connection {
  constructor({ selfId, userId, iceServers, send, onStream }) {
    Object.assign(this, { selfId, userId, iceServers, send, onStream });
    this.state = 0;
    this.pc = null;
    this.made = 0;
    this.tracks = []; // what this connection was told to send, in a stream that is the page's only one
  }

  setState(state) {
    if (state === this.state) return;
    this.state = state;
    this.disconnect();
    if (state === ONLINE) this.connect();
  }

  connect() {
    const pc = new RTCPeerConnection({ iceServers: this.iceServers });
    this.pc = pc;
    this.made++;
    pc.ontrack = ({ streams }) => this.receiveStream(streams[0]);
    pc.onconnectionstatechange = () => note('pc-state', `${this.userId} ${pc.connectionState}`); // and nothing is done
    this.negotiation = new Negotiation({ pc, selfId: this.selfId, userId: this.userId, send: this.send });
    for (const track of this.tracks) pc.addTrack(track, this.localStream);
    this.negotiation.negotiate();
  }

  disconnect() {
    if (!this.pc) return;
    this.negotiation.close();
    this.pc.close();
    this.pc = null;
    this.onStream(undefined);
  }

  receiveStream(stream) {
    if (!stream) note('track-without-stream', this.userId);
    else stream.onremovetrack = () => this.onStream(stream);
    this.onStream(stream);
  }

  receive(message) {
    if (this.pc) return this.negotiation.receive(message);
    note('signal-before-online', this.userId);
  }

  /** Always removeTrack and addTrack, never replaceTrack: the connection then asks for a round by itself. */
  change(localStream, added, removed) {
    this.localStream = localStream;
    this.tracks = [...this.tracks.filter((track) => !removed.includes(track)), ...added];
    if (!this.pc) return;
    for (const sender of this.pc.getSenders())
      if (sender.track && removed.includes(sender.track)) this.pc.removeTrack(sender);
    for (const track of added) this.pc.addTrack(track, localStream);
  }
}
