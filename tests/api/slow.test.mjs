// Slow and silent clients: they are cut off, and cost nobody else anything.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { befriend, call, data, makeGroup, register } from './lib/api.mjs';
import { startServer } from './lib/server.mjs';
import { listen, Socket } from './lib/socket.mjs';

const IDLE_S = 2;
// lws looks at its timeouts once a second.
const CUT_MS = (IDLE_S + 3) * 1000;
const PONG_MS = 20_000; // WS_PONG_S

async function residentKb(server) {
  const status = await readFile(`/proc/${server.process.child.pid}/status`, 'utf8');
  return Number(/^VmRSS:\s+(\d+) kB/m.exec(status)[1]);
}
async function metric(server, name) {
  const { text } = await call(server, 'GET', '/metrics');
  return Number(new RegExp(`^${name} (\\d+)`, 'm').exec(text)[1]);
}
const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
const median = (list) => [...list].sort((a, b) => a - b)[Math.floor(list.length / 2)];

describe('slow HTTP', () => {
  let server;
  let user;
  before(async () => {
    server = await startServer({ env: { ICHAT_HTTP_IDLE_TIMEOUT_S: String(IDLE_S), ICHAT_HTTP_ANONYMOUS_UPLOADS_PER_MIN: '1000' } });
    user = await register(server);
  });
  after(() => server.stop());

  /** Opens a connection that sends `begin`, then `more` each 100 ms, or as often as told; resolves with how long it lived, and what came. */
  function drip(begin, more, everyMs = 100) {
    return new Promise((resolve, reject) => {
      const began = Date.now();
      let received = '';
      const socket = connect(server.port, '127.0.0.1', () => socket.write(begin));
      const timer = setInterval(() => socket.connecting || socket.write(more), everyMs);
      const late = setTimeout(() => socket.destroy(new Error(`still there after ${CUT_MS * 2} ms: ${received}`)), CUT_MS * 2);
      socket.on('data', (chunk) => (received += chunk));
      socket.on('error', (error) => (error.code ? undefined : reject(error)));
      socket.on('close', () => {
        clearInterval(timer);
        clearTimeout(late);
        resolve({ ms: Date.now() - began, received });
      });
    });
  }

  const slowOnes = [
    ['nothing at all', '', ''],
    ['a request line that does not end', 'GET /heal', 'x'],
    ['headers that do not end', 'GET /healthz HTTP/1.1\r\nHost: x\r\n', 'X-A: b\r\n'],
    ['a body that does not come', 'POST /api/login HTTP/1.1\r\nHost: x\r\nContent-Length: 100000\r\n\r\n', ''],
    ['a body byte by byte', 'POST /api/login HTTP/1.1\r\nHost: x\r\nContent-Length: 100000\r\n\r\n', ' '],
    ['an upload byte by byte',
      'POST /api/file/upload HTTP/1.1\r\nHost: x\r\nContent-Type: multipart/form-data; boundary=b\r\nContent-Length: 100000\r\n\r\n' +
        '--b\r\nContent-Disposition: form-data; name="file"; filename="x"\r\n\r\n', 'x'],
    ['a connection kept for nothing', 'GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n', ''],
  ];
  test('silence, slow heads, slow bodies: cut after the idle time', async () => {
    await Promise.all(
      slowOnes.map(async ([what, begin, more]) => {
        const { ms, received } = await drip(begin, more);
        assert.ok(ms < CUT_MS, `${what} lived ${ms} ms`);
        assert.ok(ms > (IDLE_S - 1.5) * 1000, `${what} lived ${ms} ms only: ${received}`);
      }),
    );
  });

  test('a download that is not read: cut as well', async () => {
    const form = new FormData();
    form.set('file', new Blob([Buffer.alloc(9 << 20)]), 'x.bin');
    const file = data(await call(server, 'POST', '/api/file/upload', { body: form, token: user.token }));
    const open = [];
    for (let i = 0; i < 5; i++) {
      const socket = connect(server.port, '127.0.0.1', () => socket.write(`GET /api/${file} HTTP/1.1\r\nHost: x\r\n\r\n`));
      socket.pause();
      socket.on('error', () => {});
      open.push(socket);
    }
    const before = await metric(server, 'ichat_http_requests_total');
    // The reader gets all of it meanwhile.
    assert.equal((await (await fetch(`${server.url}/api/${file}`)).arrayBuffer()).byteLength, 9 << 20);
    assert.ok(before > 0);
    await new Promise((resolve) => setTimeout(resolve, CUT_MS));
    for (const socket of open) {
      const length = await new Promise((resolve) => {
        let bytes = 0;
        socket.on('data', (chunk) => (bytes += chunk.length));
        socket.on('close', () => resolve(bytes));
        socket.resume();
      });
      assert.ok(length < 9 << 20, 'what the kernels had, not the file');
    }
  });

  test('bodies of which bytes are at hand as their time is over: cut no later', async () => {
    // The answer with all of these keeps the server for some time, after which it looks at its timers, then at its sockets.
    const [{ contactId }] = await befriend(user, await register(server));
    for (let i = 0; i < 16; i++) await user.post('/api/chat/send', { contactId, localId: '', text: 'x'.repeat(512 << 10) });
    const head = `GET /api/chat/messages?contactId=${contactId}&limit=16 HTTP/1.1\r\nHost: x\r\nConnection: close\r\nAuthorization: ${user.token}\r\n\r\n`;
    const read = () => new Promise((resolve) => {
      const socket = connect(server.port, '127.0.0.1', () => socket.write(head));
      socket.on('error', () => {});
      socket.on('close', resolve);
      socket.resume();
    });
    const bodies = [];
    for (let i = 0; i < 40; i++) {
      bodies.push(drip('POST /api/login HTTP/1.1\r\nHost: x\r\nContent-Length: 100000\r\n\r\n', ' ', 5));
      await pause(25);
    }
    const all = Promise.allSettled(bodies);
    await pause((IDLE_S - 1) * 1000 - 100); // until the first one's time is nearly over
    for (const end = Date.now() + 1500; Date.now() < end; ) await Promise.all([read(), read()]);
    const lived = (await all).map(({ value }) => value?.ms ?? Infinity);
    assert.ok(Math.max(...lived) < CUT_MS && Math.min(...lived) > (IDLE_S - 1) * 1000, `they lived ${lived} ms`);
  });

  test('300 such connections at once cost the others nothing', async () => {
    const slow = Array.from({ length: 300 }, (_, i) =>
      drip(i % 2 ? 'GET /healthz HTTP/1.1\r\nHost: x\r\nX-' : 'POST /api/login HTTP/1.1\r\nHost: x\r\nContent-Length: 9999\r\n\r\n{', 'a'));
    const times = [];
    for (let i = 0; i < 40; i++) {
      const began = performance.now();
      await user.get('/api/contact');
      times.push(performance.now() - began);
    }
    assert.ok(median(times) < 100, `median ${median(times)} ms`);
    for (const { ms } of await Promise.all(slow)) assert.ok(ms < CUT_MS + 1000, `one lived ${ms} ms`);
  });
});

describe('slow WebSockets', () => {
  let server;
  before(async () => {
    server = await startServer({ env: { ICHAT_HTTP_MAX_BODY_KB: '16384' } });
  });
  after(() => server.stop());

  test('one that never reads, 2,000 notifications: it is cut off, the others get all of them at once', { timeout: 60_000 }, async () => {
    const people = [];
    for (let i = 0; i < 3; i++) people.push(await register(server));
    const [sender, deafOne, ...readers] = people;
    for (const other of people.slice(1)) await befriend(sender, other);
    const [group] = await makeGroup(sender, people.slice(1));
    const deaf = await listen(deafOne);
    deaf.socket.ws._socket.pause();
    const listening = await Promise.all([...readers, deafOne, sender].map((person) => listen(person)));
    const arrivals = listening.map(() => new Map()); // text -> when
    listening.forEach(({ socket }, i) => {
      socket.ws.removeAllListeners('message');
      socket.ws.on('message', (text) => arrivals[i].set(JSON.parse(text).payload.text.slice(0, 8), performance.now()));
    });

    const TOTAL = 2000;
    const body = 'x'.repeat(10_000);
    const answered = new Map();
    const before = await residentKb(server);
    const began = Date.now();
    let peak = before;
    let next = 0;
    async function send() {
      while (next < TOTAL) {
        const name = String(next++).padStart(8, '0');
        await sender.post('/api/chat/send', { contactId: group.contactId, localId: '', text: name + body });
        answered.set(name, performance.now());
        if (next % 200 === 0) peak = Math.max(peak, await residentKb(server));
      }
    }
    await Promise.all(Array.from({ length: 8 }, send));
    for (let i = 0; arrivals.some((each) => each.size < TOTAL); i++) {
      assert.ok(i < 100, `arrived: ${arrivals.map((each) => each.size)}`);
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
    for (const each of arrivals) {
      const delays = [...answered].map(([name, at]) => each.get(name) - at);
      assert.ok(median(delays) < 50, `median ${median(delays)} ms`);
      assert.ok(Math.max(...delays) < 2000, `latest ${Math.max(...delays)} ms`);
    }
    assert.ok(peak - before < 64 << 10, `${peak - before} KiB more`);
    // On a very busy machine its silence is noticed before its queue is full.
    if (Date.now() - began < PONG_MS) assert.equal(await metric(server, 'ichat_ws_cut_total'), 1);
    deaf.socket.ws._socket.resume();
    await deaf.socket.closed;
    // His other device had all of it; this one syncs.
    assert.ok((await listen(deafOne, deaf.session)).isNew);
    for (const { socket } of listening) socket.terminate();
  });

  test('what a client did not take is not counted as delivered', async () => {
    const [a, b] = [await register(server), await register(server)];
    const [toB] = await befriend(a, b);
    const first = await listen(b);
    // As behind a proxy: the bytes are acknowledged, but never reach it.
    first.socket.ws._socket.pause();
    const { messageId } = await a.post('/api/chat/send', { contactId: toB.contactId, localId: '', text: 'lost on the way' });
    await first.socket.terminate();
    const second = await listen(b, first.session);
    assert.ok(second.isNew, 'it must sync');
    const [synced] = await b.get('/api/chat/sync', { synced: first.lastDeliveryId, limit: 5 });
    assert.equal(synced.messageId, messageId);
    await second.socket.close();
  });

  test('a member who does not read is cut off from the call, and the other one is told', async () => {
    const [a, b] = [await register(server), await register(server)];
    const [toB] = await befriend(a, b);
    const { socket: atA } = await listen(a);
    const callId = await a.post('/api/call', { contactId: toB.contactId, userIds: [b.id] });
    await atA.takeJson((each) => each.type === 1 && each.payload.call?.status === 2);
    const enter = async (person) => {
      const socket = await Socket.open(`${server.wsUrl}/api/ws/call`);
      socket.send(await person.post('/api/call/join', undefined, { callId }));
      await socket.takeJson((each) => each.type === 2);
      return socket;
    };
    const [first, second] = [await enter(a), await enter(b)];
    await first.takeJson((each) => each.type === 6);
    second.ws._socket.pause();
    const before = await residentKb(server);
    const message = 'x'.repeat(200_000);
    const offline = first.takeJson((each) => each.type === 3 && each.payload.includes('"state":5'), 'his absence');
    let isOffline = false;
    offline.then(() => (isOffline = true), () => {});
    for (let i = 0; i < 300 && !isOffline; i++) {
      first.sendJson({ type: 4, payload: JSON.stringify({ toUserId: b.id, message }) });
      await new Promise((resolve) => first.ws._socket.write('', resolve));
    }
    await offline;
    assert.ok((await residentKb(server)) - before < 64 << 10);
    assert.equal(first.isOver, false);
    first.sendJson({ type: 5, payload: '' });
    await a.post('/api/call/hangup', undefined, { callId });
    await first.closed;
    second.terminate();
    await atA.close();
  });

  test("what is told behind the client's own close frame is not counted as delivered", async () => {
    const [a, b] = [await register(server), await register(server)];
    const [toB] = await befriend(a, b);
    const { socket: atA } = await listen(a);
    const isOfCall = (callId, status) => (each) => each.type === 1 && each.payload.callId === callId && each.payload.call.status === status;
    const head = (length) => `HTTP/1.1\r\nHost: x\r\nAuthorization: ${b.token}\r\nContent-Length: ${length}\r\n\r\n`;
    const open = () => new Promise((resolve) => {
      const socket = connect(server.port, '127.0.0.1', () => resolve(socket));
    });
    // While the server reads this much JSON, what comes meanwhile waits and is then found at once.
    const json = `{"x":"${'x'.repeat(8 << 20)}"`;

    /** b's device leaves as b hangs up: the notice that he has handled the call comes after its close frame, or before. */
    async function leave(isCloseFirst) {
      const first = await listen(b);
      const callId = await a.post('/api/call', { contactId: toB.contactId, userIds: [b.id] });
      await first.socket.takeJson(isOfCall(callId, 2));
      const [busy, other] = [await open(), await open()];
      await new Promise((resolve) => busy.write(`POST /api/login ${head(json.length + 1)}${json}`, resolve));
      await pause(100); // the device has confirmed the call's message
      const answered = new Promise((resolve) => other.once('data', resolve));
      const steps = [() => first.socket.ws.close(), () => other.write(`POST /api/call/hangup?callId=${callId} ${head(0)}`)];
      busy.write('}');
      for (const step of isCloseFirst ? steps : steps.reverse()) step();
      assert.match(String(await answered), /^HTTP\/1.1 200/);
      await first.socket.closed;
      const second = await listen(b, first.session);
      const isHandled = (each) => each.type === 4 && each.payload === callId;
      const wasTold = first.socket.messages.some((text) => text.startsWith('{') && isHandled(JSON.parse(text)));
      if (!second.isNew && !wasTold) await second.socket.takeJson(isHandled, 'what was told behind the close frame');
      await atA.takeJson(isOfCall(callId, 4));
      await second.socket.terminate();
      for (const socket of [busy, other]) socket.destroy();
      return second.isNew;
    }
    let lost = 0;
    for (let i = 0; i < 20 && lost < 3; i++) lost += await leave(i % 2 === 0);
    assert.ok(lost, 'once at least the notice came behind the close frame, so that he must sync');
    await atA.close();
  });
});

describe('a message whose writing fails', () => {
  let dir;
  let server;
  before(async () => {
    dir = await mkdtemp(join(tmpdir(), 'ichat-send-'));
    const source = fileURLToPath(new URL('./fixtures/fail_send.c', import.meta.url));
    await promisify(execFile)('cc', ['-shared', '-fPIC', '-o', join(dir, 'send.so'), source, '-ldl']);
    server = await startServer({ env: { LD_PRELOAD: join(dir, 'send.so'), FAIL_SEND: join(dir, 'how') } });
  });
  after(async () => {
    await server?.stop();
    await rm(dir, { recursive: true });
  });

  test('reset: the session ends, the client syncs', async () => {
    const [a, b] = [await register(server), await register(server)];
    const [toB] = await befriend(a, b);
    const first = await listen(b);
    // All before is confirmed: only the message itself can tell that something is missing.
    for (const deadline = Date.now() + 5_000; first.socket.confirmed === 0; ) {
      assert.ok(Date.now() < deadline, 'the hello is confirmed');
      await pause(20);
    }
    await writeFile(join(dir, 'how'), 'reset');
    const { messageId } = await a.post('/api/chat/send', { contactId: toB.contactId, localId: '', text: 'lost on the way' });
    await first.socket.closed;
    const second = await listen(b, first.session);
    assert.ok(second.isNew, 'it must sync');
    const [synced] = await b.get('/api/chat/sync', { synced: first.lastDeliveryId, limit: 5 });
    assert.equal(synced.messageId, messageId);
    await second.socket.close();
  });

  test('part: the rest follows, nothing is lost, doubled or out of order', async () => {
    const [a, b] = [await register(server), await register(server)];
    const [toB] = await befriend(a, b);
    const listener = await listen(b);
    await writeFile(join(dir, 'how'), 'part');
    const texts = [];
    for (let round = 0; round < 30; round++) {
      // Several at a time, so that some wait for the ones before them and leave with them; up to more than one call holds.
      const now = Array.from({ length: 1 + (round % 8) }, (_, i) => `${round}/${i} ${'.'.repeat((round * 997 + i * 313) % 5_000)}`);
      const sent = await Promise.all(now.map((text) => a.post('/api/chat/send', { contactId: toB.contactId, localId: '', text })));
      texts.push(...now.map((text, i) => ({ id: sent[i].messageId, text })));
    }
    const got = [];
    while (got.length < texts.length) {
      const { type, payload } = await listener.socket.nextJson();
      if (type === 1) got.push({ id: payload.messageId, text: payload.text });
    }
    await rm(join(dir, 'how'));
    texts.sort((x, y) => x.id - y.id);
    assert.deepEqual(got, texts);
    assert.ok(!listener.socket.isOver, 'it is still open');
    await listener.socket.close();
  });
});
