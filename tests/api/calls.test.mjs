// Calls: create, join, hang up; the notices; the call WebSocket in both versions, without media; on every database.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { befriend, call, data, makeGroup, refused, register } from './lib/api.mjs';
import { databases, startServer } from './lib/server.mjs';
import { listen, Socket } from './lib/socket.mjs';
import { sql } from './lib/sql.mjs';

const WHOLE_SECONDS = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/;
const STATUS = { new: 1, ready: 2, active: 3, end: 4 };

for (const database of databases)
  describe(`calls on ${database}`, () => {
    let server;
    before(async () => {
      server = await startServer({ database });
    });
    after(() => server.stop());

    async function pair() {
      const [a, b] = [await register(server, 'A'), await register(server, 'B')];
      const [toB, toA] = await befriend(a, b);
      return { a, b, toB: toB.contactId, toA: toA.contactId };
    }
    async function trio() {
      const [a, b, c] = [await register(server, 'A'), await register(server, 'B'), await register(server, 'C')];
      await befriend(a, b);
      await befriend(a, c);
      const [group] = await makeGroup(a, [b, c]);
      return { a, b, c, group: group.contactId };
    }
    const create = (who, contactId, others) => who.post('/api/call', { contactId, userIds: others.map((each) => each.id) });
    const join = (who, callId) => who.post('/api/call/join', undefined, { callId });
    const hangUp = (who, callId) => who.post('/api/call/hangup', undefined, { callId });
    const get = (who, callId) => who.get('/api/call', { callId });

    /** Notices of this call with this status. */
    const statusNotice = ({ socket }, callId, status) =>
      socket.takeJson((each) => each.type === 1 && each.payload.callId === callId && each.payload.call.status === status, `call ${status}`);
    const handledNotice = ({ socket }, callId) => socket.takeJson((each) => each.type === 4 && each.payload === callId, 'handled');

    /** Asks as the contract's client does, until the call is so: it is stored after its members are told. */
    async function until(who, callId, isSo) {
      for (let i = 0; i < 200; i++) {
        const found = await get(who, callId);
        if (isSo(found.status)) return found;
        await new Promise((resolve) => setTimeout(resolve, 20));
      }
      throw new Error(`call ${callId} stays as it is`);
    }
    const ready = (who, callId) => until(who, callId, (status) => status !== STATUS.new);
    const ended = (who, callId) => until(who, callId, (status) => status === STATUS.end);

    /** A v1 socket that has sent its token. */
    async function v1(who, callId) {
      const socket = await Socket.open(`${server.wsUrl}/api/ws/call`);
      socket.send(await join(who, callId));
      return socket;
    }
    const v1Message = (socket, type, fits = () => true) =>
      socket.takeJson((each) => each.type === type && fits(each.payload), `type ${type}`).then((each) => {
        assert.equal(typeof each.payload, 'string', 'a payload is always a string');
        return each.payload;
      });

    test('a call of two, from ringing to its end, as the parties are told', async () => {
      const { a, b, toB } = await pair();
      const [atA, atB] = [await listen(a), await listen(b)];
      const answer = await a.call('POST', '/api/call', { json: { contactId: toB, userIds: [b.id] } });
      const callId = data(answer);
      assert.ok(Number.isInteger(callId) && callId > 0, 'a bare number');

      for (const session of [atA, atB]) {
        const { payload } = await statusNotice(session, callId, STATUS.ready);
        assert.deepEqual([payload.type, payload.isNew, payload.senderId], [3, false, a.id]);
        assert.equal(payload.call.members, JSON.stringify([a.id, b.id]));
        assert.equal(payload.call.callerId, a.id);
        assert.equal(payload.call.handled, false);
        assert.equal(payload.call.startTime, null);
      }
      const found = await ready(b, callId);
      assert.deepEqual(Object.keys(found).sort(), ['callId', 'callerId', 'createdAt', 'endReason', 'endTime', 'members', 'messageId',
        'startTime', 'status', 'updatedAt']);
      assert.deepEqual([found.status, found.endReason, found.startTime, found.endTime], [STATUS.ready, 0, null, null]);

      const first = await v1(a, callId);
      await handledNotice(atA, callId);
      assert.deepEqual(JSON.parse(await v1Message(first, 2)), [
        { userId: a.id, state: 4, ping: -2 },
        { userId: b.id, state: 1, ping: -2 },
      ]);
      const second = await v1(b, callId);
      await handledNotice(atB, callId);
      await v1Message(first, 3, (payload) => JSON.stringify(JSON.parse(payload)) === JSON.stringify({ userId: b.id, state: 3, ping: -2 }));
      for (const socket of [first, second]) assert.equal(await v1Message(socket, 6), '');
      await v1Message(first, 3, (payload) => JSON.parse(payload).userId === b.id && JSON.parse(payload).state === 4);
      assert.deepEqual(JSON.parse(await v1Message(second, 2)).map((each) => [each.userId, each.state]), [[a.id, 4], [b.id, 4]]);
      for (const session of [atA, atB]) {
        const { payload } = await statusNotice(session, callId, STATUS.active);
        assert.match(payload.call.startTime, WHOLE_SECONDS);
      }
      first.sendJson({ type: 5, payload: '' });

      assert.equal(await hangUp(b, callId), null);
      for (const socket of [first, second]) {
        assert.equal(await v1Message(socket, 7), '1');
        await socket.close(); // as the client does; that the server does it else, after 2 s, is looked at in section 12
      }
      for (const session of [atA, atB]) {
        const { payload } = await statusNotice(session, callId, STATUS.end);
        assert.equal(payload.call.endReason, 1);
        assert.match(payload.call.endTime, WHOLE_SECONDS);
        assert.equal(payload.isNew, false);
        await session.socket.close();
      }
      for (const what of ['join', 'hangup']) refused(await b.call('POST', `/api/call/${what}`, { query: { callId } }), 3001, '通话状态无效');
      const [message] = await b.get('/api/chat/messages', { contactId: (await b.get('/api/contact'))[0].contactId });
      assert.deepEqual([message.type, message.callId, message.call.status, message.call.handled], [3, callId, STATUS.end, true]);
      assert.equal((await b.get('/api/contact'))[0].lastMessageContent, '[通话]');
    });

    test('rejecting ends a call of two', async () => {
      const { a, b, toB } = await pair();
      const callId = await create(a, toB, [b]);
      await ready(a, callId);
      const socket = await v1(a, callId);
      await v1Message(socket, 2);
      await hangUp(b, callId);
      await v1Message(socket, 7, (payload) => payload === '2');
      const { endReason, startTime } = await ended(a, callId);
      assert.deepEqual([endReason, startTime], [2, null]);
    });

    test('the caller cancels', async () => {
      const { a, b, toB } = await pair();
      const atB = await listen(b);
      const callId = await create(a, toB, [b]);
      await ready(a, callId);
      const socket = await v1(a, callId);
      await v1Message(socket, 2);
      await hangUp(a, callId);
      assert.equal(await v1Message(socket, 7), '7');
      assert.equal((await statusNotice(atB, callId, STATUS.end)).payload.call.endReason, 7);
      await atB.socket.close();
    });

    test('a group call: one rejects, two go on, the last one ends it', async () => {
      const { a, b, c, group } = await trio();
      const callId = await create(a, group, [b, c]);
      assert.equal((await ready(a, callId)).members, JSON.stringify([a.id, b.id, c.id]));
      const [first, second] = [await v1(a, callId), await v1(b, callId)];
      await v1Message(first, 6);
      await hangUp(c, callId);
      await v1Message(first, 3, (payload) => JSON.parse(payload).userId === c.id && JSON.parse(payload).state === 2);
      await until(a, callId, (status) => status === STATUS.active);
      await hangUp(b, callId);
      await v1Message(second, 7);
      assert.equal(await v1Message(first, 7), '1');
    });

    test('signaling goes to its addressee alone, quoted as it came', async () => {
      const { a, b, toB } = await pair();
      const callId = await create(a, toB, [b]);
      await ready(a, callId);
      const [first, second] = [await v1(a, callId), await v1(b, callId)];
      await v1Message(first, 6);
      await v1Message(second, 2);
      const message = JSON.stringify({ type: 1, payload: { type: 'offer', sdp: 'v=0\r\n"quoted"\u2028' } });
      first.sendJson({ type: 4, payload: JSON.stringify({ toUserId: b.id, message }) });
      assert.deepEqual(JSON.parse(await v1Message(second, 4)), { fromUserId: a.id, message });
      first.sendJson({ type: 4, payload: JSON.stringify({ toUserId: 99999999, message }) });
      for (const garbage of ['', 'x', '{}', '{"type":4}', '{"type":4,"payload":"{"}', '{"type":"4","payload":{}}', '[]']) first.send(garbage);
      first.sendJson({ type: 4, payload: JSON.stringify({ toUserId: b.id, message: 'again' }) });
      assert.equal(JSON.parse(await v1Message(second, 4)).message, 'again');
      await hangUp(a, callId);
    });

    test('a socket that breaks is shown as offline, and online again', async () => {
      const { a, b, toB } = await pair();
      const callId = await create(a, toB, [b]);
      await ready(a, callId);
      const [first, second] = [await v1(a, callId), await v1(b, callId)];
      await v1Message(first, 6);
      const isState = (state) => (payload) => JSON.parse(payload).userId === b.id && JSON.parse(payload).state === state;
      await v1Message(first, 3, isState(4));
      await second.terminate();
      await v1Message(first, 3, isState(5));
      const again = await v1(b, callId);
      await v1Message(first, 3, isState(4));
      await v1Message(again, 2);
      await hangUp(a, callId);
    });

    test('who enters another call leaves the one where he was', async () => {
      const { a, b, toB } = await pair();
      const [c, d] = [await register(server, 'C'), await register(server, 'D')];
      await befriend(c, b);
      await befriend(c, d);
      const [group] = await makeGroup(c, [b, d]);
      const first = await create(a, toB, [b]);
      await ready(a, first);
      const [atA, bAtFirst] = [await v1(a, first), await v1(b, first)];
      await v1Message(atA, 6);
      // He is busy, and rings all the same; joining does not move him yet, his socket does.
      const second = await create(c, group.contactId, [b, d]);
      await ready(c, second);
      const bToken = await join(b, second);
      assert.equal((await get(a, first)).status, STATUS.active);
      const bAtSecond = await Socket.open(`${server.wsUrl}/api/ws/call`);
      bAtSecond.send(bToken);
      assert.deepEqual(JSON.parse(await v1Message(bAtSecond, 2)).map((each) => [each.userId, each.state]), [[c.id, 1], [b.id, 4], [d.id, 1]]);
      assert.equal(await v1Message(bAtFirst, 7), '1');
      assert.equal(await v1Message(atA, 7), '1');
      assert.deepEqual([(await get(a, first)).endReason, (await get(c, second)).status], [1, STATUS.ready]);
      await hangUp(c, second);
      assert.equal(await v1Message(bAtSecond, 7), '7');
    });

    test('who is busy: a call from him, or to him alone, ends at once', async () => {
      const { a, b, toB } = await pair();
      const c = await register(server, 'C');
      const [cToA, aToC] = await befriend(c, a);
      const live = await create(a, toB, [b]);
      await ready(a, live);
      const [atA, atB] = [await v1(a, live), await v1(b, live)];
      for (const socket of [atA, atB]) await v1Message(socket, 6);
      for (const [caller, contact, callee] of [[c, cToA, a], [a, aToC, c]]) {
        const atCallee = await listen(callee);
        const callId = await create(caller, contact.contactId, [callee]);
        const { status, endReason, startTime, endTime } = await ended(caller, callId);
        assert.deepEqual([status, endReason, startTime], [STATUS.end, 4, null], `${caller.nickname} calls`);
        assert.match(endTime, WHOLE_SECONDS);
        assert.equal((await statusNotice(atCallee, callId, STATUS.end)).payload.call.endReason, 4);
        refused(await caller.call('POST', '/api/call/join', { query: { callId } }), 3001);
        await atCallee.socket.close();
      }
      assert.equal((await get(a, live)).status, STATUS.active, 'he is where he was');
      await hangUp(a, live);
      for (const socket of [atA, atB]) assert.equal(await v1Message(socket, 7), '1');
      const free = await create(a, aToC.contactId, [c]);
      assert.equal((await ready(a, free)).status, STATUS.ready, 'and no longer busy');
      await hangUp(a, free);
    });

    test('all of the largest group can be called: its creator and 100 contacts', async () => {
      const a = await register(server);
      const row = `from users where username like 'many%'`; // hashing as many passwords would take long
      for (const statement of [
        `insert into users (username, username_key, password_hash, nickname, avatar, created_at, updated_at)
         with recursive n(i) as (select 1 union all select i + 1 from n where i < 100) select 'many' || i, 'many' || i, '', 'M', '', 1, 1 from n`,
        `insert into rooms (name, created_at) select 'u-${a.id}-' || user_id, 1 ${row}`,
        `insert into contacts (owner_id, user_id, room_id, status, created_at, updated_at)
         select ${a.id}, user_id, (select room_id from rooms where name = 'u-${a.id}-' || user_id), 1, 1, 1 ${row}`,
      ])
        await sql(server, statement);
      const contacts = await a.get('/api/contact');
      assert.equal(contacts.length, 100);
      await a.post('/api/contact/group', { name: 'all', avatar: '', contactIds: contacts.map((each) => each.contactId) });
      const group = (await a.get('/api/contact')).find((each) => each.groupId);
      const callId = await a.post('/api/call', { contactId: group.contactId, userIds: contacts.map((each) => each.userId) });
      const { status, members } = await ready(a, callId);
      assert.deepEqual([status, JSON.parse(members).length], [STATUS.ready, 101]);
      await hangUp(a, callId);
    });

    test('refusals, in the order of the checks', async () => {
      const { a, b, toB, toA } = await pair();
      const { c, group } = await trio();
      const make = async (json, code) => refused(await a.call('POST', '/api/call', { json }), code);
      await make({ contactId: toB, userIds: [] }, 3002);
      await make({ contactId: toB }, 3002);
      await make({ contactId: 99999999, userIds: [b.id] }, 2005);
      await make({ contactId: toA, userIds: [b.id] }, 403);
      await make({ contactId: toB, userIds: [c.id] }, 403);
      await make({ contactId: toB, userIds: [b.id, c.id] }, 403);
      await make({ contactId: group, userIds: [c.id] }, 403);
      for (const [method, path] of [['POST', 'join'], ['POST', 'hangup'], ['GET', '']]) {
        const target = `/api/call${path && `/${path}`}`;
        refused(await a.call(method, target, { query: { callId: 99999999 } }), 3006, '通话不存在');
        refused(await a.call(method, target), 3006);
      }
      const callId = await create(a, toB, [b]);
      await ready(a, callId);
      refused(await c.call('POST', '/api/call/join', { query: { callId } }), 403);
      refused(await c.call('GET', '/api/call', { query: { callId } }), 403);
      assert.notEqual((await c.call('POST', '/api/call/hangup', { query: { callId } })).status, 200);
      assert.equal((await get(a, callId)).status, STATUS.ready);
      await hangUp(a, callId);
    });

    test('a call token is no login, and a login is no call token', async () => {
      const { a, b, toB } = await pair();
      const callId = await create(a, toB, [b]);
      await ready(a, callId);
      const token = await join(a, callId);
      refused(await call(server, 'GET', '/api/contact', { token }), 1005);
      const claims = JSON.parse(Buffer.from(token.split('.')[1], 'base64url'));
      assert.equal(claims.pl, `call:${callId}:${a.id}`);
      assert.deepEqual(Object.keys(claims).sort(), ['exp', 'iss', 'lid', 'pl'], 'lid: the login that it ends with');
      for (const wrong of [a.token, 'garbage', '']) {
        const socket = await Socket.open(`${server.wsUrl}/api/ws/call`);
        socket.send(wrong);
        assert.deepEqual(await socket.nextJson(), { payload: '', type: 1 });
        await socket.closed;
      }
      await hangUp(b, callId);
      await ended(a, callId);
      const socket = await Socket.open(`${server.wsUrl}/api/ws/call`);
      socket.send(token);
      assert.deepEqual(await socket.nextJson(), { payload: '通话已结束', type: 8 });
      await socket.closed;
    });

    test('version 2: join, ping, errors, leave', async () => {
      const { a, b, c, group } = await trio();
      const callId = await create(a, group, [b, c]);
      await ready(a, callId);
      const open = () => Socket.open(`${server.wsUrl}/api/ws/call`, { protocols: ['ichat.call.v2'] });
      const ask = async (socket, req, type, body) => {
        socket.sendJson({ req, type, data: body });
        return socket.takeJson((each) => each.res === req, `the answer to ${type}`);
      };
      const first = await open();
      const early = await ask(first, 1, 'ping', {});
      assert.equal(early.error?.code ?? 'fine', early.error ? 'not_joined' : 'fine');
      const joined = await ask(first, 2, 'join', { token: await join(a, callId), resume: '' });
      assert.equal(joined.error, undefined, JSON.stringify(joined));
      assert.deepEqual([joined.data.callId, joined.data.userId, joined.data.resumed, joined.data.status], [callId, a.id, false, STATUS.ready]);
      assert.deepEqual(joined.data.members.map((each) => [each.userId, each.state]), [[a.id, 4], [b.id, 1], [c.id, 1]]);
      assert.ok((await ask(first, 3, 'ping', {})).data.time);
      assert.equal((await ask(first, 4, 'nonsense', {})).error.code, 'unknown_type');
      assert.equal((await ask(first, 5, 'publish', { sdp: 'garbage', tracks: [] })).error.code, 'bad_sdp');
      assert.equal((await ask(first, 6, 'mute', { trackId: 't9999', muted: true })).error.code, 'no_such_track');

      const bad = await open();
      assert.equal((await ask(bad, 1, 'join', { token: 'garbage' })).error.code, 'unauthorized');
      bad.terminate();

      const second = await open();
      await ask(second, 1, 'join', { token: await join(b, callId) });
      const told = await first.takeJson((each) => each.type === 'member-state' && each.data.userId === b.id && each.data.state === 4);
      assert.equal(told.data.nickname, 'B');
      for (const socket of [first, second]) {
        const { data: started } = await socket.takeJson((each) => each.type === 'call-started');
        assert.match(started.startTime, WHOLE_SECONDS);
      }
      await hangUp(c, callId);
      await ask(second, 2, 'leave', {});
      for (const socket of [second, first]) assert.equal((await socket.takeJson((each) => each.type === 'call-ended')).data.reason, 1);
      await first.closed;
      await second.closed;
      await ended(a, callId);
    });
  });

describe('the timers of calls', { concurrency: true }, () => {
  let server;
  before(async () => {
    // Long enough for two to come before it is over, on a machine that has other things to do.
    server = await startServer({ env: { ICHAT_CALL_NO_ANSWER_S: '2', ICHAT_CALL_ALIVE_S: '2' } });
  });
  after(() => server.stop());

  /** A call whose first `count` members are in it, each with the frames that he got. */
  async function begin(count) {
    const people = [await register(server, 'A'), await register(server, 'B')];
    const [{ contactId }] = await befriend(...people);
    const [a, b] = people;
    const { socket: notices } = await listen(a);
    const callId = await a.post('/api/call', { contactId, userIds: [b.id] });
    await notices.takeJson((each) => each.payload.call?.status === STATUS.ready);
    const sockets = [];
    for (const person of people.slice(0, count)) {
      const socket = await Socket.open(`${server.wsUrl}/api/ws/call`);
      socket.send(await person.post('/api/call/join', undefined, { callId }));
      sockets.push(socket);
      beat(socket);
    }
    return { a, b, sockets, notices, callId };
  }
  /** Says that it lives, more often than it must: until the socket is closed, or the answer is called. */
  function beat(socket) {
    const timer = setInterval(() => socket.sendJson({ type: 5, payload: '' }), 100);
    socket.stopBeating = () => clearInterval(timer);
    void socket.closed.then(socket.stopBeating);
  }
  async function assertEnd({ a, sockets, notices, callId }, reason) {
    for (const socket of sockets) {
      assert.equal((await socket.takeJson((each) => each.type === 7, 'end')).payload, String(reason));
      await socket.close();
    }
    const { payload } = await notices.takeJson((each) => each.payload.call?.status === STATUS.end);
    assert.equal(payload.call.endReason, reason);
    const { endReason, startTime } = await a.get('/api/call', { callId });
    await notices.close();
    assert.equal(endReason, reason);
    return startTime;
  }

  test('the caller alone until nobody answered: no answer', async () => {
    assert.equal(await assertEnd(await begin(1), 3), null);
  });

  test('nobody came, the caller neither: error', async () => {
    assert.equal(await assertEnd(await begin(0), 6), null);
  });

  test('a socket that stays and says nothing is a lost connection', async () => {
    const call = await begin(2);
    const [first, second] = call.sockets;
    await first.takeJson((each) => each.type === 6, 'start');
    second.stopBeating();
    await first.takeJson((each) => each.type === 3 && JSON.parse(each.payload).userId === call.b.id && JSON.parse(each.payload).state === 6);
    assert.match(await assertEnd(call, 5), WHOLE_SECONDS);
  });
});
