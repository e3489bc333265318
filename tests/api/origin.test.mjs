// Which pages of the web may use the server: http.allowed_origins, for HTTP and for WebSockets.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { call, data, PASSWORD, refused, register } from './lib/api.mjs';
import { startServer } from './lib/server.mjs';
import { Socket } from './lib/socket.mjs';

const FRIEND = 'https://chat.example.org';
const OTHER_FRIEND = 'http://localhost:5173';
// What only looks like one of them, or like ourselves.
const strangers = (server) => [
  'https://evil.example.org', 'null', 'https://chat.example.org.evil.example', 'https://chat.example.org:444', 'http://chat.example.org',
  'https://xchat.example.org', 'https://chat.example.or', 'https://chat.example.org@evil.example', 'http://localhost', 'file://', 'x',
  `http://127.0.0.1:${server.port}0`, `http://127.0.0.1.evil.example:${server.port}`, 'https://chat.example.org, https://evil.example',
];
const PATHS = ['/api/ws/notification', '/api/ws/call'];

describe('with http.allowed_origins', () => {
  let server;
  let user;
  before(async () => {
    server = await startServer({ env: { ICHAT_HTTP_ALLOWED_ORIGINS: `${FRIEND},${OTHER_FRIEND}` } });
    user = await register(server);
  });
  after(() => server.stop());

  const ask = (Origin, method = 'GET', path = '/api/contact', more = {}) =>
    call(server, method, path, { token: user.token, ...more, headers: { ...(Origin && { Origin }), ...more.headers } });
  const cors = ({ headers }) => ({
    origin: headers.get('access-control-allow-origin'),
    vary: headers.get('vary'),
    credentials: headers.get('access-control-allow-credentials'),
  });

  test('a WebSocket of another page is refused before it is one', async () => {
    for (const origin of strangers(server))
      for (const path of PATHS) await assert.rejects(Socket.open(server.wsUrl + path, { origin }), /403/, `${origin} at ${path}`);
  });

  test('a WebSocket of our own page, of a listed one, and of no page at all', async () => {
    for (const origin of [FRIEND, FRIEND.toUpperCase(), OTHER_FRIEND, server.url, undefined]) {
      for (const path of PATHS) await (await Socket.open(server.wsUrl + path, { origin })).close();
      const socket = await Socket.open(`${server.wsUrl}/api/ws/notification`, { origin });
      socket.send(user.token);
      socket.send('');
      assert.match(await socket.next(), /^session:/);
      await socket.close();
    }
  });

  test('a request of another page is refused, whatever it asks for', async () => {
    for (const origin of strangers(server)) {
      refused(await ask(origin), 403, '无权限');
      refused(await ask(origin, 'POST', '/api/login', { token: undefined, json: { username: user.name, password: PASSWORD } }), 403);
      refused(await ask(origin, 'POST', '/api/user/info', { json: { nickname: 'Hijacked' } }), 403);
      refused(await ask(origin, 'POST', '/api/file/upload', { body: new FormData() }), 403);
      refused(await ask(origin, 'OPTIONS'), 403);
      assert.equal((await ask(origin, 'GET', '/api/nope')).status, 403);
    }
    assert.equal((await user.post('/api/user/infos', { userIds: [user.id] }))[0].nickname, 'Someone');
  });

  test('a listed page reads the answers, our own needs no permission', async () => {
    for (const origin of [FRIEND, OTHER_FRIEND]) {
      const answer = await ask(origin);
      data(answer);
      assert.deepEqual(cors(answer), { origin, vary: 'origin', credentials: null });
      const refusedOne = await ask(origin, 'GET', '/api/contact', { token: 'garbage' });
      refused(refusedOne, 401);
      assert.equal(cors(refusedOne).origin, origin, 'it must see why');
    }
    for (const origin of [server.url, undefined]) {
      const answer = await ask(origin);
      data(answer);
      assert.deepEqual(cors(answer), { origin: null, vary: null, credentials: null });
    }
  });

  test('a listed page may ask beforehand', async () => {
    const headers = { 'Access-Control-Request-Method': 'POST', 'Access-Control-Request-Headers': 'authorization,content-type' };
    for (const path of ['/api/chat/send', '/api/login', '/api/file/upload']) {
      const answer = await ask(FRIEND, 'OPTIONS', path, { token: undefined, headers });
      assert.deepEqual([answer.status, answer.text], [204, '']);
      assert.equal(cors(answer).origin, FRIEND);
      assert.equal(answer.headers.get('access-control-allow-methods'), 'GET, POST');
      assert.equal(answer.headers.get('access-control-allow-headers'), 'authorization, content-type');
      assert.match(answer.headers.get('access-control-max-age'), /^\d+$/);
    }
    assert.equal((await ask(undefined, 'OPTIONS', '/api/contact', { headers })).status, 404, 'not special for others');
    assert.equal((await ask(server.url, 'OPTIONS', '/api/contact', { headers })).status, 404);
  });

  test('pages and health are for all', async () => {
    assert.equal((await ask('https://evil.example.org', 'GET', '/healthz')).status, 200);
    assert.notEqual((await ask('https://evil.example.org', 'GET', '/')).status, 403);
  });
});

describe('without http.allowed_origins', () => {
  let server;
  let user;
  before(async () => {
    server = await startServer();
    user = await register(server);
  });
  after(() => server.stop());

  test('any origin is answered, as the contract has it, and no other page can read the answer', async () => {
    for (const origin of [FRIEND, 'null', server.url]) {
      for (const path of PATHS) await (await Socket.open(server.wsUrl + path, { origin })).close();
      const answer = await user.call('GET', '/api/contact', { headers: { Origin: origin } });
      data(answer);
      assert.deepEqual([...answer.headers.keys()].filter((key) => key.startsWith('access-control-') || key === 'set-cookie'), []);
      // A token is sent as Authorization, which a browser asks for beforehand across origins: there is no permission.
      const before = await call(server, 'OPTIONS', '/api/contact', { headers: { Origin: origin, 'Access-Control-Request-Method': 'GET' } });
      assert.equal(before.status, 401);
    }
  });

  test('what a page can send unasked carries no authority', async () => {
    // A form of another page: no Authorization, and there are no cookies that would stand for it.
    const headers = { Origin: 'https://evil.example.org', 'Content-Type': 'text/plain', Cookie: `token=${user.token}; Authorization=${user.token}` };
    refused(await call(server, 'POST', '/api/user/info', { body: '{"nickname":"Hijacked"}', headers }), 401);
    const socket = await Socket.open(`${server.wsUrl}/api/ws/notification`, { origin: 'https://evil.example.org', headers });
    socket.send('');
    socket.send('');
    await socket.closed;
    assert.deepEqual(socket.messages, []);
  });
});
