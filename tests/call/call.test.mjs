// Calls of native members (libnice's full agent, no browser) through a server: one thread, two threads, IPv6.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { createSocket } from 'node:dgram';
import path from 'node:path';
import { after, before, describe, it } from 'node:test';
import { BINARY, startServer } from '../api/lib/server.mjs';

const BUILD = path.resolve(path.dirname(BINARY), '..');
const SCENARIOS = process.env.ICHAT_CALL_SCENARIOS ?? path.join(BUILD, 'tests/call/call_scenarios');
const CLI = process.env.ICHAT_CLI ?? path.join(BUILD, 'src/client/ichat-cli');
const SCENARIO_MS = 90_000;

/** Exit code and output of a program; the code is null when it had to be killed. */
function run(file, args) {
  return new Promise((resolve) => {
    execFile(file, args, { timeout: SCENARIO_MS, killSignal: 'SIGKILL' }, (error, stdout, stderr) =>
      resolve({ code: error ? error.code : 0, signal: error?.signal, stdout, stderr }),
    );
  });
}

function bound(port, host) {
  return new Promise((resolve) => {
    const socket = createSocket(host.includes(':') ? 'udp6' : 'udp4');
    socket.once('error', () => resolve(false));
    socket.bind(port, host, () => socket.close(() => resolve(true)));
  });
}

/** The first of two neighbouring free UDP ports: one a media thread. */
async function freePortPair(host) {
  for (let attempt = 0; attempt < 100; attempt++) {
    const port = 30_000 + 2 * Math.floor(Math.random() * 1000);
    if ((await bound(port, host)) && (await bound(port + 1, host))) return port;
  }
  throw new Error('no two free UDP ports');
}

function withServer(title, host, env, tests) {
  describe(title, () => {
    let server;
    before(async () => {
      const media = { ICHAT_MEDIA_BIND: host, ICHAT_MEDIA_ANNOUNCE: host, ICHAT_MEDIA_PORT: String(await freePortPair(host)) };
      server = await startServer({ env: { ...media, ...env } });
    });
    after(async () => {
      await server?.stop(); // throws when it does not end well
    });
    tests(() => server);
  });
}

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
