// Members who come and go leave nothing behind: no peer, track or session, and no memory.
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { it } from 'node:test';
import { SCENARIOS, run, withServer } from './lib/scenarios.mjs';

const GAUGES = ['ichat_media_peers', 'ichat_media_tracks', 'ichat_media_subscriptions', 'ichat_calls_live', 'ichat_ws_open'];
const QUIET_MS = 10_000;
// malloc keeps no reserve of its own, so that what is resident is what is in use; without this the same server's memory
// moves more between two looks.
const exactMalloc = { MALLOC_ARENA_MAX: '1', MALLOC_TOP_PAD_: '0', MALLOC_TRIM_THRESHOLD_: '0' };
const LEAK_PER_JOIN = 1280; // bytes; what fragmentation does to the same server is up to 850 either way

async function gauges(url) {
  const page = await fetch(`${url}/metrics`).then((response) => response.text());
  return GAUGES.map((name) => [name, Number(page.match(new RegExp(`^${name} (-?\\d+)$`, 'm'))?.[1] ?? NaN)]);
}

/** Resolves once nobody and nothing is left of the calls, or fails with what is. */
async function untilNothingIsLeft(url) {
  const deadline = Date.now() + QUIET_MS;
  const zero = GAUGES.map((name) => [name, 0]);
  for (;;) {
    const now = await gauges(url);
    if (JSON.stringify(now) === JSON.stringify(zero)) return;
    if (Date.now() > deadline) assert.deepEqual(now, zero);
    await new Promise((resolve) => setTimeout(resolve, 50)); // media threads tell once a second
  }
}

async function residentBytes(pid) {
  const status = await readFile(`/proc/${pid}/status`, 'utf8');
  return Number(status.match(/^VmRSS:\s+(\d+) kB$/m)[1]) * 1024;
}

withServer('members come and go', '127.0.0.1', { ICHAT_MEDIA_WORKERS: '1', ...exactMalloc }, (server) => {
  it('leaves nothing behind', async (t) => {
    const { url, process: ichatd } = server();
    const resident = [];
    let joins = 0;
    for (let third = 0; third < 3; third++) {
      const { code, signal, stdout, stderr } = await run(SCENARIOS, ['churn', url]);
      assert.equal(code, 0, stderr || signal);
      joins = Number(stdout.match(/joins=(\d+)/)[1]);
      await untilNothingIsLeft(url);
      resident.push(await residentBytes(ichatd.child.pid));
    }
    // The first third fills caches and pools.
    const perJoin = (resident[2] - resident[1]) / joins;
    t.diagnostic(`resident after each ${joins} joins: ${resident.map((bytes) => bytes / 1024).join(', ')} KiB`);
    assert.ok(perJoin < LEAK_PER_JOIN, `${Math.round(perJoin)} bytes a join stay behind: ${resident.join(', ')}`);
  });
});
