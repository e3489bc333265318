// The offer and answer rules of one connection (section 9).
//
// A round is one exchange of offer and answer. It belongs to a role: who has a local description offers; before that
// the smaller user id offers and the larger waits. What goes wrong inside is deliberately not caught: the client that
// this stands for does not catch it either, and the journal counts it as an unhandled rejection.
import { note } from './journal.js';

const STEP_MS = 3_000;

export const SIGNAL = { OFFER: 1, ANSWER: 2, CANDIDATE: 3 };

// What it means when a step's time is up.
const UNHEARD = { sent: 'no-answer', waiting: 'no-offer' };

const OFFER = 'offer';
const ANSWER = 'answer';

export class Negotiation {
  constructor({ pc, selfId, userId, send }) {
    Object.assign(this, { pc, selfId, userId, send });
    this.role = null;
    this.state = 'idle'; // creating, sent, applying in role OFFER; waiting, answering in role ANSWER
    this.dirty = false;
    this.settingRemote = 0;
    this.remoteStreams = new Set();
    pc.onnegotiationneeded = () => this.negotiate();
    pc.onicecandidate = ({ candidate }) => candidate && this.sendCandidate(candidate); // a null one is never sent
  }

  /** Begins a round; during one, another follows right after it. */
  negotiate() {
    if (this.state !== 'idle') this.dirty = true;
    else this.startRound();
  }

  startRound() {
    this.dirty = false;
    this.role = this.pc.localDescription || this.selfId < this.userId ? OFFER : ANSWER;
    if (this.role === OFFER) this.createOffer();
    else this.enter('waiting');
  }

  enter(state) {
    clearTimeout(this.timer);
    this.state = state;
    if (state === 'idle') return;
    this.timer = setTimeout(() => {
      note(UNHEARD[state] ?? 'slow-browser', `${this.userId} ${state}`);
      this.startRound();
    }, STEP_MS);
  }

  finish() {
    this.enter('idle');
    if (this.dirty) this.startRound();
  }

  async createOffer() {
    this.enter('creating');
    // Tracks added just before have their negotiationneeded fire now, within the round: a second one follows the first.
    await new Promise((resolve) => setTimeout(resolve));
    if (this.isOver('creating')) return;
    await this.pc.setLocalDescription();
    if (this.isOver('creating')) return;
    this.sendDescription(SIGNAL.OFFER);
    this.enter('sent');
  }

  isOver(state) {
    return this.closed || this.state !== state;
  }

  async receive({ type, payload }) {
    if (type === SIGNAL.OFFER) await this.receiveOffer(payload);
    else if (type === SIGNAL.ANSWER) await this.receiveAnswer(payload);
    else if (type === SIGNAL.CANDIDATE) await this.receiveCandidate(payload);
    else note('bad-frame', `signal of type ${type}`);
  }

  async receiveOffer(offer) {
    this.checkStreams(offer);
    const glare = this.role === OFFER && this.state !== 'idle';
    if (glare && this.selfId < this.userId) {
      note('glare-dropped', this.userId);
      return;
    }
    if (this.state === 'answering') note('overlapping-offer', this.userId);
    this.role = ANSWER;
    this.enter('answering');
    if (glare) {
      note('glare-yielded', this.userId);
      await this.pc.setLocalDescription(); // makes its offer anew; the rollback is the implicit one of the next line
    }
    await this.setRemote(offer);
    await this.pc.setLocalDescription();
    if (this.closed) return;
    this.sendDescription(SIGNAL.ANSWER);
    this.finish();
  }

  async receiveAnswer(answer) {
    this.checkStreams(answer);
    if (this.role !== OFFER) {
      note('answer-dropped', this.userId);
      return;
    }
    if (this.state === 'idle') note('stale-answer', this.userId);
    else this.enter('applying');
    await this.setRemote(answer);
    if (!this.isOver('applying')) this.finish();
  }

  async setRemote(description) {
    this.settingRemote++;
    try {
      await this.pc.setRemoteDescription(description);
    } catch (error) {
      note('set-remote-failed', `${this.userId} ${description.type}: ${error.message}`);
      throw error;
    } finally {
      this.settingRemote--;
    }
  }

  async receiveCandidate(candidate) {
    if (!this.pc.remoteDescription || this.settingRemote > 0) {
      note('candidate-dropped', this.userId);
      return;
    }
    try {
      await this.pc.addIceCandidate(candidate);
    } catch (error) {
      note('candidate-failed', `${this.userId} ${error.message}`); // of an offer that was dropped, in a mesh
    }
  }

  /** Every m-line that sends must name the member's one stream, which never changes while the connection lives. */
  checkStreams({ sdp }) {
    const sections = sdp.split(/^(?=m=)/m).slice(1);
    for (const section of sections) {
      if (!/^a=(sendrecv|sendonly)/m.test(section)) continue;
      const stream = /^a=msid:(\S+)/m.exec(section)?.[1];
      if (!stream || stream === '-') note('bad-stream-id', `${this.userId} has none`);
      else this.remoteStreams.add(stream);
    }
    if (this.remoteStreams.size > 1) note('bad-stream-id', `${this.userId} has ${[...this.remoteStreams].join()}`);
  }

  sendDescription(type) {
    const { localDescription } = this.pc;
    note(type === SIGNAL.OFFER ? 'offer-sent' : 'answer-sent', this.userId);
    this.send({ type, payload: { type: localDescription.type, sdp: localDescription.sdp } });
  }

  sendCandidate({ candidate, sdpMid, sdpMLineIndex, usernameFragment }) {
    this.send({ type: SIGNAL.CANDIDATE, payload: { candidate, sdpMid, sdpMLineIndex, usernameFragment } });
  }

  close() {
    this.closed = true;
    clearTimeout(this.timer);
  }
}
