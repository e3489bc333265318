// What ends with a login: its token, its sockets, its part in a call; on every database.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { befriend, call, data, PASSWORD, Person, refused, register } from './lib/api.mjs';
import { databases, startServer } from './lib/server.mjs';
import { listen, Socket } from './lib/socket.mjs';

const PROMPT_MS = 1000;

/** Fails when it takes longer. */
async function promptly(what, promise) {
  let timer;
  const late = new Promise((resolve, reject) => {
    timer = setTimeout(() => reject(new Error(`${what} took more than ${PROMPT_MS} ms`)), PROMPT_MS);
  });
  await Promise.race([promise, late]);
  clearTimeout(timer);
}

for (const database of databases)
  describe(`the end of a login on ${database}`, () => {
    let server;
    before(async () => {
      server = await startServer({ database });
    });
    after(() => server.stop());

    async function again(person) {
      const { token } = data(await call(server, 'POST', '/api/login', { json: { username: person.name, password: PASSWORD } }));
      return new Person(server, person.name, person.id, token);
    }
    async function pair() {
      const [a, b] = [await register(server, 'A'), await register(server, 'B')];
      const [toB] = await befriend(a, b);
      return { a, b, toB: toB.contactId };
    }
    async function ring(a, b, contactId) {
      const { socket } = await listen(a);
      const callId = await a.post('/api/call', { contactId, userIds: [b.id] });
      await socket.takeJson((each) => each.type === 1 && each.payload.callId === callId && each.payload.call.status === 2);
      await socket.close();
      return callId;
    }
    const join = (person, callId) => person.post('/api/call/join', undefined, { callId });
    async function v1(person, callId, token) {
      const socket = await Socket.open(`${server.wsUrl}/api/ws/call`);
      socket.send(token ?? (await join(person, callId)));
      return socket;
    }
    async function v2(person, callId, token) {
      const socket = await Socket.open(`${server.wsUrl}/api/ws/call`, { protocols: ['ichat.call.v2'] });
      socket.sendJson({ req: 1, type: 'join', data: { token: token ?? (await join(person, callId)) } });
      return socket;
    }
    const v1Payload = async (socket, type) => (await socket.takeJson((each) => each.type === type, `type ${type}`)).payload;
    const logOut = (person) => person.call('POST', '/api/logout');
    const change = (person, newPassword = 'new-secret') => person.call('POST', '/api/user/password', { json: { oldPassword: PASSWORD, newPassword } });

    test('POST /logout ends the login of its token, and no other', async () => {
      const user = await register(server);
      const other = await again(user);
      assert.equal(data(await logOut(user)), null);
      refused(await user.call('GET', '/api/contact'), 1005, '凭证已过期');
      data(await other.call('GET', '/api/contact'));
      data(await call(server, 'POST', '/api/logout', { query: { token: other.token } }));
      refused(await other.call('GET', '/api/contact'), 1005);
    });

    test('without a login POST /logout is as unknown as ever', async () => {
      const user = await register(server);
      data(await logOut(user));
      for (const token of [undefined, '', 'garbage', 'a.b.c', user.token]) {
        const answer = await call(server, 'POST', '/api/logout', { token, json: {} });
        assert.deepEqual([answer.status, answer.text], [404, '404 page not found\n']);
      }
      assert.equal((await (await again(user)).call('GET', '/api/logout')).status, 404);
    });

    test('its notification sockets are closed, and its session is not resumed by another login', async () => {
      const user = await register(server);
      const other = await again(user);
      const [mine, theirs] = [await listen(user), await listen(other)];
      data(await logOut(user));
      await promptly('closing', mine.socket.closed);
      assert.equal(theirs.socket.isOver, false);
      const stolen = await listen(other, mine.session);
      assert.ok(stolen.isNew);
      const dead = await Socket.open(`${server.wsUrl}/api/ws/notification`);
      dead.send(user.token);
      dead.send(mine.session);
      await dead.closed;
      assert.deepEqual(dead.messages, []);
      await stolen.socket.close();
      await theirs.socket.close();
    });

    test('a socket that has said its token and not yet its session is closed as well', async () => {
      const user = await register(server);
      const { socket } = await listen(user); // its token is known, so the next one's is checked at once
      const waiting = await Socket.open(`${server.wsUrl}/api/ws/notification`);
      waiting.send(user.token);
      const pong = new Promise((resolve) => waiting.ws.once('pong', resolve));
      waiting.ws.ping('the token was read');
      await pong;
      data(await logOut(user));
      waiting.send('');
      await promptly('closing', waiting.closed);
      assert.deepEqual(waiting.messages, []);
      await socket.closed;
    });

    for (const [version, open, ended] of [
      ['v1', v1, (socket) => v1Payload(socket, 7)],
      ['v2', v2, async (socket) => String((await socket.takeJson((each) => each.type === 'call-ended')).data.reason)],
    ])
      test(`in the middle of a ${version} call: he has left it, and his call token is dead`, async () => {
        const { a, b, toB } = await pair();
        const callId = await ring(a, b, toB);
        const token = await join(a, callId);
        const first = await open(a, callId, token);
        const second = await v1(b, callId);
        await v1Payload(second, 6);
        data(await logOut(a));
        await promptly('his end', ended(first));
        await promptly('his close', first.closed);
        await promptly('the end of the call', v1Payload(second, 7));
        const back = await v1(a, callId, token);
        assert.deepEqual(await back.nextJson(), { type: 1, payload: '' });
        await back.closed;
        await second.closed;
      });

    test('a call on another device of his goes on', async () => {
      const { a, b, toB } = await pair();
      const other = await again(a);
      const callId = await ring(a, b, toB);
      const unused = await join(a, callId);
      const first = await v1(other, callId);
      await v1Payload(first, 2);
      data(await logOut(a));
      const stale = await v1(a, callId, unused);
      assert.equal((await stale.nextJson()).type, 1, 'the token of the ended login is dead');
      const second = await v1(b, callId);
      assert.equal(await v1Payload(first, 6), '');
      assert.equal(first.isOver, false);
      await b.post('/api/call/hangup', undefined, { callId });
      await first.closed;
      await second.closed;
    });

    test('a new password ends all other logins, their sockets and calls', async () => {
      const { a, b, toB } = await pair();
      const other = await again(a);
      const [mine, theirs] = [await listen(a), await listen(other)];
      const callId = await ring(a, b, toB);
      const inCall = await v1(other, callId);
      const token = await join(other, callId);
      await v1Payload(inCall, 2);
      refused(await change({ call: (...args) => b.call(...args) }, 'short'), 1003);
      assert.equal(data(await change(a)), null);
      await promptly('closing the notification socket', theirs.socket.closed);
      await promptly('closing the call socket', inCall.closed);
      refused(await other.call('GET', '/api/contact'), 1005);
      const back = await v1(other, callId, token);
      assert.equal((await back.nextJson()).type, 1);

      data(await a.call('GET', '/api/contact'));
      assert.equal(mine.socket.isOver, false, 'the device that changed it stays');
      await b.post('/api/contact/user', { userId: (await register(server)).id });
      refused(await call(server, 'POST', '/api/login', { json: { username: a.name, password: PASSWORD } }), 1004);
      data(await call(server, 'POST', '/api/login', { json: { username: a.name, password: 'new-secret' } }));
      await mine.socket.close();
    });

    test('what was ended stays ended over a restart', async () => {
      const user = await register(server);
      const other = await again(user);
      data(await logOut(user));
      data(await change(other));
      await server.restart();
      refused(await user.call('GET', '/api/contact'), 1005);
      data(await other.call('GET', '/api/contact'));
    });
  });
