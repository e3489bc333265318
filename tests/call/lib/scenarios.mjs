// The programs of native members, and servers for them.
import { execFile } from 'node:child_process';
import { createSocket } from 'node:dgram';
import path from 'node:path';
import { after, before, describe } from 'node:test';
import { BINARY, startServer } from '../../api/lib/server.mjs';

const BUILD = path.resolve(path.dirname(BINARY), '..');
export const SCENARIOS = process.env.ICHAT_CALL_SCENARIOS ?? path.join(BUILD, 'tests/call/call_scenarios');
export const CLI = process.env.ICHAT_CLI ?? path.join(BUILD, 'src/client/ichat-cli');
export const BENCH = process.env.ICHAT_BENCH ?? path.join(BUILD, 'bench/ichat-bench');
const SCENARIO_MS = 90_000;

/** Exit code and output of a program; the code is null when it had to be killed. */
export function run(file, args) {
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

export function withServer(title, host, env, tests) {
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
