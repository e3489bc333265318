// The notification WebSocket: hello, resumption, order, ends; on every database.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { befriend, PASSWORD, register, call, data } from './lib/api.mjs';
import { databases, startServer } from './lib/server.mjs';
import { listen, Socket } from './lib/socket.mjs';

for (const database of databases)
  describe(`notifications on ${database}`, () => {
    let server;
    before(async () => {
      server = await startServer({ database });
    });
    after(() => server.stop());

    async function pair() {
      const [a, b] = [await register(server), await register(server)];
      const [toB] = await befriend(a, b);
      return { a, b, send: (text) => a.post('/api/chat/send', { contactId: toB.contactId, localId: '', text }) };
    }

    test('the first hello tells the session and the last delivery', async () => {
      const { b, send } = await pair();
      const first = await listen(b);
      assert.match(first.session, /^[0-9a-f-]{36}$/);
      assert.deepEqual([first.isNew, first.lastDeliveryId], [true, 0]);
      await send('one');
      const { payload } = await first.socket.nextJson();
      const second = await listen(b);
      assert.equal(second.lastDeliveryId, payload.deliveryId);
      assert.notEqual(second.session, first.session);
      await first.socket.close();
      await second.socket.close();
    });

    test('a resumed session gets all that came meanwhile, once and in order', async () => {
      const { b, send } = await pair();
      const { socket, session } = await listen(b);
      await send('before');
      assert.equal((await socket.nextJson()).payload.text, 'before');
      await socket.close();
      for (const text of ['one', 'two', 'three']) await send(text);
      const again = await listen(b, session);
      assert.deepEqual([again.session, again.isNew], [session, false]);
      for (const text of ['one', 'two', 'three']) assert.equal((await again.socket.nextJson()).payload.text, text);
      await send('after');
      assert.equal((await again.socket.nextJson()).payload.text, 'after');
      assert.deepEqual(again.socket.messages, []);
      await again.socket.close();
    });

    test('who gets much confirms it together: eight pings at once, then ten a second, and one behind the last', async () => {
      const { b, send } = await pair();
      const { socket } = await listen(b);
      const pings = [];
      socket.ws.on('ping', (payload) => pings.push(payload.readUInt32LE()));
      const began = Date.now();
      for (let i = 0; i < 60; i++) await send(`${i}`);
      for (let i = 0; i < 60; i++) assert.equal((await socket.nextJson()).payload.text, `${i}`);
      for (const deadline = Date.now() + 5_000; pings.at(-1) !== 61; ) {
        assert.ok(Date.now() < deadline, `the hello and 60 messages are confirmed, not ${pings}`);
        await new Promise((resolve) => setTimeout(resolve, 20));
      }
      const most = 8 + (Date.now() - began) / 100 + 1;
      assert.ok(pings.length <= most, `${pings.length} pings, at most ${most}`);
      await socket.close();
    });

    test('an unknown session is a new one', async () => {
      const { a, b } = await pair();
      for (const session of ['garbage', '00000000-0000-4000-8000-000000000000', 'x'.repeat(10_000)]) {
        const hello = await listen(b, session);
        assert.ok(hello.isNew);
        await hello.socket.close();
      }
      const { socket, session } = await listen(a);
      const theft = await listen(b, session);
      assert.ok(theft.isNew, 'that of another user is not given away');
      await theft.socket.close();
      await socket.close();
    });

    test('heartbeats and anything else are ignored', async () => {
      const { b, send } = await pair();
      const { socket } = await listen(b);
      for (const text of ['1', '1', '', '{"type":1}', 'x'.repeat(1000)]) socket.send(text);
      await send('still here');
      assert.equal((await socket.nextJson()).payload.text, 'still here');
      await socket.close();
    });

    test('a bad token closes without a word', async () => {
      for (const token of ['', 'garbage', 'a.b.c']) {
        const socket = await Socket.open(`${server.wsUrl}/api/ws/notification`);
        socket.send(token);
        socket.send('');
        await socket.closed;
        assert.deepEqual(socket.messages, []);
      }
    });

    test('logging out closes the sockets of that login', async () => {
      const { b } = await pair();
      const other = { ...b, server, token: data(await call(server, 'POST', '/api/login', { json: { username: b.name, password: PASSWORD } })).token };
      const [mine, stays] = [await listen(b), await listen(other)];
      await b.post('/api/user/logout');
      await mine.socket.closed;
      assert.equal(stays.socket.isOver, false);
      await stays.socket.close();
    });

    test('messages of all sizes at once come whole and in order, also to who stops reading for a while', async () => {
      const { b, send } = await pair();
      const quick = await listen(b);
      const slow = await listen(b);
      slow.socket.ws._socket.pause();
      const sizes = [10, 60_000, 200, 9_000, 100, 70_000, 20];
      const texts = Array.from({ length: 210 }, (_, i) => `${i} ${'x'.repeat(sizes[i % sizes.length])}`);
      // Some at a time, so that several are written in one turn. 4 MB are more than the kernel holds for who does not read.
      for (let i = 0; i < texts.length; i += 15) await Promise.all(texts.slice(i, i + 15).map(send));
      slow.socket.ws._socket.resume();
      for (const { socket } of [quick, slow]) {
        const got = [];
        for (let i = 0; i < texts.length; i++) got.push((await socket.nextJson()).payload);
        assert.deepEqual(got.map(({ text }) => text).sort(), [...texts].sort());
        for (let i = 1; i < got.length; i++) assert.ok(got[i].deliveryId > got[i - 1].deliveryId, `${got[i].deliveryId} is behind`);
        await socket.close();
      }
    });

    test('a client that does not read is cut off, and the others are served', async () => {
      const { b, send } = await pair();
      const deaf = await listen(b);
      const { socket } = await listen(b);
      deaf.socket.ws._socket.pause();
      const text = 'x'.repeat(60_000);
      let metrics = '';
      for (let i = 0; i < 400 && !/^ichat_ws_cut_total [1-9]/m.test(metrics); i++) {
        await send(text);
        await socket.nextJson();
        if (i % 10 === 9) metrics = (await call(server, 'GET', '/metrics')).text;
      }
      assert.match(metrics, /^ichat_ws_cut_total [1-9]/m);
      deaf.socket.ws._socket.resume();
      await deaf.socket.closed;
      await send('the end');
      assert.equal((await socket.nextJson()).payload.text, 'the end');
      await socket.close();
    });
  });
