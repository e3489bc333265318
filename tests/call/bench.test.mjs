// The load harness works, and its report reads what it prints. No figure is judged here: that is bench/run.sh's.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { BINARY } from '../api/lib/server.mjs';
import { BENCH } from './lib/scenarios.mjs';

const REPORT = fileURLToPath(new URL('../../bench/report.py', import.meta.url));
const exec = promisify(execFile);
const bench = async (...args) => JSON.parse((await exec(BENCH, [...args, '--ichatd', BINARY, '--json'])).stdout);

let folder;
before(async () => (folder = await mkdtemp(path.join(tmpdir(), 'ichat-bench-test-'))));
after(() => rm(folder, { recursive: true, force: true }));

test('packets of a call, next to the floor', async () => {
  const result = await bench('--publishers', '1', '--subscribers', '3', '--rate', '50', '--seconds', '1');
  const [step] = result.steps;
  assert.equal(result.suite, 'AEAD_AES_128_GCM');
  assert.deepEqual([step.sent > 0, step.received, step.loss], [true, step.sent * 3, 0]);
  assert.ok(step.cpu_ns_per_packet > 0 && step.delays > 0 && step.delay_ms_p99 >= step.delay_ms_p50);
  assert.ok(Math.abs(step.ratio_to_floor / (step.cpu_ns_per_packet / result.floor.floor_ns) - 1) < 0.01);

  await writeFile(path.join(folder, 'quick__ichatd__1.json'), JSON.stringify(result));
  const line = JSON.parse((await exec('/usr/bin/python3', [REPORT, 'quick', folder, '--json'])).stdout);
  assert.ok(Math.abs(line.cpu_ns_per_packet - step.cpu_ns_per_packet) < 1); // it is rounded
  assert.deepEqual([line.ratio_to_floor > 0, line.loss, line.ratio_to_janus], [true, 0, null]);
});

test('messages of a room, next to the store', async () => {
  const result = await bench('chat', '--rooms', '3', '--idle', '10', '--seconds', '0.3', '--rate', '100');
  const [room] = result.rooms;
  assert.equal(result.idle_sockets, 10);
  for (const load of [room.saturated, room.half]) {
    assert.deepEqual([load.deliveries > 0, load.deliveries % 3, load.lost, load.refused], [true, 0, 0, 0]);
    assert.ok(load.delay_ms_p99 >= load.delay_ms_p50 && load.delay_ms_p50 > 0);
  }
  assert.equal(room.half.asked_per_s, 100);
  assert.ok(room.floor_per_s > 0 && room.floor_rows_per_s > 0);
});

test('a server that is not there', async () => {
  await assert.rejects(exec(BENCH, ['--ichatd', '/nonexistent', '--seconds', '1']), (error) => error.code === 1);
});
