// Behind a reverse proxy: http.trusted_proxies, whose X-Forwarded-For says who asks. Loopback has many addresses, so
// those that connect as 127.0.0.2 or 127.0.0.16..31 are the proxies here.
import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import http from 'node:http';
import net from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, before, describe, test } from 'node:test';
import { PASSWORD, register } from './lib/api.mjs';
import { runToEnd, startServer } from './lib/server.mjs';
import { Socket } from './lib/socket.mjs';

const PROXY = '127.0.0.2';
const OTHER_PROXY = '127.0.0.30';
const NOBODY = '127.0.0.3'; // connects, and is no proxy
const TRIES = 4;
const UPLOADS = 3;
const env = {
  ICHAT_HTTP_TRUSTED_PROXIES: ` ${PROXY}, 127.0.0.16/28,10.0.0.0/8, 2001:db8:f::/48 `,
  ICHAT_AUTH_LOGIN_TRIES_PER_MIN: String(TRIES),
  ICHAT_HTTP_ANONYMOUS_UPLOADS_PER_MIN: String(UPLOADS),
  ICHAT_LOG_LEVEL: 'debug',
};

/** One request as somebody at `from` makes it. forwarded: the value of X-Forwarded-For, or a list: a line for each. */
function ask(server, method, path, { from = PROXY, forwarded, headers = {}, body, agent = false } = {}) {
  const options = { method, agent, localAddress: from, headers: { ...headers } };
  if (forwarded !== undefined) options.headers['X-Forwarded-For'] = forwarded;
  if (body !== undefined) options.headers['Content-Length'] = Buffer.byteLength(body);
  return new Promise((resolve, reject) => {
    const request = http.request(server.url + path, options, (response) => {
      let text = '';
      response.on('data', (chunk) => (text += chunk));
      response.on('end', () => resolve({ status: response.statusCode, text }));
    });
    request.on('error', reject);
    request.end(body);
  });
}

const login = async (server, username, password, options) =>
  JSON.parse((await ask(server, 'POST', '/api/login', { ...options, body: JSON.stringify({ username, password }) })).text).code;

async function upload(server, options) {
  const boundary = 'xxx';
  const body = `--${boundary}\r\nContent-Disposition: form-data; name="file"; filename="a.txt"\r\n\r\nhello\r\n--${boundary}--\r\n`;
  const headers = { 'Content-Type': `multipart/form-data; boundary=${boundary}` };
  return JSON.parse((await ask(server, 'POST', '/api/file/upload', { ...options, headers, body })).text).code;
}

describe('a client behind a trusted proxy', () => {
  let server;
  before(async () => {
    server = await startServer({ env });
  });
  after(() => server.stop());

  /** Which ways of asking count as one client: each is a try, and then there are none left for any. */
  async function assertOne(ways) {
    const user = await register(server);
    const codes = [];
    for (let i = 0; i < TRIES; i++) codes.push(await login(server, user.name, 'wrong-one', ways[i % ways.length]));
    assert.deepEqual(codes, Array(TRIES).fill(1004));
    for (const way of ways) assert.equal(await login(server, user.name, PASSWORD, way), 300, JSON.stringify(way));
    return user;
  }

  test('does not lock out a name for another client', async () => {
    const user = await assertOne([{ forwarded: '198.51.100.7' }]);
    assert.equal(await login(server, user.name, PASSWORD, { forwarded: '198.51.100.8' }), 200);
    assert.equal(await login(server, user.name, PASSWORD, { forwarded: '2001:db8::7' }), 200);
    assert.equal(await login(server, user.name, PASSWORD), 200, 'a program on the proxy');
    assert.equal(await login(server, user.name, PASSWORD, { from: NOBODY }), 200);
  });

  test('is the same one, however the proxies write it', async () => {
    for (const ways of [
      ['198.51.100.7', ' 198.51.100.7 ', '198.51.100.7:4711', '::ffff:198.51.100.7'],
      ['198.51.100.7', '198.51.100.7,10.1.2.3', '198.51.100.7, 10.1.2.3, 2001:db8:f::1', ['198.51.100.7', OTHER_PROXY]],
      ['2001:db8::7', '[2001:DB8:0::7]', '[2001:db8::7]:4711', '2001:db8::7, 127.0.0.17'],
    ])
      await assertOne(ways.map((forwarded) => ({ forwarded })));
    await assertOne([{ forwarded: '198.51.100.7' }, { from: OTHER_PROXY, forwarded: '198.51.100.7' }, { from: OTHER_PROXY, forwarded: `198.51.100.7, ${PROXY}` }]);
  });

  test('gains nothing by what it writes itself, in the same line or in others', async () => {
    const user = await assertOne([
      { forwarded: '203.0.113.1, 198.51.100.7' },
      { forwarded: ['203.0.113.2', '198.51.100.7'] },
      { forwarded: ['unknown', '10.1.1.1, 203.0.113.4', 'x, 198.51.100.7', '10.9.9.9'] },
      { forwarded: `${PROXY}, 198.51.100.7` },
      { forwarded: `${'203.0.113.5, '.repeat(600)}198.51.100.7` },
    ]);
    // Nor can it pass for somebody else, to use up that one's tries.
    for (let i = 0; i < TRIES; i++) assert.equal(await login(server, user.name, 'wrong-one', { forwarded: `198.51.100.8, 203.0.113.${i}` }), 1004);
    assert.equal(await login(server, user.name, PASSWORD, { forwarded: '198.51.100.8' }), 200);
  });

  test('counts as the proxy when that says nothing that can be read', async () => {
    const user = await assertOne([{ forwarded: 'unknown' }, { forwarded: '198.51.100.7, 198.51.100' }, { forwarded: 'x' }, {}, { forwarded: '' }]);
    assert.equal(await login(server, user.name, PASSWORD, { forwarded: '198.51.100.7' }), 200);
    assert.equal(await login(server, user.name, PASSWORD, { from: OTHER_PROXY }), 200);
  });

  test('no other header is read', async () => {
    const headers = { Forwarded: 'for=203.0.113.1', 'X-Real-IP': '203.0.113.1', 'X-Forwarded': '203.0.113.1', 'Client-IP': '203.0.113.1', 'True-Client-IP': '203.0.113.1' };
    await assertOne([{ forwarded: '198.51.100.7' }, { forwarded: '198.51.100.7', headers }]);
    await assertOne([{}, { headers }]);
  });

  test('is asked for with each request of a connection', async (t) => {
    const agent = new http.Agent({ keepAlive: true, maxSockets: 1 });
    t.after(() => agent.destroy());
    const user = await register(server);
    const way = (forwarded) => ({ agent, forwarded });
    for (let i = 0; i < TRIES; i++) assert.equal(await login(server, user.name, 'wrong-one', way('198.51.100.7')), 1004);
    assert.equal(await login(server, user.name, PASSWORD, way('198.51.100.7')), 300);
    assert.equal(await login(server, user.name, PASSWORD, way('198.51.100.8')), 200);
    assert.equal(await login(server, user.name, PASSWORD, way('198.51.100.7')), 300);
  });

  test('has uploads without a login of its own', async () => {
    const codes = async (count, forwarded) => {
      const list = [];
      for (let i = 0; i < count; i++) list.push(await upload(server, { forwarded }));
      return list;
    };
    assert.deepEqual(await codes(UPLOADS + 1, '198.51.100.7'), [...Array(UPLOADS).fill(200), 300]);
    assert.deepEqual(await codes(1, '203.0.113.1, 198.51.100.7, 10.1.2.3'), [300]);
    assert.deepEqual(await codes(UPLOADS + 1, '198.51.100.8'), [...Array(UPLOADS).fill(200), 300]);
    assert.deepEqual(await codes(UPLOADS, '2001:db8:1::7'), Array(UPLOADS).fill(200));
    assert.deepEqual(await codes(1, '2001:db8:1::8'), [300], 'a host can choose those');
    assert.deepEqual(await codes(1, '2001:db8:2::8'), [200]);
  });

  test('is who a WebSocket belongs to', async () => {
    const opened = async (localAddress, forwarded, name = 'notification') => {
      const headers = forwarded === undefined ? {} : { 'X-Forwarded-For': forwarded };
      await (await Socket.open(`${server.wsUrl}/api/ws/${name}`, { localAddress, headers })).close();
    };
    await opened(PROXY, '198.51.100.107');
    await server.process.says('path=/api/ws/notification from=198.51.100.107\n');
    await opened(PROXY, ['203.0.113.1, 2001:db8::107', '10.1.2.3'], 'call');
    await server.process.says('path=/api/ws/call from=2001:db8::107\n');
    await opened(OTHER_PROXY, 'unknown', 'call');
    await server.process.says(`path=/api/ws/call from=${OTHER_PROXY}\n`);
    await opened(NOBODY, '198.51.100.108');
    await server.process.says(`path=/api/ws/notification from=${NOBODY}\n`);
    assert.ok(!server.process.output().includes('198.51.100.108'));
  });

  test('is what the log tells', () => {
    // Lines of a kind are limited; the first of this server is of the first client that was stopped.
    const [first] = server.process.output().match(/Too many login tries for a name from=\S+/);
    assert.equal(first, 'Too many login tries for a name from=198.51.100.7');
    assert.doesNotMatch(server.process.output(), /Too many login tries for a name from=203\./);
  });
});

describe('anybody else who sends X-Forwarded-For', () => {
  let server;
  before(async () => {
    server = await startServer({ env });
  });
  after(() => server.stop());

  test('is taken for who connects', async () => {
    const user = await register(server);
    const from = NOBODY;
    for (let i = 0; i < TRIES; i++) assert.equal(await login(server, user.name, 'wrong-one', { from, forwarded: `198.51.100.${i}` }), 1004);
    for (const forwarded of ['203.0.113.9', PROXY, '10.1.2.3', undefined]) assert.equal(await login(server, user.name, PASSWORD, { from, forwarded }), 300);
    for (let i = 0; i < UPLOADS; i++) assert.equal(await upload(server, { from, forwarded: `198.51.100.${i}` }), 200);
    assert.equal(await upload(server, { from, forwarded: '198.51.100.99' }), 300);
  });
});

const metrics = async (server, options) => (await ask(server, 'GET', '/metrics', options)).status;

describe('/metrics', () => {
  test('behind a proxy that was declared', async (t) => {
    const server = await startServer({ env });
    t.after(() => server.stop());
    const of = (options) => metrics(server, options);
    for (const forwarded of ['198.51.100.7', '127.0.0.1, 198.51.100.7', ['127.0.0.1', '198.51.100.7'], '198.51.100.7, 10.1.2.3', '10.1.2.3',
      'unknown', '127.0.0.1, x', '', ',', '2001:db8::7', '[::2]'])
      assert.equal(await of({ forwarded }), 404, JSON.stringify(forwarded));
    for (const forwarded of ['127.0.0.1', '127.0.0.9', '::1', '198.51.100.7, 127.0.0.9']) assert.equal(await of({ forwarded }), 200, forwarded);
    assert.equal(await of({}), 200, 'a program of the host that is also the proxy');
    assert.equal(await of({ from: NOBODY }), 200);
    for (const header of ['Forwarded', 'X-Real-IP', 'Via']) {
      assert.equal(await of({ headers: { [header]: '198.51.100.7' } }), 404, header);
      assert.equal(await of({ forwarded: '127.0.0.1', headers: { [header]: '198.51.100.7' } }), 404, `a ${header} beside what a client wrote`);
    }
  });

  test('behind a proxy on the same host that was not', async (t) => {
    const server = await startServer();
    t.after(() => server.stop());
    for (const from of ['127.0.0.1', NOBODY]) {
      assert.equal(await metrics(server, { from }), 200);
      for (const forwarded of ['198.51.100.7', '127.0.0.1', '::1', '', 'x', ['127.0.0.1', '127.0.0.1']])
        assert.equal(await metrics(server, { from, forwarded }), 404, JSON.stringify(forwarded));
      for (const headers of [{ Forwarded: 'for=198.51.100.7' }, { forwarded: 'for=127.0.0.1' }, { FORWARDED: '' }, { 'X-Real-IP': '127.0.0.1' },
        { Via: '1.1 proxy' }, { 'x-forwarded-for': '127.0.0.1' }])
        assert.equal(await metrics(server, { from, headers }), 404, JSON.stringify(headers));
      // What is only like them.
      for (const headers of [{ 'X-Forwarded': 'x' }, { 'Not-Forwarded': 'x' }, { 'Forwarded-For': 'x' }, { 'X-Forwarded-Proto': 'https' }])
        assert.equal(await metrics(server, { from, headers }), 200, JSON.stringify(headers));
    }
    assert.equal((await ask(server, 'GET', '/healthz', { forwarded: '198.51.100.7' })).status, 200);
  });

  test('through a proxy that only appends, as most do', { timeout: 30_000 }, async (t) => {
    const server = await startServer({ env: { ICHAT_HTTP_TRUSTED_PROXIES: '127.0.0.1' } });
    t.after(() => server.stop());
    // Made of nothing but node: it adds the header and passes the rest on.
    const proxy = http.createServer((request, response) => {
      const said = request.headers['x-forwarded-for'];
      const forwarded = `${said ? `${said}, ` : ''}${request.socket.remoteAddress}`;
      const options = { method: request.method, headers: { ...request.headers, 'x-forwarded-for': forwarded } };
      const onward = http.request(server.url + request.url, { ...options, agent: false }, (answer) => {
        response.writeHead(answer.statusCode, answer.headers);
        answer.pipe(response);
      });
      onward.on('error', () => response.destroy());
      request.pipe(onward);
    });
    await new Promise((resolve) => proxy.listen(0, '127.0.0.1', resolve));
    t.after(() => {
      proxy.closeAllConnections();
      proxy.close();
    });
    const through = { url: `http://127.0.0.1:${proxy.address().port}` };
    assert.equal(await metrics(through, { from: '127.0.0.9' }), 200);
    // What stands for an outsider here is who says so behind the first proxy.
    assert.equal(await metrics(through, { from: '127.0.0.1', forwarded: '198.51.100.7' }), 404);
    assert.equal((await ask(through, 'GET', '/healthz', { from: '127.0.0.9' })).status, 200);
  });
});

describe('a server on all addresses', () => {
  // Connections over IPv4 then come as v4-mapped ones.
  test('knows its proxies by either notation', async (t) => {
    const server = await startServer({ env: { ...env, ICHAT_HTTP_BIND: '', ICHAT_HTTP_TRUSTED_PROXIES: `::ffff:127.0.0.2,::1` } });
    t.after(() => server.stop());
    const user = await register(server);
    for (let i = 0; i < TRIES; i++) assert.equal(await login(server, user.name, 'wrong-one', { forwarded: '198.51.100.7' }), 1004);
    assert.equal(await login(server, user.name, PASSWORD, { forwarded: '198.51.100.7' }), 300);
    assert.equal(await login(server, user.name, PASSWORD, { forwarded: '198.51.100.8' }), 200);
    const hasIPv6 = await new Promise((resolve) => {
      const socket = net.connect(server.port, '::1', () => resolve(true)).on('error', () => resolve(false));
      socket.unref();
      socket.once('connect', () => socket.destroy());
    });
    if (hasIPv6) {
      const over6 = { url: `http://[::1]:${server.port}` };
      assert.equal(await login(over6, user.name, PASSWORD, { from: '::1', forwarded: '198.51.100.7' }), 300);
      assert.equal(await login(over6, user.name, PASSWORD, { from: '::1' }), 200);
      assert.equal(await metrics(over6, { from: '::1', forwarded: '198.51.100.7' }), 404);
      assert.equal(await metrics(over6, { from: '::1' }), 200);
    }
  });
});

describe('http.trusted_proxies', () => {
  let dir;
  before(async () => {
    dir = await mkdtemp(path.join(tmpdir(), 'ichat-proxy-'));
  });
  after(() => rm(dir, { recursive: true }));

  const check = async (text, more) => {
    const file = path.join(dir, 'ichatd.yml');
    await writeFile(file, text);
    return runToEnd(['--check-config', '--config', file], more);
  };

  test('is checked at the start, and the line is named', async () => {
    assert.equal((await check('http:\n  trusted_proxies:\n    - 127.0.0.1\n    - 10.0.0.0/8\n    - "2001:db8::/32"\n    - ::1\n')).code, 0);
    for (const wrong of ['10.0.0.0/33', '10.0.0.1/8', 'proxy.example.org', '"*"', '""', '127.0.0.1:80', 'fe80::1%lo']) {
      const answer = await check(`http:\n  trusted_proxies:\n    - 127.0.0.1\n    - ${wrong}\n`);
      assert.notEqual(answer.code, 0, wrong);
      assert.ok(answer.stderr.includes(`ichatd.yml:4: http.trusted_proxies has "${wrong.replaceAll('"', '')}", but must hold addresses`), answer.stderr);
      assert.notEqual((await runToEnd(['--config', path.join(dir, 'ichatd.yml')])).code, 0, 'nor does it start');
    }
  });

  test('is given by the environment as well, with the same checks', async () => {
    assert.equal((await check('', { ICHAT_HTTP_TRUSTED_PROXIES: '127.0.0.1, 10.0.0.0/8' })).code, 0);
    const answer = await check('', { ICHAT_HTTP_TRUSTED_PROXIES: '127.0.0.1, 10.0.0.0/33' });
    assert.notEqual(answer.code, 0);
    assert.ok(answer.stderr.includes('ICHAT_HTTP_TRUSTED_PROXIES: http.trusted_proxies has "10.0.0.0/33"'), answer.stderr);
  });
});
