// The process: command line, signals, restarts.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdtemp, readdir, rm, stat, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, before, describe, test } from 'node:test';
import { befriend, call, data, makeGroup, register } from './lib/api.mjs';
import { databases, freePort, runToEnd, startServer } from './lib/server.mjs';
import { listen, Socket } from './lib/socket.mjs';
import { query, sql } from './lib/sql.mjs';

describe('the command line', () => {
  let dir;
  before(async () => {
    dir = await mkdtemp(path.join(tmpdir(), 'ichat-main-'));
  });
  after(() => rm(dir, { recursive: true, force: true }));
  const config = async (text) => {
    const file = path.join(dir, 'ichatd.yml');
    await writeFile(file, text);
    return file;
  };

  test('--version and --help', async () => {
    assert.match((await runToEnd(['--version'])).stdout, /^ichatd \d+\.\d+\.\d+\n$/);
    const { code, stdout } = await runToEnd(['--help']);
    assert.equal(code, 0);
    for (const option of ['--config', '--port', '--tls-port', '--data', '--check-config']) assert.ok(stdout.includes(option));
  });

  test('wrong arguments: code 2', async () => {
    for (const args of [['--nonsense'], ['extra'], ['--port'], ['--port', 'x'], ['--port', '70000'], ['--config', '/nonexistent.yml']]) {
      const { code, stderr } = await runToEnd(args);
      assert.equal(code, 2, args.join(' '));
      assert.ok(stderr);
    }
  });

  test('--check-config says what is wrong, and where', async () => {
    const good = await runToEnd(['--check-config', '--config', await config('http:\n  port: 8099\n')]);
    assert.deepEqual([good.code, good.stderr], [0, '']);
    const wrong = await runToEnd(['--check-config', '--config', await config('http:\n  bind: ""\n  prot: 8099\n')]);
    assert.equal(wrong.code, 2);
    assert.match(wrong.stderr, /3/);
    assert.match(wrong.stderr, /port/);
    assert.equal(wrong.stderr.trim().split('\n').length, 1, 'one line');
    const env = await runToEnd(['--check-config'], { ICHAT_HTTP_PORT: '0' });
    assert.equal(env.code, 2);
  });

  test('a port that is taken: code 1 and one clear line', async () => {
    const other = createServer().listen(0, '127.0.0.1');
    await once(other, 'listening');
    const { port } = other.address();
    const { code, stderr } = await runToEnd(['--port', String(port), '--data', path.join(dir, 'data')], {
      ICHAT_HTTP_BIND: '127.0.0.1', ICHAT_MEDIA_BIND: '127.0.0.1', ICHAT_MEDIA_PORT: String(await freePort()), ICHAT_MEDIA_WORKERS: '1',
    });
    other.close();
    assert.equal(code, 1);
    assert.match(stderr, new RegExp(`ichatd: Port ${port} cannot be opened: Address already in use`));
  });

  test('a database that is not there: code 1', async () => {
    const { code, stderr } = await runToEnd(['--port', String(await freePort()), '--data', path.join(dir, 'data')], {
      ICHAT_DATABASE_URL: 'sqlite:/nonexistent/x.db', ICHAT_MEDIA_BIND: '127.0.0.1', ICHAT_MEDIA_PORT: String(await freePort()), ICHAT_MEDIA_WORKERS: '1',
    });
    assert.equal(code, 1);
    assert.match(stderr, /database/);
  });
});

for (const database of databases)
  describe(`signals on ${database}`, () => {
    test('SIGTERM in the middle of a call: a clean end, and a hello after the restart', async () => {
      const server = await startServer({ database });
      const [a, b, c] = [await register(server, 'A'), await register(server, 'B'), await register(server, 'C')];
      await befriend(a, b);
      await befriend(a, c);
      const [group] = await makeGroup(a, [b, c]);
      const before = await listen(b);
      const callId = await a.post('/api/call', { contactId: group.contactId, userIds: [b.id, c.id] });
      await before.socket.takeJson((each) => each.payload.call?.status === 2);
      const first = await Socket.open(`${server.wsUrl}/api/ws/call`);
      first.send(await a.post('/api/call/join', undefined, { callId }));
      const second = await Socket.open(`${server.wsUrl}/api/ws/call`, { protocols: ['ichat.call.v2'] });
      second.sendJson({ req: 1, type: 'join', data: { token: await b.post('/api/call/join', undefined, { callId }) } });
      await second.takeJson((each) => each.res === 1);
      await first.takeJson((each) => each.type === 6, 'call start');

      const result = await server.restart('SIGTERM');
      assert.deepEqual([result.code, result.signal], [0, null], result.output);
      assert.ok(result.tookMs < 5000, `${result.tookMs} ms`);
      assert.equal((await before.socket.closed).code, 1001);
      await first.closed;
      await second.closed;

      const again = await listen(b, before.session);
      assert.ok(again.isNew, 'sessions do not outlive the process');
      assert.ok(again.lastDeliveryId > 0);
      const { status, endReason } = await a.get('/api/call', { callId });
      assert.deepEqual([status, endReason], [4, 6], 'the call that was cut is ended');
      await again.socket.close();
      await server.stop();
    });

    test('SIGKILL loses nothing that was answered', async () => {
      const server = await startServer({ database });
      const [a, b] = [await register(server), await register(server)];
      const [toB, toA] = await befriend(a, b);
      for (let i = 0; i < 20; i++) await a.post('/api/chat/send', { contactId: toB.contactId, localId: '', text: `${i}` });
      const result = await server.restart('SIGKILL');
      assert.equal(result.signal, 'SIGKILL');
      const list = await b.get('/api/chat/messages', { contactId: toA.contactId, limit: 100 });
      assert.deepEqual(list.map((each) => each.text), Array.from({ length: 20 }, (_, i) => `${i}`));
      await server.stop();
    });
  });

describe('several servers on one PostgreSQL', { skip: !process.env.ICHAT_TEST_PG_URL }, () => {
  test('each ends its own calls at its start, and those of one that gives no sign any more', async () => {
    const first = await startServer({ database: 'postgresql' });
    const [a, b] = [await register(first), await register(first)];
    const [toB] = await befriend(a, b);
    const callId = await a.post('/api/call', { contactId: toB.contactId, userIds: [b.id] });
    const state = async () => {
      const { status, endReason } = await a.get('/api/call', { callId });
      return [status, endReason];
    };
    const second = await startServer({ env: { ICHAT_DATABASE_URL: first.env.ICHAT_DATABASE_URL } });
    const [stored] = await query(first, `select status from calls where call_id = ${callId}`);
    assert.notEqual(stored, '4', 'the start of another server ends nothing');
    assert.notDeepEqual(await state(), [4, 6]);

    await first.process.stop('SIGKILL');
    await second.restart();
    const left = await query(first, `select status from calls where call_id = ${callId}`);
    assert.notEqual(left[0], '4', 'it may come back');
    await sql(first, `update nodes set seen_at = seen_at - 61000000 where node = (select node from calls where call_id = ${callId})`);
    await second.restart();
    assert.deepEqual(await query(first, `select status, end_reason from calls where call_id = ${callId}`), ['4|6']);
    await second.stop();
    await first.start();
    assert.deepEqual(await state(), [4, 6]);
    await first.stop();
  });
});

describe('signals', () => {
  test('SIGINT ends it as well, with requests under way', async () => {
    const server = await startServer();
    const user = await register(server);
    const attempts = Array.from({ length: 10 }, () =>
      call(server, 'POST', '/api/login', { json: { username: user.name, password: 'wrong-one' } }).catch(() => null),
    );
    const result = await server.restart('SIGINT');
    assert.equal(result.code, 0, result.output);
    await Promise.all(attempts);
    data(await user.call('GET', '/api/contact'));
    await server.stop();
  });

  test('SIGHUP takes what can change, and says what cannot', async () => {
    const dir = await mkdtemp(path.join(tmpdir(), 'ichat-hup-'));
    const file = path.join(dir, 'ichatd.yml');
    await writeFile(file, 'call:\n  max_members: 50\nlog:\n  level: warn\n');
    const server = await startServer({ args: ['--config', file] });
    await writeFile(file, 'call:\n  max_members: 51\nlog:\n  level: info\n');
    server.process.child.kill('SIGHUP');
    await server.process.says('key=call.max_members');
    await server.process.says('read again');
    await writeFile(file, 'call:\n  max_membrs: 51\n');
    server.process.child.kill('SIGHUP');
    await server.process.says('max_membrs');
    assert.equal((await call(server, 'GET', '/healthz')).status, 200);
    await server.stop();
    await rm(dir, { recursive: true });
  });

  test('it says where it is, and keeps its data to itself', async () => {
    const server = await startServer({ tls: true });
    await server.process.says(`  https://`); // the last line of its greeting
    assert.ok(server.process.output().includes(`http://127.0.0.1:${server.port}/`));
    assert.match(server.process.output(), new RegExp(`https://[^ ]+:${server.tlsPort}/`));
    for (const name of await readdir(server.dataDir)) {
      const { mode } = await stat(path.join(server.dataDir, name));
      assert.equal(mode & 0o077, 0, `${name} has mode ${(mode & 0o777).toString(8)}`);
    }
    await server.stop();
  });
});
