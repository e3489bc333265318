// Starts an ichatd of its own for a test file: fresh data, free ports, loopback only; stops it again.
import { spawn } from 'node:child_process';
import { createSocket } from 'node:dgram';
import { existsSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after } from 'node:test';
import { fileURLToPath } from 'node:url';

const REPO = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '../../..');
const HOST = '127.0.0.1';
const MEDIA_PORTS = 8; // room for the workers of a large machine
const READY_MS = 20_000;
const STOP_MS = 10_000;

/** The address that every media connection must go to. */
export const MEDIA_ADDRESS = HOST;

/** For tests whose subject is not how fast a silent member is noticed: a busy machine may starve a page for seconds. */
export const PATIENT = { ICHAT_CALL_V2_ALIVE_MS: '30000', ICHAT_MEDIA_LIVENESS_MS: '30000' };

function findBinary() {
  const tried = [process.env.ICHATD, path.join(REPO, 'build/src/ichatd')].filter(Boolean);
  const found = tried.find((file) => existsSync(file));
  if (!found) throw new Error(`no ichatd to test: set ICHATD, or build it (tried ${tried.join(', ')})`);
  return found;
}

function findWebRoot() {
  const root = process.env.ICHAT_HTTP_WEB_ROOT ?? path.join(REPO, 'web/dist');
  if (!existsSync(path.join(root, 'index.html'))) throw new Error(`no built web client in ${root}: run its build first`);
  return root;
}

function freeTcpPort() {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', reject);
    server.listen(0, HOST, () => {
      const { port } = server.address();
      server.close(() => resolve(port));
    });
  });
}

function udpIsFree(port) {
  return new Promise((resolve) => {
    const socket = createSocket('udp4');
    socket.once('error', () => resolve(false));
    socket.bind(port, HOST, () => socket.close(() => resolve(true)));
  });
}

async function freeMediaPorts() {
  for (let attempt = 0; attempt < 50; attempt++) {
    const first = 20_000 + Math.floor(Math.random() * 10_000);
    const ports = Array.from({ length: MEDIA_PORTS }, (_, index) => first + index);
    if ((await Promise.all(ports.map(udpIsFree))).every(Boolean)) return first;
  }
  throw new Error('no free media ports');
}

async function untilReady(url, child, log) {
  const deadline = Date.now() + READY_MS;
  while (Date.now() < deadline) {
    if (child.exitCode !== null) throw new Error(`ichatd ended with ${child.exitCode}:\n${log()}`);
    const answer = await fetch(`${url}/healthz`).then((response) => response.json(), () => null);
    if (answer?.status === 'ok') return;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  throw new Error(`ichatd was not ready in time:\n${log()}`);
}

// A test that fails before it stops its server must not leave it running: its pipes would keep the file from ending. The
// file's own hooks come after this one, so they are given time.
const running = new Set();
after(() => setTimeout(() => running.forEach((kill) => kill()), 2 * STOP_MS).unref());

/** One process on given ports and data; `stop` asks it to end as an operator would, and says how it ended. */
async function run(url, env) {
  const child = spawn(findBinary(), [], { stdio: ['ignore', 'pipe', 'pipe'], env: { ...process.env, ...env } });
  const chunks = [];
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk) => chunks.push(chunk));
  const log = () => Buffer.concat(chunks).toString().slice(-8_000);
  const ended = new Promise((resolve) => child.once('exit', (code, signal) => resolve({ code, signal })));
  const kill = () => child.kill('SIGKILL');
  process.once('exit', kill);
  running.add(kill);
  void ended.then(() => running.delete(kill));

  async function stop() {
    process.off('exit', kill);
    if (child.exitCode === null) child.kill('SIGTERM');
    const timer = setTimeout(kill, STOP_MS);
    const result = await ended;
    clearTimeout(timer);
    return { ...result, log: log() };
  }

  /** As a crash or a power cut would. */
  async function crash() {
    process.off('exit', kill);
    kill();
    return ended;
  }

  try {
    await untilReady(url, child, log);
  } catch (error) {
    await stop();
    throw error;
  }
  return { log, stop, crash };
}

/** `env` overrides configuration by its ICHAT_ names. */
export async function startServer(env = {}) {
  const dataDir = await mkdtemp(path.join(tmpdir(), 'ichat-browser-'));
  const [httpPort, mediaPort] = [await freeTcpPort(), await freeMediaPorts()];
  const url = `http://${HOST}:${httpPort}`;
  const config = {
    ICHAT_DATA_DIR: dataDir,
    ICHAT_HTTP_BIND: HOST,
    ICHAT_HTTP_PORT: String(httpPort),
    ICHAT_HTTP_WEB_ROOT: findWebRoot(),
    ICHAT_MEDIA_BIND: HOST,
    ICHAT_MEDIA_PORT: String(mediaPort),
    ICHAT_MEDIA_ANNOUNCE: MEDIA_ADDRESS,
    ...env,
  };
  let running = await run(url, config);
  return {
    url,
    mediaPort,
    mediaPorts: MEDIA_PORTS,
    log: () => running.log(),
    /** Ends it and starts it again on the same ports and data; says how it ended. */
    async restart() {
      const result = await running.stop();
      running = await run(url, config);
      return result;
    },
    /** Kills it; `start` brings it up again on the same ports and data. */
    crash: () => running.crash(),
    async start() {
      running = await run(url, config);
    },
    async stop() {
      const result = await running.stop();
      await rm(dataDir, { recursive: true, force: true });
      return result;
    },
  };
}
