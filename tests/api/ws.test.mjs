// The WebSocket edge: what is accepted, and how a socket ends.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { register } from './lib/api.mjs';
import { answers, raw } from './lib/raw.mjs';
import { databases, startServer } from './lib/server.mjs';
import { listen, Socket } from './lib/socket.mjs';

for (const database of databases)
  describe(`WebSockets on ${database}`, () => {
    let server;
    before(async () => {
      server = await startServer({ database, env: { ICHAT_HTTP_ALLOWED_ORIGINS: 'https://chat.example.org' } });
    });
    after(() => server.stop());

    const open = (path, options) => Socket.open(server.wsUrl + path, options);
    const refusedWith = (status) => (error) => error.message.includes(String(status));

    test('without a subprotocol none is answered', async () => {
      const socket = await open('/api/ws/call');
      assert.equal(socket.ws.protocol, '');
      await socket.close();
    });

    test('ichat.call.v2 is agreed on, also among others', async () => {
      for (const protocols of [['ichat.call.v2'], ['other', 'ichat.call.v2']]) {
        const socket = await open('/api/ws/call', { protocols });
        assert.equal(socket.ws.protocol, 'ichat.call.v2');
        await socket.close();
      }
    });

    test('a subprotocol that is not ours is refused', async () => {
      await assert.rejects(open('/api/ws/call', { protocols: ['ichat.call.v9'] }));
      await assert.rejects(async () => {
        const socket = await open('/api/ws/notification', { protocols: ['ichat.call.v2'] });
        await socket.closed;
        throw new Error('closed');
      });
    });

    test('other paths are 404', async () => {
      await assert.rejects(open('/api/ws/other'), refusedWith(404));
      await assert.rejects(open('/'), refusedWith(404));
      await assert.rejects(open('/api/ws/notification/'), refusedWith(404));
    });

    test('the origin must be ours or allowed', async () => {
      await assert.rejects(open('/api/ws/notification', { origin: 'https://evil.example.org' }), refusedWith(403));
      for (const origin of ['https://chat.example.org', `http://127.0.0.1:${server.port}`])
        await (await open('/api/ws/notification', { origin })).close();
    });

    test('a binary frame: 1003', async () => {
      const socket = await open('/api/ws/notification');
      socket.send(Buffer.from([1, 2, 3]));
      assert.equal((await socket.closed).code, 1003);
    });

    test('broken UTF-8: 1007', async () => {
      const socket = await open('/api/ws/notification');
      socket.ws._sender.send(Buffer.from([0xc3, 0x28]), { binary: false, mask: true, fin: true, compress: false });
      assert.equal((await socket.closed).code, 1007);
    });

    test('a message above 256 KiB: 1009, in one frame or in many', async () => {
      const one = await open('/api/ws/call');
      one.send('x'.repeat((256 << 10) + 1));
      assert.equal((await one.closed).code, 1009);
      const many = await open('/api/ws/call');
      for (let i = 0; i < 70; i++) many.ws.send('x'.repeat(4 << 10), { fin: false });
      assert.equal((await many.closed).code, 1009);
    });

    test('a message in fragments is one message', async () => {
      const person = await register(server);
      const socket = await open('/api/ws/notification');
      socket.ws.send(person.token.slice(0, 10), { fin: false });
      socket.ws.send(person.token.slice(10, 50), { fin: false });
      socket.ws.send(person.token.slice(50), { fin: true });
      socket.ws.send('', { fin: false });
      socket.ws.send('', { fin: true });
      assert.match(await socket.next(), /^session:[0-9a-f-]{36}\n0$/);
      await socket.close();
    });

    test('a ping is answered, and the close too', async () => {
      const { socket } = await listen(await register(server));
      const pong = new Promise((resolve) => socket.ws.once('pong', resolve));
      socket.ws.ping('hello');
      assert.equal((await pong).toString(), 'hello');
      socket.ws.close(4321, 'bye');
      assert.equal((await socket.closed).code, 4321);
    });

    test('an upgrade without its key ends the connection', async () => {
      const { text } = await raw(
        server,
        'GET /api/ws/notification HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n\r\n',
      );
      assert.ok(!answers(text).some((each) => each.status === 101));
    });

    test('a socket that does not authenticate gets nothing, and its garbage closes it', async () => {
      const socket = await open('/api/ws/notification');
      socket.send('garbage');
      socket.send('');
      await socket.closed;
      assert.deepEqual(socket.messages, []);
    });
  });

describe('the limit of connections', () => {
  let server;
  before(async () => {
    server = await startServer({ env: { ICHAT_HTTP_MAX_CONNECTIONS: '12' } });
  });
  after(() => server.stop());

  test('beyond it new ones are refused, and accepted again when others left', async () => {
    const open = [];
    await assert.rejects(async () => {
      for (let i = 0; i < 30; i++) open.push(await Socket.open(`${server.wsUrl}/api/ws/notification`));
    });
    assert.ok(open.length >= 8 && open.length <= 12, `${open.length} were accepted`);
    await Promise.all(open.map((socket) => socket.close()));
    const again = await Socket.open(`${server.wsUrl}/api/ws/notification`);
    await again.close();
  });
});
