// Starts an ichatd of its own: fresh data, free ports, loopback only. One server per database that the tests run on.
import { execFile, spawn } from 'node:child_process';
import { createSocket } from 'node:dgram';
import { existsSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const REPO = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '../../..');
const HOST = '127.0.0.1';
const READY_MS = 20_000;
const STOP_MS = 10_000;
const run = promisify(execFile);

export const BINARY = [process.env.ICHATD, path.join(REPO, 'build/src/ichatd')].find((file) => file && existsSync(file));
if (!BINARY) throw new Error('no ichatd to test: set ICHATD, or build it');

export function freePort() {
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

async function freeMediaPort() {
  for (let attempt = 0; attempt < 50; attempt++) {
    const port = 20_000 + Math.floor(Math.random() * 10_000);
    if (await udpIsFree(port)) return port;
  }
  throw new Error('no free media port');
}

let databaseNumber = 0;
async function makeDatabase(kind) {
  if (kind === 'sqlite') return { url: 'sqlite:', drop: async () => {} };
  const base = process.env.ICHAT_TEST_PG_URL;
  const name = `ichat_api_${process.pid}_${databaseNumber++}`;
  await run('psql', ['-q', '-d', base, '-c', `create database ${name}`]);
  // Not by class URL: libpq's form has no host before the path.
  const url = base.replace(/^(postgresql:\/\/[^/?]*)\/[^?]*/, `$1/${name}`);
  return { url, drop: () => run('psql', ['-q', '-d', base, '-c', `drop database ${name}`]) };
}

/** The databases to test on, to be walked over; what lacks a PostgreSQL says so in its results. */
export const databases = {
  *[Symbol.iterator]() {
    yield 'sqlite';
    if (process.env.ICHAT_TEST_PG_URL) yield 'postgresql';
    else test('on postgresql', { skip: 'ICHAT_TEST_PG_URL is not set: run this by tests/pg.sh run' });
  },
};

/** Runs the program to its end: for its command line. */
export async function runToEnd(args, env = {}) {
  try {
    const { stdout, stderr } = await run(BINARY, args, { env: { ...process.env, ...env }, timeout: 10_000 });
    return { code: 0, stdout, stderr };
  } catch (error) {
    return { code: error.code, signal: error.signal, stdout: error.stdout, stderr: error.stderr };
  }
}

// A test that fails before it stops its server must not leave it running: its pipes would keep the file from ending. The
// file's own hooks come after this one, so they are given time.
const running = new Set();
after(() => setTimeout(() => running.forEach((process) => process.kill()), 2 * STOP_MS).unref());

class Process {
  constructor(env, args) {
    this.child = spawn(BINARY, args, { stdio: ['ignore', 'pipe', 'pipe'], env: { ...process.env, ...env } });
    this.chunks = [];
    for (const stream of [this.child.stdout, this.child.stderr]) stream.on('data', (chunk) => this.chunks.push(chunk));
    this.ended = new Promise((resolve) => this.child.once('close', (code, signal) => resolve({ code, signal })));
    this.kill = () => this.child.kill('SIGKILL');
    process.once('exit', this.kill);
    running.add(this);
    void this.ended.then(() => running.delete(this));
  }

  output() {
    return Buffer.concat(this.chunks).toString();
  }

  /** Resolves once the output has the text. */
  async says(text) {
    const deadline = Date.now() + STOP_MS;
    while (!this.output().includes(text)) {
      if (Date.now() > deadline || this.child.exitCode !== null) throw new Error(`never said "${text}":\n${this.output()}`);
      await new Promise((resolve) => this.child.stderr.once('data', resolve) && setTimeout(resolve, 200));
    }
  }

  async stop(signal = 'SIGTERM') {
    const began = Date.now();
    process.off('exit', this.kill);
    if (this.child.exitCode === null) this.child.kill(signal);
    const timer = setTimeout(this.kill, STOP_MS);
    const result = await this.ended;
    clearTimeout(timer);
    return { ...result, tookMs: Date.now() - began, output: this.output() };
  }
}

/**
 * options: database ('sqlite' or 'postgresql'), env (ICHAT_... overrides), tls (an HTTPS port too), prepare (called with
 * the environment, before the first start).
 * `restart()` ends the process and starts it again on the same data and ports.
 */
export async function startServer(options = {}) {
  const dataDir = await mkdtemp(path.join(tmpdir(), 'ichat-api-'));
  const database = await makeDatabase(options.database ?? 'sqlite');
  const port = await freePort();
  const tlsPort = options.tls ? await freePort() : 0;
  const env = {
    ICHAT_DATA_DIR: dataDir,
    ICHAT_DATABASE_URL: database.url,
    ICHAT_HTTP_BIND: HOST,
    ICHAT_HTTP_PORT: String(port),
    ICHAT_HTTP_TLS_PORT: String(tlsPort),
    ICHAT_MEDIA_BIND: HOST,
    ICHAT_MEDIA_PORT: String(await freeMediaPort()),
    ICHAT_MEDIA_WORKERS: '1',
    ICHAT_MEDIA_ANNOUNCE: HOST,
    ICHAT_AUTH_LOGIN_TRIES_PER_MIN: '0',
    ...options.env,
  };
  const server = { port, tlsPort, dataDir, url: `http://${HOST}:${port}`, wsUrl: `ws://${HOST}:${port}`, env };

  async function start() {
    server.process = new Process(env, options.args ?? []);
    const deadline = Date.now() + READY_MS;
    while (Date.now() < deadline && server.process.child.exitCode === null) {
      const answer = await fetch(`${server.url}/healthz`).then((response) => response.json(), () => null);
      if (answer?.status === 'ok') return;
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    const { output } = await server.process.stop();
    throw new Error(`ichatd did not become ready:\n${output}`);
  }
  server.start = start;
  server.restart = async (signal) => {
    const result = await server.process.stop(signal);
    await start();
    return result;
  };
  /** Ends it as an operator would; it must end well. */
  server.stop = async () => {
    const result = await server.process.stop();
    await database.drop();
    await rm(dataDir, { recursive: true, force: true });
    if (result.code !== 0) throw new Error(`ichatd ended with ${result.code ?? result.signal}:\n${result.output}`);
    return result;
  };
  await options.prepare?.(env);
  await start();
  return server;
}
