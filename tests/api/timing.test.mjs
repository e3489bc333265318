// Logging in: what its time and its refusals tell, and how often it may be tried.
import assert from 'node:assert/strict';
import http from 'node:http';
import { after, before, describe, test } from 'node:test';
import { call, data, PASSWORD, refused, register } from './lib/api.mjs';
import { startServer } from './lib/server.mjs';
import { sql } from './lib/sql.mjs';

const ROUNDS = 15;
const ATTEMPTS = 4; // of the whole measurement: other programs may disturb one
const median = (list) => [...list].sort((a, b) => a - b)[Math.floor(list.length / 2)];

describe('the time of a login', () => {
  let server;
  before(async () => {
    server = await startServer();
  });
  after(() => server.stop());

  const login = (username, password) => call(server, 'POST', '/api/login', { json: { username, password } });

  test('is the same whether the user exists or not, with an old hash as well', { timeout: 60_000 }, async () => {
    const [user, imported] = [await register(server), await register(server)];
    // What the original stores: cost 6, a sixteenth of ours. Of "123456".
    await sql(server, `update users set password_hash = '$2a$06$abcdefghijklmnopqrstuuLef0uu6zZZbg/pRtkAWa8/qYlyl0DtG' where user_id = ${imported.id}`);
    const kinds = {
      unknown: () => login('nobody-of-that', 'wrong-one'),
      known: () => login(user.name, 'wrong-one'),
      imported: () => login(imported.name, 'wrong-one'),
    };
    const codes = { unknown: 1001, known: 1004, imported: 1004 };
    let found;
    for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
      const times = { unknown: [], known: [], imported: [] };
      for (let round = 0; round < ROUNDS; round++)
        for (const [kind, ask] of Object.entries(kinds)) {
          const began = performance.now();
          const answer = await ask();
          times[kind].push(performance.now() - began);
          refused(answer, codes[kind]);
        }
      found = Object.fromEntries(Object.entries(times).map(([kind, list]) => [kind, median(list)]));
      const { unknown, ...others } = found;
      // A hash that is not computed would be some tenths of it, or nothing.
      if (Object.values(others).every((each) => Math.abs(each - unknown) < 0.25 * unknown)) {
        data(await login(imported.name, '123456'));
        return;
      }
    }
    assert.fail(`medians in ms: ${JSON.stringify(found)}`);
  });
});

describe('how often a login may be tried', () => {
  let server;
  const LIMIT = 5;
  before(async () => {
    server = await startServer({ env: { ICHAT_AUTH_LOGIN_TRIES_PER_MIN: String(LIMIT) } });
  });
  after(() => server.stop());

  /** From another address of this host. */
  function login(username, password, localAddress = '127.0.0.1', headers = {}) {
    const body = JSON.stringify({ username, password });
    return new Promise((resolve, reject) => {
      const options = { method: 'POST', agent: false, localAddress, headers: { 'Content-Length': Buffer.byteLength(body), ...headers } };
      const request = http.request(`${server.url}/api/login`, options, (response) => {
        let text = '';
        response.on('data', (chunk) => (text += chunk));
        response.on('end', () => resolve(JSON.parse(text)));
      });
      request.on('error', reject);
      request.end(body);
    });
  }
  const codes = async (count, ...args) => {
    const list = [];
    for (let i = 0; i < count; i++) list.push((await login(...args)).code);
    return list;
  };

  test('guessing is stopped, however the name is written, and the right password is not looked at', async () => {
    const user = await register(server);
    assert.deepEqual(await codes(LIMIT - 2, user.name, 'wrong-one'), Array(LIMIT - 2).fill(1004));
    assert.deepEqual(await codes(2, user.name.toUpperCase(), 'wrong-one'), [1004, 1004]);
    const stopped = await login(user.name, PASSWORD);
    assert.deepEqual(stopped, { code: 300, message: '登录尝试过于频繁，请稍后再试', status: 'error' });
    assert.deepEqual(await codes(1, user.name, PASSWORD, '127.0.0.1', { 'X-Forwarded-For': '192.0.2.1', 'X-Real-IP': '192.0.2.1' }), [300],
      'what anybody can write counts for nothing');
  });

  test('a name that is not there is stopped in the same way', async () => {
    assert.deepEqual(await codes(LIMIT + 1, 'nobody-of-that', 'wrong-one'), [...Array(LIMIT).fill(1001), 300]);
  });

  test('its owner is not locked out by somebody elsewhere', async () => {
    const user = await register(server);
    await codes(LIMIT + 3, user.name, 'wrong-one', '127.0.0.2');
    assert.deepEqual(await codes(1, user.name, PASSWORD, '127.0.0.2'), [300]);
    assert.deepEqual(await codes(1, user.name, PASSWORD, '127.0.0.1'), [200]);
  });

  test('a success begins the count anew', async () => {
    const user = await register(server);
    for (let i = 0; i < 3; i++) {
      assert.deepEqual(await codes(LIMIT - 1, user.name, 'wrong-one'), Array(LIMIT - 1).fill(1004));
      assert.deepEqual(await codes(1, user.name, PASSWORD), [200]);
    }
  });

  test('guessing by a change of the password is stopped as well, and no login by that', async () => {
    const [user, other] = [await register(server), await register(server)];
    const change = (who, oldPassword, newPassword = 'new-secret') => who.call('POST', '/api/user/password', { json: { oldPassword, newPassword } });
    for (let i = 0; i < LIMIT; i++) refused(await change(user, `guess-${i}`), 1004);
    refused(await change(user, PASSWORD), 300, '登录尝试过于频繁，请稍后再试');
    assert.deepEqual(await codes(1, user.name, PASSWORD), [200]);
    for (let i = 0; i < 2; i++) {
      for (let j = 0; j < LIMIT - 1; j++) refused(await change(other, 'wrong-one'), 1004);
      data(await change(other, PASSWORD, PASSWORD)); // a success begins the count anew
    }
  });

  test('refused tries cost no hash: others log in as fast as ever', async () => {
    const [user, other] = [await register(server), await register(server)];
    await codes(LIMIT, user.name, 'wrong-one');
    const began = performance.now();
    await login(other.name, PASSWORD);
    const one = performance.now() - began;
    const flood = Promise.all(Array.from({ length: 200 }, () => login(user.name, 'wrong-one')));
    const again = performance.now();
    assert.equal((await login(other.name, PASSWORD)).code, 200);
    const took = performance.now() - again;
    assert.ok(took < 20 * one + 1000, `${took} ms instead of ${one} ms`);
    assert.ok((await flood).every((each) => each.code === 300));
  });
});

describe('more logins at once than can be hashed', () => {
  let server;
  before(async () => {
    server = await startServer({ env: { ICHAT_AUTH_HASH_QUEUE: '8' } });
  });
  after(() => server.stop());

  test('are refused, not queued for ever; what needs no hash goes on', async () => {
    const user = await register(server);
    const flood = Promise.all(
      Array.from({ length: 100 }, (_, i) => call(server, 'POST', '/api/login', { json: { username: `nobody${i}`, password: 'wrong-one' } })),
    );
    const times = [];
    for (let i = 0; i < 20; i++) {
      const began = performance.now();
      await user.get('/api/contact');
      times.push(performance.now() - began);
    }
    assert.ok(median(times) < 100, `median ${median(times)} ms`);
    const codes = (await flood).map((each) => each.body.code);
    assert.deepEqual([...new Set(codes)].sort(), [1001, 500]);
    data(await call(server, 'POST', '/api/login', { json: { username: user.name, password: PASSWORD } }));
  });
});
