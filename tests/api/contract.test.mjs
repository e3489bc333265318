// The contract's own examples, replayed: its HTTP exchanges (section 11) and its call from start to end (section 12),
// frame by frame; and the sentences of it that no other test looks at. On every database.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { befriend, call, contactOf, data, makeGroup, PASSWORD, Person, refused, register } from './lib/api.mjs';
import { databases, startServer } from './lib/server.mjs';
import { sql } from './lib/sql.mjs';
import { listen, Socket } from './lib/socket.mjs';

const SECONDS = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/;
// Up to nine digits, the last of them no zero.
const FRACTION = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{0,8}[1-9])?Z$/;
const THUMBNAIL = '240x160;data:image/jpeg;base64,/9j/4AAQ';

/** Compares with an example: its keys and types and order of keys; a RegExp is matched, a function asked. */
function like(actual, example, where = '') {
  if (example instanceof RegExp) assert.match(actual, example, where);
  else if (typeof example === 'function') assert.ok(example(actual), `${where}: ${JSON.stringify(actual)}`);
  else if (Array.isArray(example)) {
    assert.equal(actual?.length, example.length, `${where}: ${JSON.stringify(actual)}`);
    example.forEach((each, i) => like(actual[i], each, `${where}[${i}]`));
  } else if (example && typeof example === 'object') {
    assert.deepEqual(Object.keys(actual ?? {}).sort(), Object.keys(example).sort(), where);
    for (const [key, value] of Object.entries(example)) like(actual[key], value, `${where}.${key}`);
  } else assert.deepEqual(actual, example, where);
}

for (const database of databases)
  describe(`the contract on ${database}`, () => {
    let server;
    before(async () => {
      server = await startServer({ database, env: { ICHAT_CALL_MESH_MAX_MEMBERS: '3' } });
    });
    after(() => server.stop());

    const user = (userId, username, more) => ({
      userId, username, nickname: username[0].toUpperCase(), avatar: '', enabled: true, createdAt: SECONDS, updatedAt: SECONDS, ...more,
    });
    const post = (token, path, json, query) => call(server, 'POST', path, { token, json, query });
    const get = (token, path, query) => call(server, 'GET', path, { token, query });

    test('section 11: the HTTP exchanges', async () => {
      const registered = await post(undefined, '/api/register', { username: 'pia', password: '123456', nickname: 'P', avatar: 'file/a.png' });
      assert.equal(registered.status, 200);
      like(registered.body, { code: 200, data: { userId: 1, token: /^eyJ[\w-]+\.eyJ[\w-]+\.[\w-]{43}$/ }, status: 'ok' });
      const { token: pia } = registered.body.data;
      const { token: quinn } = data(await post(undefined, '/api/register', { username: 'quinn', password: '123456', nickname: 'Q', avatar: 'zzz' }));
      const empty = await post(undefined, '/api/register', {});
      assert.equal(empty.status, 500);
      like(empty.body, { code: 1003, message: 'Username为必填字段,Password为必填字段,Nickname为必填字段', status: 'error' });
      const anonymous = await get(undefined, '/api/contact');
      assert.equal(anonymous.status, 401);
      like(anonymous.body, { code: 401, message: '未登录', status: 'error' });
      like(data(await post(pia, '/api/user/infos', { userIds: [1, 99999999, 2] })), [user(1, 'pia', { avatar: 'file/a.png' }), null, user(2, 'quinn', { avatar: 'zzz' })]);

      const { socket: atQuinn } = await listen(new Person(server, 'quinn', 2, quinn));
      const made = data(await post(pia, '/api/contact/user', { userId: 2 }));
      const request = { id: 1, requestUid: 1, userId: 2, status: 1, expiredAt: FRACTION, createdAt: FRACTION, updatedAt: FRACTION };
      like(made, request);
      like(await atQuinn.nextJson(), { type: 3, payload: request });
      const stored = { ...request, expiredAt: SECONDS, createdAt: SECONDS, updatedAt: SECONDS };
      like(data(await get(pia, '/api/user/search', { keyword: 'q', page: 1, size: 5 })),
        [{ ...user(2, 'quinn', { avatar: 'zzz' }), isFriend: false, pendingRequest: stored }]);
      like(data(await get(quinn, '/api/contact/pending')), [stored]);
      like((await post(quinn, '/api/contact/accept', undefined, { requestId: 1 })).body, { code: 200, data: null, status: 'ok' });
      const contact = (contactId, ownerId, more) => ({
        contactId, ownerId, userId: 0, groupId: 0, roomId: 1, status: 1, lastMessageId: 0, lastMessageTime: null, lastMessageContent: '',
        createdAt: SECONDS, updatedAt: SECONDS, ...more,
      });
      like(await atQuinn.nextJson(), { type: 2, payload: contact((id) => id === 1 || id === 2, 2, { userId: 1 }) });
      const [{ contactId }] = data(await get(pia, '/api/contact'));

      like((await post(pia, '/api/contact/group', { name: 'g', avatar: 'file/g.png', contactIds: [contactId] })).body, { code: 200, data: null, status: 'ok' });
      like(data(await post(pia, '/api/contact/groups', { groupIds: [1, 999999] })),
        [{ groupId: 1, ownerId: 1, roomId: 2, name: 'g', avatar: 'file/g.png', createdAt: SECONDS, updatedAt: SECONDS }, null]);
      await atQuinn.nextJson();
      const text = data(await post(pia, '/api/chat/send', { contactId, localId: 'l1', text: '0123456789012345678901' }));
      const list = data(await get(pia, '/api/contact'));
      list.sort((a, b) => b.groupId - a.groupId);
      like(list, [
        contact(Number.isInteger, 1, { groupId: 1, roomId: 2 }),
        contact(contactId, 1, { userId: 2, lastMessageId: text.messageId, lastMessageTime: SECONDS, lastMessageContent: '01234567890123456789...' }),
      ]);
      const sent = data(await post(pia, '/api/chat/send', { contactId, localId: 'l2', thumbnail: THUMBNAIL, image: 'file/x.png' }));
      like(sent, {
        messageId: 2, roomId: 1, senderId: 1, type: 2, text: '', image: 'file/x.png', thumbnail: THUMBNAIL, callId: 0, revoked: false,
        createdAt: FRACTION, updatedAt: FRACTION, call: null, localId: 'l2', deliveryId: 0,
      });

      const callId = data(await post(pia, '/api/call', { contactId, userIds: [2] }));
      assert.equal(callId, 1);
      await atQuinn.takeJson((each) => each.payload.call?.status === 2);
      const callToken = data(await post(pia, '/api/call/join', undefined, { callId }));
      assert.match(callToken, /^eyJ[\w-]+\.eyJ[\w-]+\.[\w-]{43}$/);
      const claims = JSON.parse(Buffer.from(callToken.split('.')[1], 'base64url'));
      assert.deepEqual([claims.pl, claims.iss], ['call:1:1', 'ichat']);
      assert.ok(Math.abs(claims.exp - Date.now() / 1000 - 3 * 3600) < 5);
      const shown = (status, more) => ({
        callId, callerId: 1, messageId: 3, members: '[1,2]', status, startTime: null, endTime: null, endReason: 0, createdAt: SECONDS,
        updatedAt: SECONDS, ...more,
      });
      like(data(await get(pia, '/api/call', { callId })), shown(2));
      data(await post(quinn, '/api/call/hangup', undefined, { callId }));
      await atQuinn.takeJson((each) => each.payload.call?.status === 4);
      const again = await post(pia, '/api/call/hangup', undefined, { callId });
      assert.equal(again.status, 500);
      like(again.body, { code: 3001, message: '通话状态无效', status: 'error' });
      const synced = data(await get(quinn, '/api/chat/sync', { synced: 0, limit: 10 }));
      like(synced[0], {
        messageId: 3, roomId: 1, senderId: 1, type: 3, text: '', image: '', thumbnail: '', callId, revoked: false, createdAt: SECONDS, updatedAt: SECONDS,
        call: { ...shown(4, { endTime: SECONDS, endReason: 2 }), handled: true }, localId: '', deliveryId: (id) => id > synced[1].deliveryId,
      });

      const form = new FormData();
      form.set('file', new Blob(['hello']), 'hello.txt');
      const file = data(await call(server, 'POST', '/api/file/upload', { body: form }));
      assert.match(file, /^file\/\d{4}-\d\d-\d\dT\d{6}\.\d{3}.*\.txt$/);
      const part = await call(server, 'GET', `/api/${file}`, { headers: { Range: 'bytes=1-2' } });
      assert.deepEqual([part.status, part.text, part.type], [206, 'el', 'text/plain; charset=utf-8']);
      assert.deepEqual([part.headers.get('accept-ranges'), part.headers.get('content-range')], ['bytes', 'bytes 1-2/5']);
      assert.ok(part.headers.get('last-modified'));
      await atQuinn.close();
    });

    /** Notes all that comes, in its order; next() takes one frame, whatever it is. */
    async function v1(person, callId) {
      const socket = await Socket.open(`${server.wsUrl}/api/ws/call`);
      socket.token = await person.post('/api/call/join', undefined, { callId });
      socket.send(socket.token);
      return socket;
    }
    const frame = async (socket) => {
      const { type, payload, ...rest } = JSON.parse(await socket.next());
      assert.deepEqual(rest, {});
      assert.equal(typeof payload, 'string');
      return [type, payload];
    };
    const state = (person, number) => ({ userId: person.id, state: number, ping: -2 });
    const states = (...list) => [2, JSON.stringify(list)];
    const one = (person, number) => [3, JSON.stringify(state(person, number))];
    /** The next notification, as the table of section 12 has it. */
    async function noti({ socket }) {
      const { type, payload } = await socket.nextJson();
      return type === 1 ? [1, payload.call.status, payload.call.handled, payload.isNew, payload.call.endReason] : [type, payload];
    }

    test('section 12: a call of three from start to end, each frame in its place', async () => {
      const people = [await register(server, 'A'), await register(server, 'B'), await register(server, 'C')];
      const [a, b, c] = people;
      await befriend(a, b);
      await befriend(a, c);
      const [group] = await makeGroup(a, [b, c]);
      const sessions = await Promise.all(people.map((person) => listen(person)));
      const [atA, atB, atC] = sessions;
      const callId = await a.post('/api/call', { contactId: group.contactId, userIds: [b.id, c.id] });
      for (const session of sessions) {
        assert.deepEqual(await noti(session), [1, 1, false, false, 0]);
        assert.deepEqual(await noti(session), [1, 2, false, false, 0]);
      }
      assert.equal((await a.get('/api/call', { callId })).status, 2);
      const first = await v1(a, callId);
      assert.deepEqual(await noti(atA), [4, callId]);
      assert.deepEqual(await frame(first), states(state(a, 4), state(b, 1), state(c, 1)));

      const second = await v1(b, callId);
      assert.deepEqual(await noti(atB), [4, callId]);
      assert.deepEqual(await frame(first), one(b, 3));
      for (const socket of [first, second]) assert.deepEqual(await frame(socket), [6, '']);
      assert.deepEqual(await frame(first), one(b, 4));
      assert.deepEqual(await frame(second), states(state(a, 4), state(b, 4), state(c, 1)));
      for (const [session, handled] of [[atA, true], [atB, true], [atC, false]]) assert.deepEqual(await noti(session), [1, 3, handled, false, 0]);

      // The smaller id offers, the larger answers, candidates go both ways: three levels of quoting.
      const offer = JSON.stringify({ type: 1, payload: { type: 'offer', sdp: 'v=0..' } });
      const answer = JSON.stringify({ type: 2, payload: { type: 'answer', sdp: 'v=0..' } });
      const candidate = JSON.stringify({ type: 3, payload: { candidate: 'candidate:1 1 udp 1 192.0.2.1 9 typ host', sdpMid: '0', sdpMLineIndex: 0, usernameFragment: 'x' } });
      for (const [from, to, sender, receiver, message] of [
        [first, second, a, b, offer], [second, first, b, a, answer], [first, second, a, b, candidate], [second, first, b, a, candidate],
      ]) {
        from.sendJson({ type: 4, payload: JSON.stringify({ toUserId: receiver.id, message }) });
        const [type, payload] = await frame(to);
        assert.equal(type, 4);
        assert.deepEqual(JSON.parse(payload), { fromUserId: sender.id, message });
      }
      for (const socket of [first, second]) socket.sendJson({ type: 5, payload: '' });

      assert.equal(await c.post('/api/call/hangup', undefined, { callId }), null);
      assert.deepEqual(await noti(atC), [4, callId]);
      for (const socket of [first, second]) assert.deepEqual(await frame(socket), one(c, 2));

      await second.terminate();
      assert.deepEqual(await frame(first), one(b, 5));
      const third = await Socket.open(`${server.wsUrl}/api/ws/call`);
      third.send(second.token);
      assert.deepEqual(await frame(first), one(b, 4));
      assert.deepEqual(await frame(third), states(state(a, 4), state(b, 4), state(c, 2)));

      assert.equal(await b.post('/api/call/hangup', undefined, { callId }), null);
      assert.deepEqual(await frame(first), one(b, 6));
      assert.deepEqual(await frame(third), [7, '1']);
      assert.deepEqual(await frame(first), [7, '1']);
      for (const session of sessions) assert.deepEqual(await noti(session), [1, 4, true, false, 1]);
      for (const socket of [first, third]) {
        await socket.closed;
        assert.deepEqual(socket.messages, [], 'nothing but that');
      }
      for (const { socket } of sessions) {
        await socket.close();
        assert.deepEqual(socket.messages, []);
      }
    });

    test('lists are never null', async () => {
      const [a, b] = [await register(server), await register(server)];
      for (const path of ['/api/contact', '/api/contact/pending']) assert.deepEqual(await a.get(path), [], path);
      assert.deepEqual(await a.get('/api/user/search', { keyword: 'no such name', page: 1, size: 5 }), []);
      assert.deepEqual(await a.get('/api/chat/sync', { synced: 0, limit: 5 }), []);
      for (const [path, key] of [['/api/user/infos', 'userIds'], ['/api/contact/groups', 'groupIds']])
        for (const json of [{ [key]: [] }, {}, { [key]: null }]) assert.deepEqual(await a.post(path, json), [], `${path} ${JSON.stringify(json)}`);
      const [contact] = await befriend(a, b);
      assert.deepEqual(await a.get('/api/chat/messages', { contactId: contact.contactId }), []);
    });

    test('more than 1,000 ids in a list are 300', async () => {
      const a = await register(server);
      const ids = Array.from({ length: 1001 }, (_, i) => i + 1);
      for (const [path, key] of [['/api/user/infos', 'userIds'], ['/api/contact/groups', 'groupIds']]) {
        assert.equal((await a.post(path, { [key]: ids.slice(1) })).length, 1000);
        refused(await post(a.token, path, { [key]: ids }), 300, '请求参数错误');
      }
      refused(await post(a.token, '/api/call', { contactId: 1, userIds: ids }), 300);
    });

    test('ids grow by one per table', async () => {
      const [a, b] = [await register(server), await register(server)];
      assert.equal(b.id, a.id + 1);
      const [{ contactId }] = await befriend(a, b);
      const ids = [];
      for (let i = 0; i < 4; i++) ids.push((await a.post('/api/chat/send', { contactId, localId: '', text: 'x' })).messageId);
      assert.deepEqual(ids.map((each) => each - ids[0]), [0, 1, 2, 3]);
    });

    test('times: a fraction in what was just made, whole seconds in what was read', async () => {
      const [a, b] = [await register(server), await register(server)];
      const [{ contactId }] = await befriend(a, b);
      const { socket } = await listen(b);
      const made = [];
      for (let i = 0; i < 12; i++) made.push(await a.post('/api/chat/send', { contactId, localId: '', text: 'x' }));
      assert.ok(made.every((each) => FRACTION.test(each.createdAt)), JSON.stringify(made.map((each) => each.createdAt)));
      assert.ok(made.some((each) => each.createdAt.includes('.')));
      assert.match((await socket.nextJson()).payload.createdAt, FRACTION);
      for (const each of await a.get('/api/chat/messages', { contactId })) assert.match(each.createdAt, SECONDS);
      await socket.close();
    });

    test('the id is in the query, a body is not looked at', async () => {
      const [a, b] = [await register(server), await register(server)];
      const request = await a.post('/api/contact/user', { userId: b.id });
      refused(await b.call('POST', '/api/contact/accept', { json: { requestId: request.id } }), 2003);
      data(await b.call('POST', '/api/contact/accept', { body: 'no JSON', query: { requestId: request.id } }));
    });

    test('the first login goes on beside others, and a name logs in whatever its case', async () => {
      const a = await register(server);
      const tokens = [a.token];
      for (const username of [a.name, a.name.toUpperCase()]) tokens.push(data(await post(undefined, '/api/login', { username, password: PASSWORD })).token);
      assert.equal(new Set(tokens).size, 3);
      for (const token of tokens) data(await get(token, '/api/contact'));
    });

    test('what the contacts show is of the newest message, and their order is not touched by it', async () => {
      const a = await register(server);
      const others = [await register(server), await register(server)];
      const contacts = [];
      for (const other of others) contacts.push((await befriend(a, other))[0]);
      await sql(server, `update contacts set updated_at = updated_at - 60000000 where contact_id = ${contacts[0].contactId}`);
      const send = (text) => a.post('/api/chat/send', { contactId: contacts[0].contactId, localId: '', text });
      const [older, newest] = [await send('older'), await send('newest')];
      assert.deepEqual((await a.get('/api/contact')).map((each) => each.contactId), [contacts[1].contactId, contacts[0].contactId], 'updatedAt descending');
      await a.post('/api/chat/revoke', undefined, { messageId: older.messageId });
      assert.equal((await contactOf(a, others[0])).lastMessageContent, 'newest');
      await a.post('/api/chat/revoke', undefined, { messageId: newest.messageId });
      assert.equal((await contactOf(a, others[0])).lastMessageContent, '[消息已撤回]');
      assert.equal((await contactOf(a, others[0])).lastMessageId, newest.messageId);
    });

    test('too late to revoke after two minutes; an expired request is 2006', async () => {
      const [a, b, c] = [await register(server), await register(server), await register(server)];
      const [{ contactId }] = await befriend(a, b);
      const { messageId } = await a.post('/api/chat/send', { contactId, localId: '', text: 'x' });
      await sql(server, `update messages set created_at = created_at - 121000000 where message_id = ${messageId}`);
      refused(await a.call('POST', '/api/chat/revoke', { query: { messageId } }), 2007, '只能撤回两分钟内的消息');
      const { id: requestId } = await a.post('/api/contact/user', { userId: c.id });
      await sql(server, `update contact_requests set expire_at = 1 where request_id = ${requestId}`);
      refused(await c.call('POST', '/api/contact/accept', { query: { requestId } }), 2006, '联系人申请已过期');
      assert.deepEqual(await c.get('/api/contact/pending'), []);
      data(await a.call('POST', '/api/contact/user', { json: { userId: c.id } }));
    });

    test('the limit of a page: 10 without one, 100 at most', async () => {
      const [a, b] = [await register(server), await register(server)];
      const [{ contactId }] = await befriend(a, b);
      for (let i = 0; i < 103; i++) await a.post('/api/chat/send', { contactId, localId: '', text: `${i}` });
      const count = async (query) => (await a.get('/api/chat/messages', { contactId, ...query })).length;
      assert.deepEqual([await count({}), await count({ limit: 0 }), await count({ limit: 100 }), await count({ limit: 1000 })], [10, 10, 100, 100]);
    });
  });
