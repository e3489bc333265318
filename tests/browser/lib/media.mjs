// What a page really receives: decoded pictures, changing pixels, sound energy, and from which addresses.
import assert from 'node:assert/strict';

/** Runs in the page: all that is known of each other member's media now, as JSON, which crosses at a tenth of the cost. */
async function sampleInPage() {
  const inbound = new Map();
  for (const pc of window.__ichat.pcs())
    for (const stat of (await pc.getStats()).values())
      if (stat.type === 'inbound-rtp') inbound.set(stat.trackIdentifier, stat);
  const luma = (video) => {
    const canvas = document.createElement('canvas');
    [canvas.width, canvas.height] = [64, 36];
    const context = canvas.getContext('2d', { willReadFrequently: true });
    context.drawImage(video, 0, 0, canvas.width, canvas.height);
    const { data } = context.getImageData(0, 0, canvas.width, canvas.height);
    return Array.from({ length: data.length / 4 }, (_, index) => Math.round((data[4 * index] + data[4 * index + 1] + data[4 * index + 2]) / 3));
  };
  const members = {};
  for (const tile of document.querySelectorAll('[data-user][data-own="false"]')) {
    const userId = Number(tile.dataset.user);
    const video = document.querySelector(`[data-testid="video-${userId}-camera"]`);
    const audio = document.querySelector(`[data-testid="audio-${userId}-mic"]`);
    const picture = inbound.get(video?.srcObject?.getVideoTracks()[0]?.id);
    const sound = inbound.get(audio?.srcObject?.getAudioTracks()[0]?.id);
    members[userId] = {
      framesDecoded: picture?.framesDecoded ?? 0,
      frameWidth: picture?.frameWidth ?? 0,
      videoWidth: video?.videoWidth ?? 0,
      luma: video?.videoWidth ? luma(video) : [],
      audioEnergy: sound?.totalAudioEnergy ?? 0,
      audioPlaying: audio ? !audio.paused : false,
    };
  }
  return JSON.stringify(members);
}

export const sample = async (page) => JSON.parse(await page.evaluate(sampleInPage));

const mean = (list) => list.reduce((sum, value) => sum + value, 0) / Math.max(1, list.length);
const differing = (a, b) => a.filter((value, index) => Math.abs(value - (b[index] ?? value)) > 24).length;

/** What is still missing between an earlier and a later sample, as sentences; none when all media flow. */
export function missing(before, after, userIds) {
  return userIds.flatMap((userId) => {
    const [old, now] = [before[userId], after[userId]];
    if (!old || !now) return [`${userId} has no tile`];
    const faults = [
      [now.framesDecoded > old.framesDecoded + 2, `decodes nothing new (${old.framesDecoded} -> ${now.framesDecoded})`],
      [now.frameWidth > 0 && now.videoWidth > 0, 'has no picture size'],
      [mean(now.luma) > 16, `is black (${mean(now.luma)})`],
      [differing(old.luma, now.luma) >= 4, 'shows a still picture'],
      [now.audioEnergy > old.audioEnergy, `is silent (${old.audioEnergy} -> ${now.audioEnergy})`],
      [now.audioPlaying, 'is not played'],
    ];
    return faults.filter(([good]) => !good).map(([, sentence]) => `${userId} ${sentence}`);
  });
}

/** Waits until the page sees moving pictures of, and hears, every one of `userIds`. */
export async function assertMediaFlows(page, userIds, { timeout = 60_000, name = 'the page' } = {}) {
  const deadline = Date.now() + timeout;
  // The first sample needs a tile with a picture for each, or "pixels change" would compare with nothing.
  await page.waitForFunction(
    (ids) => ids.every((id) => document.querySelector(`[data-testid="video-${id}-camera"]`)?.videoWidth > 0),
    userIds,
    { timeout, polling: 200 },
  ).catch(async (error) => {
    throw new Error(`${name} lacks pictures: ${JSON.stringify(brief(await sample(page)))}: ${error.message}`);
  });
  const before = await sample(page);
  let faults;
  do {
    await page.waitForTimeout(300); // the interval of sampling, not a guess at readiness
    faults = missing(before, await sample(page), userIds);
  } while (faults.length > 0 && Date.now() < deadline);
  assert.deepEqual(faults, [], `media at ${name}`);
}

const brief = (members) =>
  Object.fromEntries(Object.entries(members).map(([userId, { luma, ...rest }]) => [userId, { ...rest, mean: mean(luma) }]));

/** Every remote candidate of every connection of the page. */
export function remoteCandidates(page) {
  return page.evaluate(async () => {
    const found = [];
    for (const pc of window.__ichat.pcs())
      for (const stat of (await pc.getStats()).values())
        if (stat.type === 'remote-candidate') found.push({ address: stat.address, port: stat.port });
    return found;
  });
}

/** All media of the page come from the server, over at most two connections. */
export async function assertOnlyServer(page, server, address) {
  const candidates = await remoteCandidates(page);
  assert.ok(candidates.length > 0, 'the page has remote candidates');
  for (const candidate of candidates) {
    assert.equal(candidate.address, address);
    assert.ok(
      candidate.port >= server.mediaPort && candidate.port < server.mediaPort + server.mediaPorts,
      `${candidate.port} is a media port of the server`,
    );
  }
  const pcs = await page.evaluate(() => window.__ichat.pcs().map((pc) => pc.connectionState));
  assert.deepEqual(pcs, ['connected', 'connected']);
}
