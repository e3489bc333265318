// Calls of native members (libnice's full agent, no browser) through a server: one thread, two threads, IPv6.
import assert from 'node:assert/strict';
import { it } from 'node:test';
import { CLI, SCENARIOS, run, withServer } from './lib/scenarios.mjs';

function scenario(getServer, name) {
  it(name, async () => {
    const { code, signal, stderr } = await run(SCENARIOS, [name, getServer().url]);
    assert.equal(code, 0, `${stderr || signal}\n--- server:\n${getServer().process.output().slice(-4000)}`);
    const health = await fetch(`${getServer().url}/healthz`).then((response) => response.json());
    assert.deepEqual(health, { status: 'ok' });
  });
}

withServer('one media thread', '127.0.0.1', { ICHAT_MEDIA_WORKERS: '1' }, (server) => {
  for (const name of ['two', 'four', 'loss', 'pli', 'mute', 'pause', 'suites']) scenario(server, name);
  for (const name of ['leave-rejoin', 'killed', 'hangup', 'wrong-certificate', 'ice-restart']) scenario(server, name);

  it('ichat-cli says who received whom', async () => {
    const { code, stdout, stderr } = await run(CLI, ['call', '--url', server().url, '--members', '3', '--seconds', '2']);
    assert.equal(code, 0, stdout + stderr);
    assert.match(stdout, /^members=3 pairs=6 good=6 suite=AEAD_AES_128_GCM /m);
    assert.equal(stdout.match(/<-/g).length, 12); // audio and video of each pair
  });

  it('ichat-cli fails without a server', async () => {
    const { code, stderr } = await run(CLI, ['call', '--url', 'http://127.0.0.1:1', '--seconds', '1']);
    assert.equal(code, 1);
    assert.match(stderr, /register/);
  });

  it('ichat-cli refuses wrong arguments', async () => {
    const { code, stderr } = await run(CLI, ['call', '--members', '1', '--url', 'http://127.0.0.1:1']);
    assert.equal(code, 2);
    assert.match(stderr, /usage:/);
  });
});

const spread = { ICHAT_MEDIA_WORKERS: '2', ICHAT_MEDIA_PLACEMENT: 'spread' };
withServer('members spread over two media threads', '127.0.0.1', spread, (server) => {
  for (const name of ['two', 'four', 'loss', 'pli', 'mute', 'leave-rejoin', 'killed']) scenario(server, name);
});

withServer('IPv6', '::1', { ICHAT_MEDIA_WORKERS: '1' }, (server) => {
  for (const name of ['two', 'loss']) scenario(server, name);
});
