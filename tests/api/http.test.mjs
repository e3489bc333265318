// What the edge answers, whatever the request is: the contract's envelopes, methods, sizes, broken HTTP. On every database.
import assert from 'node:assert/strict';
import http from 'node:http';
import { after, before, describe, test } from 'node:test';
import { call, data, refused, register } from './lib/api.mjs';
import { answers, raw } from './lib/raw.mjs';
import { databases, startServer } from './lib/server.mjs';

for (const database of databases)
  describe(`HTTP on ${database}`, () => {
    let server;
    let user;
    before(async () => {
      server = await startServer({ database });
      user = await register(server);
    });
    after(() => server.stop());

    const notFound = (answer) => {
      assert.equal(answer.status, 404);
      assert.match(answer.type, /^text\/plain/);
      assert.match(answer.text, /^404 page not found/);
    };

    describe('healthz and metrics', () => {
      test('healthz needs no token', async () => {
        const answer = await call(server, 'GET', '/healthz');
        assert.equal(answer.status, 200);
        assert.deepEqual(answer.body, { status: 'ok' });
      });

      test('metrics are Prometheus text, for this host', async () => {
        const answer = await call(server, 'GET', '/metrics');
        assert.equal(answer.status, 200);
        assert.match(answer.text, /^# TYPE ichat_http_requests_total counter$/m);
        assert.match(answer.text, /^ichat_http_requests_total [1-9]\d*$/m);
      });
    });

    describe('tokens', () => {
      const cases = [
        ['none', {}, 401],
        ['an empty one', { token: '' }, 401],
        ['garbage', { token: 'garbage' }, 401],
        ['three parts of garbage', { token: 'a.b.c' }, 401],
        ['a long one', { token: 'x'.repeat(4000) }, 401],
        ['Bearer in front', { headers: {}, bearer: true }, 401],
        ['another algorithm', { token: `${b64({ alg: 'none', typ: 'JWT' })}.${b64({ exp: 9999999999, pl: 'x' })}.` }, 401],
      ];
      for (const [name, { bearer, ...options }, code] of cases)
        test(`refused: ${name}`, async () => {
          const token = bearer ? `Bearer ${user.token}` : options.token;
          refused(await call(server, 'GET', '/api/contact', { ...options, token }), code, '未登录');
        });

      function b64(value) {
        return Buffer.from(JSON.stringify(value)).toString('base64url');
      }

      test('refused: a changed signature', async () => {
        const [head, payload, signature] = user.token.split('.');
        const changed = (signature[0] === 'A' ? 'B' : 'A') + signature.slice(1);
        refused(await call(server, 'GET', '/api/contact', { token: `${head}.${payload}.${changed}` }), 401);
      });

      test('refused: a changed payload', async () => {
        const [head, payload, signature] = user.token.split('.');
        const claims = JSON.parse(Buffer.from(payload, 'base64url'));
        const changed = b64({ ...claims, exp: claims.exp + 1000 });
        refused(await call(server, 'GET', '/api/contact', { token: `${head}.${changed}.${signature}` }), 401);
      });

      test('taken from the query as well', async () => {
        data(await call(server, 'GET', '/api/contact', { query: { token: user.token } }));
      });

      test('the header goes before the query', async () => {
        refused(await call(server, 'GET', '/api/contact', { token: 'bad', query: { token: user.token } }), 401);
      });

      test('the claims are as the contract has them', () => {
        const [head, payload] = user.token.split('.').slice(0, 2).map((part) => JSON.parse(Buffer.from(part, 'base64url')));
        assert.deepEqual(head, { alg: 'HS256', typ: 'JWT' });
        assert.deepEqual(Object.keys(payload).sort(), ['exp', 'iss', 'pl']);
        assert.match(payload.pl, /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
        const hours = (payload.exp - Date.now() / 1000) / 3600;
        assert.ok(hours > 23.9 && hours <= 24.01, `expires in ${hours} h`);
      });
    });

    describe('routes', () => {
      test('unknown below /api: first the token, then 404', async () => {
        refused(await call(server, 'GET', '/api/nope'), 401, '未登录');
        notFound(await user.call('GET', '/api/nope'));
        notFound(await user.call('GET', '/api'));
        notFound(await user.call('GET', '/api/contact/'));
        notFound(await user.call('GET', '/API/contact'.replace('API', 'api') + '/x'));
      });

      test('a wrong method is 404 as well', async () => {
        for (const method of ['PUT', 'PATCH', 'DELETE', 'OPTIONS', 'HEAD']) {
          const answer = await user.call(method, '/api/contact');
          assert.equal(answer.status, 404, method);
          if (method !== 'HEAD') notFound(answer);
        }
        notFound(await user.call('GET', '/api/login'));
        notFound(await user.call('GET', '/api/chat/send'));
        notFound(await user.call('POST', '/api/contact', { json: {} }));
      });

      test('white-listed paths need no token, also where nothing is', async () => {
        notFound(await call(server, 'POST', '/api/logout', { json: {} }));
        notFound(await call(server, 'GET', '/api/ws/nothing'));
        notFound(await call(server, 'GET', '/api/ws/notification'));
        notFound(await call(server, 'GET', '/api/file/'));
        // Exactly these: what only begins like them needs one.
        for (const path of ['/api/loginx', '/api/login/', '/api/logout/', '/api/registered', '/api/register/', '/api/file'])
          refused(await call(server, 'POST', path, { json: {} }), 401, '未登录');
      });

      test('outside /api nothing can be posted: 403', async () => {
        refused(await call(server, 'POST', '/', { json: {} }), 403, '无权限');
        refused(await call(server, 'DELETE', '/some/page'), 403);
      });
    });

    describe('bodies', () => {
      const posts = ['/api/register', '/api/login', '/api/user/infos', '/api/user/info', '/api/user/settings', '/api/contact/user',
        '/api/contact/group', '/api/contact/groups', '/api/chat/send', '/api/chat/delayUpload', '/api/call'];
      const bad = [
        ['empty', ''],
        ['no JSON', 'hello'],
        ['half of one', '{"userIds":[1,'],
        ['an array', '[]'],
        ['a string', '"x"'],
        ['a number', '5'],
        ['null', 'null'],
        ['two objects', '{}{}'],
        ['broken UTF-8', Buffer.from([0x7b, 0x22, 0xff, 0x22, 0x3a, 0x31, 0x7d])],
        ['a deep one', `${'{"a":'.repeat(500)}1${'}'.repeat(500)}`],
      ];
      for (const path of posts)
        test(`${path}: malformed bodies are error 300`, async () => {
          for (const [name, body] of bad) {
            const answer = await user.call('POST', path, { body, headers: { 'Content-Type': 'application/json' } });
            assert.equal(refused(answer, 300), '请求参数错误', name);
          }
        });

      const wrongTypes = [
        ['/api/register', { username: 1, password: '123456', nickname: 'x' }],
        ['/api/register', { username: 'abc', password: ['123456'], nickname: 'x' }],
        ['/api/login', { username: 'abc', password: {} }],
        ['/api/user/infos', { userIds: 'x' }],
        ['/api/user/infos', { userIds: ['1'] }],
        ['/api/user/infos', { userIds: [-1] }],
        ['/api/user/infos', { userIds: [1.5] }],
        ['/api/user/info', { nickname: true }],
        ['/api/contact/user', { userId: '5' }],
        ['/api/contact/user', { userId: -5 }],
        ['/api/contact/group', { name: 'x', contactIds: {} }],
        ['/api/contact/groups', { groupIds: 7 }],
        ['/api/chat/send', { contactId: [], text: 'x' }],
        ['/api/chat/delayUpload', { messageId: 'x', image: 'file/x' }],
        ['/api/call', { contactId: 1, userIds: [null, 'x'] }],
      ];
      for (const [path, json] of wrongTypes)
        test(`${path}: wrong types are error 300: ${JSON.stringify(json)}`, async () => {
          refused(await user.call('POST', path, { json }), 300);
        });

      test('keys match in any case, unknown ones are ignored', async () => {
        const json = { USERIDS: [user.id], more: { than: ['enough'] } };
        const [info] = data(await user.call('POST', '/api/user/infos', { json }));
        assert.equal(info.userId, user.id);
      });

      test('a query that is no number is error 300', async () => {
        for (const [method, path] of [
          ['GET', '/api/user/search?keyword=a&page=x'],
          ['GET', '/api/contact/members?contactId=abc'],
          ['POST', '/api/contact/accept?requestId=1x'],
          ['POST', '/api/contact/reject?requestId=-1'],
          ['POST', '/api/chat/revoke?messageId=1.5'],
          ['GET', '/api/chat/messages?contactId=99999999999999999999999'],
          ['GET', '/api/chat/sync?synced=0&limit=ten'],
          ['POST', '/api/call/join?callId=%20'],
          ['POST', '/api/call/hangup?callId=%F0%9F%98%80'],
          ['GET', '/api/call?callId=9223372036854775808'],
        ])
          refused(await user.call(method, path), 300);
      });

      test('too large: 413 with an envelope, and the connection lives on', async () => {
        const agent = new http.Agent({ keepAlive: true, maxSockets: 1 });
        const post = (body) =>
          new Promise((resolve, reject) => {
            const request = http.request(
              `${server.url}/api/login`,
              { method: 'POST', agent, headers: { 'Content-Length': body.length } },
              (response) => {
                let text = '';
                response.on('data', (chunk) => (text += chunk));
                response.on('end', () => resolve({ status: response.statusCode, text, port: response.socket?.localPort }));
              },
            );
            request.on('error', reject);
            request.end(body);
          });
        const large = await post(Buffer.alloc(3 << 20, 'x'));
        assert.equal(large.status, 413);
        assert.equal(JSON.parse(large.text).status, 'error');
        assert.equal(typeof JSON.parse(large.text).code, 'number');
        const next = await post(Buffer.from('{'));
        assert.equal(next.status, 300);
        agent.destroy();
      });

      test('a body of a size that nobody sends is refused before it comes', async () => {
        const { text, isClosed } = await raw(server, 'POST /api/login HTTP/1.1\r\nHost: x\r\nContent-Length: 99999999999\r\n\r\n');
        assert.equal(answers(text)[0].status, 413);
        assert.ok(isClosed);
      });

      test('a request of another method may bring a body', async () => {
        const { text } = await raw(
          server,
          'DELETE /nothing HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\nhello',
          (received) => answers(received).length > 0,
        );
        assert.deepEqual(answers(text).map((each) => [each.status, each.headers.connection]), [[403, undefined]]);
      });
    });

    describe('HTTP/1.1 as it comes', () => {
      const get = (path, more = '') => `GET ${path} HTTP/1.1\r\nHost: x\r\n${more}\r\n`;

      test('keep-alive: many requests on one connection, one after the other', async () => {
        const agent = new http.Agent({ keepAlive: true, maxSockets: 1 });
        const ports = new Set();
        const request = (method, path, body) =>
          new Promise((resolve, reject) => {
            const options = { method, agent, headers: { Authorization: user.token, 'Content-Length': Buffer.byteLength(body) } };
            const sent = http.request(server.url + path, options, (response) => {
              ports.add(response.socket.localPort);
              response.resume();
              response.on('end', () => resolve(response.statusCode));
            });
            sent.on('error', reject);
            sent.end(body);
          });
        for (let i = 0; i < 20; i++) {
          assert.equal(await request('GET', '/healthz', ''), 200);
          assert.equal(await request('POST', '/api/user/infos', '{"userIds":[1]}'), 200);
          assert.equal(await request('POST', '/api/login', '{'), 300);
          assert.equal(await request('GET', '/api/contact', ''), 200);
          assert.equal(await request('POST', '/api/call/hangup?callId=5', ''), 500);
        }
        assert.equal(ports.size, 1, 'one connection');
        agent.destroy();
      });

      test('pipelining: the first is answered, then the connection ends, and the server lives', async () => {
        const post = (body) => `POST /api/login HTTP/1.1\r\nHost: x\r\nContent-Length: ${body.length}\r\n\r\n${body}`;
        const good = JSON.stringify({ username: user.name, password: 'wrong-one' });
        const contacts = get('/api/contact', `Authorization: ${user.token}\r\n`);
        for (const [text, first] of [
          [post(good) + post('{') + post(good) + get('/healthz'), 500],
          [contacts + post(good) + post(good), 200],
          [contacts.repeat(50), 200],
          [post('{') + contacts, 300],
          [post(good) + post(good).slice(0, -10), 500],
        ]) {
          const { text: received, isClosed } = await raw(server, text);
          assert.deepEqual(answers(received).map((each) => [each.status, each.headers.connection]), [[first, 'close']]);
          assert.ok(isClosed);
        }
        assert.equal((await call(server, 'GET', '/healthz')).status, 200);
      });

      test('a head that comes byte by byte', async () => {
        const text = await new Promise((resolve, reject) => {
          const request = http.request(`${server.url}/healthz`, { setHost: false }, (response) => {
            response.on('data', (chunk) => resolve(chunk.toString()));
          });
          request.on('error', reject);
          request.on('socket', (socket) => socket.setNoDelay(true));
          request.setHeader('Host', 'x');
          request.flushHeaders();
          request.end();
        });
        assert.equal(text, '{"status":"ok"}');
      });

      test('Connection: close closes', async () => {
        const { text, isClosed } = await raw(server, get('/healthz', 'Connection: close\r\n'));
        assert.equal(answers(text)[0].status, 200);
        assert.ok(isClosed);
      });

      test('HTTP/1.0 is answered and closed', async () => {
        const { text, isClosed } = await raw(server, 'GET /healthz HTTP/1.0\r\n\r\n');
        assert.equal(answers(text)[0].body, '{"status":"ok"}');
        assert.ok(isClosed);
      });

      test('a post without a length has no body: answered, then closed', async () => {
        const { text, isClosed } = await raw(server, `POST /api/call/hangup?callId=1 HTTP/1.1\r\nHost: x\r\nAuthorization: ${user.token}\r\n\r\n`);
        assert.equal(JSON.parse(answers(text)[0].body).code, 3006);
        assert.ok(isClosed);
      });

      test('a post of length 0 keeps the connection', async () => {
        const { text } = await raw(
          server,
          `POST /api/call/hangup?callId=1 HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\nAuthorization: ${user.token}\r\n\r\n`,
          (received) => answers(received).length > 0,
        );
        assert.deepEqual(answers(text).map((each) => [each.status, each.headers.connection]), [[500, undefined]]);
      });

      test('chunked bodies are refused, and nothing behind them is taken for a request', async () => {
        const { text, isClosed } = await raw(
          server,
          'POST /api/login HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n' + get('/healthz'),
        );
        assert.deepEqual(answers(text).map((each) => each.status), [411]);
        assert.ok(isClosed);
      });

      test('two lengths are refused', async () => {
        const { text, isClosed } = await raw(server, 'POST /api/login HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\nContent-Length: 2\r\n\r\n{}');
        assert.deepEqual(answers(text).map((each) => each.status), [400]);
        assert.ok(isClosed);
      });

      test('Expect: 100-continue', async () => {
        const body = JSON.stringify({ username: user.name, password: 'wrong-one' });
        const answer = await new Promise((resolve, reject) => {
          const request = http.request(
            `${server.url}/api/login`,
            { method: 'POST', headers: { Expect: '100-continue', 'Content-Length': body.length } },
            (response) => response.on('data', (chunk) => resolve(JSON.parse(chunk))),
          );
          request.on('continue', () => request.end(body));
          request.on('error', reject);
          request.flushHeaders();
        });
        assert.equal(answer.code, 1004);
      });

      test('a head beyond the limit closes', async () => {
        const { text, isClosed } = await raw(server, get('/healthz', `X-Long: ${'x'.repeat(40_000)}\r\n`));
        assert.ok(isClosed);
        assert.doesNotMatch(text, /200 OK/);
      });

      test('the cookies of other services of this host do no harm', async () => {
        const { text } = await raw(server, get('/healthz', `Cookie: ${'c=1; '.repeat(1500)}\r\n`), (received) => received.includes('ok'));
        assert.equal(answers(text)[0].status, 200);
      });

      for (const [name, text] of [
        ['an unknown method', 'BREW /api/contact HTTP/1.1\r\nHost: x\r\n\r\n'],
        ['CONNECT', 'CONNECT example.org:443 HTTP/1.1\r\nHost: x\r\n\r\n'],
        ['no HTTP', '\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n'],
        ['a bad escape', 'GET /api/%zz HTTP/1.1\r\nHost: x\r\n\r\n'],
        ['only blanks', '   \r\n\r\n'],
        ['another upgrade', 'GET /healthz HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: foo\r\n\r\n'],
      ])
        test(`${name} ends the connection, and the server lives`, async () => {
          const { text: received, isClosed } = await raw(server, text, (all) => /^HTTP\/1.1 [45]\d\d/.test(all));
          assert.ok(isClosed || /^HTTP\/1.1 [45]/.test(received));
          assert.equal((await call(server, 'GET', '/healthz')).status, 200);
        });

      test('clients that leave in the middle of a request', async () => {
        const body = JSON.stringify({ username: user.name, password: 'wrong-one' });
        const head = `POST /api/login HTTP/1.1\r\nHost: x\r\nContent-Length: ${body.length}\r\n\r\n`;
        await Promise.all(
          Array.from({ length: 20 }, (_, i) => new Promise((resolve) => {
            const request = http.request(`${server.url}/`, { agent: false });
            request.on('socket', (socket) =>
              socket.once('connect', () => {
                // Some before the body, some while the password is being checked.
                socket.write(i % 2 ? head : head + body, () => setTimeout(() => socket.destroy(), i));
              }),
            );
            request.on('error', () => {});
            request.on('close', resolve);
          })),
        );
        assert.equal((await call(server, 'GET', '/healthz')).status, 200);
      });
    });
  });
