// What the page really sends and receives, by member.
import { audioContext } from './sources.js';
import { tileOf } from './tiles.js';

const SAMPLE = { width: 64, height: 36 };

function pictureOf(video) {
  if (!video?.videoWidth || video.videoWidth < 3) return { luma: [], colour: [0, 0, 0] };
  const canvas = Object.assign(document.createElement('canvas'), SAMPLE);
  const context = canvas.getContext('2d', { willReadFrequently: true });
  context.drawImage(video, 0, 0, canvas.width, canvas.height);
  const { data } = context.getImageData(0, 0, canvas.width, canvas.height);
  const count = data.length / 4;
  const luma = new Array(count);
  const sums = [0, 0, 0]; // of the lower half: the upper part of a screen has the wandering bar
  for (let i = 0; i < count; i++) {
    const [red, green, blue] = [data[4 * i], data[4 * i + 1], data[4 * i + 2]];
    luma[i] = Math.round((red + green + blue) / 3);
    if (i < count / 2) continue;
    sums[0] += red;
    sums[1] += green;
    sums[2] += blue;
  }
  return { luma, colour: sums.map((sum) => Math.round(sum / (count / 2))) };
}

const emptyFlow = () => ({ packets: 0, bytes: 0, frames: 0 });

function readReport(report) {
  const read = {
    out: { audio: emptyFlow(), video: emptyFlow() },
    framesDecoded: 0,
    frameWidth: 0,
    frameHeight: 0,
    audioEnergy: 0,
    remote: [],
    local: [],
    selected: null,
  };
  const byId = new Map([...report.values()].map((stat) => [stat.id, stat]));
  for (const stat of byId.values()) {
    if (stat.type === 'outbound-rtp') {
      const flow = read.out[stat.kind];
      flow.packets += stat.packetsSent;
      flow.bytes += stat.bytesSent;
      flow.frames += stat.framesEncoded ?? 0;
    } else if (stat.type === 'inbound-rtp' && stat.kind === 'video') {
      read.framesDecoded += stat.framesDecoded ?? 0;
      read.frameWidth = Math.max(read.frameWidth, stat.frameWidth ?? 0);
      read.frameHeight = Math.max(read.frameHeight, stat.frameHeight ?? 0);
    } else if (stat.type === 'inbound-rtp') read.audioEnergy += stat.totalAudioEnergy ?? 0;
    else if (stat.type === 'remote-candidate') read.remote.push({ address: stat.address, port: stat.port });
    else if (stat.type === 'local-candidate') read.local.push({ address: stat.address, port: stat.port });
    else if (stat.type === 'transport' && stat.selectedCandidatePairId) {
      const pair = byId.get(stat.selectedCandidatePairId);
      const { address, port } = byId.get(pair?.remoteCandidateId) ?? {};
      read.selected = { address, port };
    }
  }
  return read;
}

async function readConnection(connection) {
  const { pc, state, made, negotiation } = connection;
  const base = { memberState: state, made, connectionState: pc?.connectionState ?? 'none' };
  if (!pc) return { ...base, ...readReport(new Map()) };
  return { ...base, role: negotiation.role, round: negotiation.state, ...readReport(await pc.getStats()) };
}

function readTile(userId) {
  const tile = tileOf(userId);
  const video = tile?.querySelector('video');
  const stream = video?.srcObject;
  return {
    shown: Boolean(tile),
    hasStream: Boolean(stream),
    videoTracks: stream?.getVideoTracks().length ?? 0,
    audioTracks: stream?.getAudioTracks().length ?? 0,
    videoWidth: video?.videoWidth ?? 0,
    videoHeight: video?.videoHeight ?? 0,
    audioPlaying: Boolean(stream) && !video.paused,
    ...pictureOf(video),
  };
}

/** All that is known now, by the other members' user ids: as JSON, which crosses to the test at a tenth of the cost. */
export async function readStats(call) {
  const members = {};
  for (const [userId, connection] of call.connections ?? [])
    members[userId] = { ...(await readConnection(connection)), ...readTile(userId) };
  return JSON.stringify(members);
}

/** The strongest frequency (Hz) in a member's sound, and its level in dB. */
export async function hear(userId, ms = 300) {
  const stream = tileOf(userId)?.querySelector('video').srcObject;
  if (!stream?.getAudioTracks().length) return { hertz: 0, level: -Infinity };
  const context = audioContext();
  const source = context.createMediaStreamSource(stream);
  const analyser = new AnalyserNode(context, { fftSize: 8192, smoothingTimeConstant: 0 });
  source.connect(analyser);
  await new Promise((resolve) => setTimeout(resolve, ms)); // the analyser's window must fill
  const bins = new Float32Array(analyser.frequencyBinCount);
  analyser.getFloatFrequencyData(bins);
  source.disconnect();
  const peak = bins.indexOf(Math.max(...bins));
  return { hertz: (peak * context.sampleRate) / analyser.fftSize, level: bins[peak] };
}
