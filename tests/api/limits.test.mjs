// Limits of the HTTP edge over all requests, and of one request's query.
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import net from 'node:net';
import { after, before, describe, test } from 'node:test';
import { befriend, call, data, PASSWORD, refused, register } from './lib/api.mjs';
import { startServer } from './lib/server.mjs';

const KIB = 1024;

describe('the bodies of all requests at once', () => {
  let server;
  let user;
  const open = new Set();
  before(async () => {
    server = await startServer({ env: { ICHAT_HTTP_MAX_BODIES_MB: '1', ICHAT_HTTP_MAX_BODY_KB: '512' } });
    user = await register(server);
  });
  after(async () => {
    open.forEach((socket) => socket.destroy());
    await server.stop();
  });

  /** When the server has read all that was sent to it: until then a body that is on its way may be the one refused. */
  async function allRead() {
    const port = server.port.toString(16).toUpperCase().padStart(4, '0');
    const queued = async () => {
      const tables = await Promise.all(['/proc/net/tcp', '/proc/net/tcp6'].map((file) => readFile(file, 'utf8')));
      const rows = tables.flatMap((table) => table.split('\n').slice(1)).map((line) => line.trim().split(/\s+/));
      return rows.some(([, local, remote, state, queues]) => state === '01' && (local.endsWith(`:${port}`) || remote.endsWith(`:${port}`)) && queues !== '00000000:00000000');
    };
    while (await queued()) await new Promise((resolve) => setTimeout(resolve, 10));
  }

  /** A login of `size` bytes that has sent `sent` of them. */
  async function begin(size, sent) {
    const socket = net.connect(server.port, '127.0.0.1');
    open.add(socket);
    const text = JSON.stringify({ username: user.name, password: PASSWORD }).padEnd(size);
    let answer = '';
    socket.on('data', (chunk) => (answer += chunk));
    const ended = new Promise((resolve) => socket.on('close', resolve));
    socket.on('error', () => {});
    await new Promise((resolve) => socket.write(`POST /api/login HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: ${size}\r\n\r\n${text.slice(0, sent)}`, resolve));
    await allRead();
    return {
      /** The rest of it; resolves to the answer's code. */
      async finish() {
        socket.write(text.slice(sent));
        while (!answer.endsWith('}')) await Promise.race([new Promise((resolve) => socket.once('data', resolve)), ended]);
        return JSON.parse(answer.slice(answer.indexOf('\r\n\r\n'))).code;
      },
      async leave() {
        socket.destroy();
        await ended;
      },
    };
  }
  const login = async (kib) => (await begin(kib * KIB, kib * KIB)).finish();
  async function until(kib, code) {
    for (const deadline = Date.now() + 10_000; ; ) {
      const found = await login(kib);
      if (found === code) return;
      assert.ok(Date.now() < deadline, `a body of ${kib} KiB still answers ${found}`);
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  }

  test('are limited; what waits goes on, and what needs none is not stopped', { timeout: 60_000 }, async () => {
    assert.equal(await login(300), 200);
    const waiting = await Promise.all([0, 1, 2].map(() => begin(300 * KIB, 299 * KIB)));
    await until(200, 500); // 897 of 1,024 KiB
    await server.process.says('Too many request bodies at once, refusing one: bytes=');
    refused(await call(server, 'POST', '/api/login', { body: ' '.repeat(200 * KIB) }), 500, '服务器内部错误');
    assert.equal(await login(100), 200);

    // One that was refused and does not end holds nothing back from others.
    const slow = await begin(200 * KIB, 199 * KIB);
    await until(200, 500);
    await until(100, 200);
    assert.equal(await slow.finish(), 500);

    await user.get('/api/contact');
    const form = new FormData();
    form.set('file', new Blob(['x'.repeat(400 * KIB)]), 'a.txt');
    data(await user.call('POST', '/api/file/upload', { body: form })); // goes to the disk as it comes

    assert.equal(await waiting[0].finish(), 200);
    await until(200, 200);
    const another = await begin(300 * KIB, 299 * KIB);
    await until(200, 500);
    await waiting[1].leave();
    await until(200, 200);
    assert.deepEqual([await waiting[2].finish(), await another.finish()], [200, 200]);
    await until(500, 200);
  });
});

describe('the items of a query', () => {
  let server;
  before(async () => {
    server = await startServer();
  });
  after(() => server.stop());

  const fill = (count) => Array.from({ length: count }, (_, i) => `x${i}=${i}`).join('&');

  test('are 16 at most: those behind them count as not there', async () => {
    const [a, b] = [await register(server), await register(server)];
    const [{ contactId }] = await befriend(a, b);
    const members = (query) => a.call('GET', `/api/contact/members?${query}`);
    const without = (await members('')).text;
    assert.equal(data(await members(`contactId=${contactId}`)).length, 2);
    assert.equal(data(await members(`${fill(15)}&contactId=${contactId}`)).length, 2);
    assert.equal(data(await members(`contactId=${contactId}&${fill(50)}`)).length, 2);
    for (const count of [16, 17, 50]) assert.equal((await members(`${fill(count)}&contactId=${contactId}`)).text, without, `${count}`);
    assert.notEqual(JSON.parse(without).code, 200);
  });

  test('and so it is with a token among them', async () => {
    const user = await register(server);
    const ask = (query) => call(server, 'GET', `/api/contact?${query}`);
    data(await ask(`${fill(15)}&token=${user.token}`));
    refused(await ask(`${fill(16)}&token=${user.token}`), 401);
    data(await ask(`token=${user.token}&${fill(50)}`));
  });

  test('of hundreds the HTTP library ends the connection, and that alone', async () => {
    const user = await register(server);
    await assert.rejects(call(server, 'GET', `/api/contact?token=${user.token}&${fill(1000)}`));
    await user.get('/api/contact');
  });
});
