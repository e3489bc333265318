// Who may do what: every route of the server, called by its owner, a member of the same room, a stranger, nobody, with
// an expired token and with a call token; and ids of somebody else in every field. On every database.
import assert from 'node:assert/strict';
import { createHmac } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { after, before, describe, test } from 'node:test';
import { befriend, call, contactOf, data, makeGroup, PASSWORD, register } from './lib/api.mjs';
import { databases, startServer } from './lib/server.mjs';
import { listen, Socket } from './lib/socket.mjs';

const SECRET = 'a-secret-for-these-tests-alone';
const UNKNOWN = 99_999_999;
const OK = 200;
const EXPIRED = 1005;
const NOT_FOUND = 404;

function sign(claims) {
  const part = (value) => Buffer.from(JSON.stringify(value)).toString('base64url');
  const text = `${part({ alg: 'HS256', typ: 'JWT' })}.${part(claims)}`;
  return `${text}.${createHmac('sha256', SECRET).update(text).digest('base64url')}`;
}
const claimsOf = (token) => JSON.parse(Buffer.from(token.split('.')[1], 'base64url'));
const PNG = Buffer.from('iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==', 'base64');

/** What everybody gets who is not let in at the door. */
const door = { anonymous: 401, expired: EXPIRED, callToken: EXPIRED };
const all = (code) => ({ owner: code, member: code, stranger: code });
const open = (code) => ({ ...all(code), anonymous: code, expired: code, callToken: code });
const json = (value) => ({ json: value });
const query = (value) => ({ query: value });

/**
 * For each route: the request that its owner may make, made anew for each database, and the code that each caller gets.
 * The owner comes last, so that his success also shows that the refused ones changed nothing. `check` looks at data.
 */
const matrix = {
  'POST /api/register': { make: () => json({}), codes: open(1003) },
  'POST /api/login': { make: (w) => json({ username: w.owner.name, password: 'wrong-one' }), codes: open(1004) },
  'POST /api/logout': {
    prepare: (w) => w.logInAnew(), // it ends the login that it is called with
    codes: { ...all(OK), anonymous: NOT_FOUND, expired: NOT_FOUND, callToken: NOT_FOUND },
  },
  'POST /api/user/infos': {
    make: (w) => json({ userIds: [w.owner.id] }),
    codes: all(OK),
    check: ([info]) => assert.deepEqual(Object.keys(info).sort(), ['avatar', 'createdAt', 'enabled', 'nickname', 'updatedAt', 'userId', 'username']),
  },
  'POST /api/user/info': {
    make: () => json({ nickname: 'Changed', userId: UNKNOWN }),
    codes: all(OK),
    async then(w) {
      const [info] = await w.owner.post('/api/user/infos', { userIds: [w.bystander.id] });
      assert.equal(info.nickname, 'Bystander');
    },
  },
  'GET /api/user/search': { make: (w) => query({ keyword: w.owner.name, page: 1, size: 5 }), codes: all(OK) },
  'GET /api/user/settings': { codes: all(OK), check: (data) => assert.equal(data, null, "nobody else's wallpaper") },
  'POST /api/user/settings': {
    make: (w) => json({ wallpaper: 'file/mine.png', userId: w.bystander.id }),
    codes: all(OK),
    then: async (w) => assert.equal(await w.bystander.get('/api/user/settings'), null),
  },
  'POST /api/user/password': { make: () => json({ oldPassword: 'not-his-own', newPassword: 'whatever' }), codes: all(1004) },
  'POST /api/user/logout': { prepare: (w) => w.logInAnew(), codes: all(OK) },
  'GET /api/contact': {
    codes: all(OK),
    check: (contacts, who) => assert.ok(contacts.every((each) => each.ownerId === who.id)),
  },
  'GET /api/contact/pending': {
    codes: all(OK),
    check: (requests, who) => assert.ok(requests.every((each) => each.userId === who.id)),
  },
  'GET /api/contact/members': { make: (w) => query({ contactId: w.group }), codes: { owner: OK, member: 403, stranger: 403 } },
  'POST /api/contact/user': { make: (w) => json({ userId: w.bystander.id, requestUid: w.owner.id }), codes: { owner: 2001, member: OK, stranger: OK } },
  'POST /api/contact/accept': {
    async make(w) {
      return query({ requestId: (await w.bystander2.post('/api/contact/user', { userId: w.owner.id })).id });
    },
    codes: { owner: OK, member: 2003, stranger: 2003 },
  },
  'POST /api/contact/reject': {
    async make(w) {
      return query({ requestId: (await w.bystander3.post('/api/contact/user', { userId: w.owner.id })).id });
    },
    codes: { owner: OK, member: 2003, stranger: 2003 },
  },
  'POST /api/contact/group': {
    make: (w) => json({ name: 'g', avatar: '', contactIds: [w.toMember] }),
    codes: { owner: OK, member: 403, stranger: 403 },
  },
  'POST /api/contact/groups': {
    make: (w) => json({ groupIds: [w.groupId] }),
    codes: all(OK),
    check: ([group], who, w) => assert.equal(group?.groupId ?? null, who === w.stranger ? null : w.groupId, who.name),
  },
  'POST /api/chat/send': {
    make: (w) => json({ contactId: w.group, localId: 'l', text: 'from somebody', senderId: w.owner.id }),
    codes: { owner: OK, member: 403, stranger: 403 },
    check: (message, who) => assert.equal(message.senderId, who.id),
  },
  'POST /api/chat/delayUpload': {
    async make(w) {
      const { messageId } = await w.send({ thumbnail: '1x1;data:image/jpeg;base64,/9j/' });
      return json({ messageId, image: 'file/later.png' });
    },
    codes: { owner: OK, member: 403, stranger: 403 },
  },
  'POST /api/chat/revoke': {
    make: async (w) => query({ messageId: (await w.send({ text: 'to revoke' })).messageId }),
    codes: { owner: OK, member: 403, stranger: 403 },
  },
  'GET /api/chat/messages': { make: (w) => query({ contactId: w.group }), codes: { owner: OK, member: 403, stranger: 403 } },
  'GET /api/chat/sync': {
    make: () => query({ synced: 0, limit: 50 }),
    codes: all(OK),
    check(messages, who, w) {
      const isTheirs = (each) => each.roomId === w.roomId;
      assert.equal(messages.some(isTheirs), who !== w.stranger);
      if (who === w.stranger) assert.ok(messages.every((each) => each.roomId === w.strangersRoomId));
    },
  },
  'POST /api/call': {
    make: (w) => json({ contactId: w.group, userIds: [w.member.id] }),
    codes: { owner: OK, member: 403, stranger: 403 },
  },
  'POST /api/call/join': { make: (w) => query({ callId: w.callId }), codes: { owner: OK, member: OK, stranger: 403 } },
  'GET /api/call': {
    make: (w) => query({ callId: w.callId }),
    codes: { owner: OK, member: OK, stranger: 403 },
    check: (found, who, w) => assert.equal(found.status, 2, `${who.name}: nobody else has ended ${w.callId}`),
  },
  // Last of the call's: the owner ends it.
  'POST /api/call/hangup': { make: (w) => query({ callId: w.callId }), codes: { owner: OK, member: OK, stranger: 403 } },
  'POST /api/file/upload': {
    make() {
      const form = new FormData();
      form.set('file', new Blob([PNG]), 'x.png');
      return { body: form };
    },
    codes: open(OK),
  },
  'GET /api/file/': { path: () => '/api/file/of-nobody.png', codes: open(NOT_FOUND) },
  'GET /healthz': { codes: open(OK) },
  'GET /metrics': { codes: open(OK) },
};

/** The routes as the server has them. */
async function readRoutes() {
  const source = await readFile(new URL('../../src/web/routes.c', import.meta.url), 'utf8');
  return [...source.matchAll(/^\s*\{HTTP_(\w+), "([^"]+)", (\w+), (true|false)\},$/gm)].map(([, method, path]) => `${method} ${path}`);
}

test('every route has its row, and every row its route', async () => {
  assert.deepEqual(Object.keys(matrix).sort(), (await readRoutes()).sort());
});

for (const database of databases)
  describe(`rights on ${database}`, () => {
    let server;
    let w; // the world

    before(async () => {
      server = await startServer({ database, env: { ICHAT_AUTH_SECRET: SECRET } });
      w = {};
      for (const [key, nickname] of Object.entries({
        owner: 'Owner', member: 'Member', stranger: 'Stranger', bystander: 'Bystander', bystander2: 'B2', bystander3: 'B3',
      }))
        w[key] = await register(server, nickname);
      w.toMember = (await befriend(w.owner, w.member))[0].contactId;
      await befriend(w.owner, w.bystander);
      const strangers = (await befriend(w.stranger, w.bystander3))[0];
      w.strangersRoomId = strangers.roomId;
      w.toBystander3 = strangers.contactId;
      const [group, membersGroup] = await makeGroup(w.owner, [w.member, w.bystander]);
      Object.assign(w, { group: group.contactId, groupId: group.groupId, roomId: group.roomId, membersGroup: membersGroup.contactId });
      w.send = (more) => w.owner.post('/api/chat/send', { contactId: w.group, localId: '', ...more });
      await w.send({ text: 'first' });
      w.callId = await ring(w.owner, w.group, [w.member]);
      w.strangersCallId = await ring(w.stranger, w.toBystander3, [w.bystander3]);
      w.callToken = await join(w.owner, w.callId);
      const claims = claimsOf(w.owner.token);
      w.expiredToken = sign({ ...claims, exp: Math.floor(Date.now() / 1000) - 1 });
      // What these tests sign is taken for the server's own, so that the refusal is for the time alone.
      data(await call(server, 'GET', '/api/contact', { token: sign(claims) }));
      w.logInAnew = async () => {
        for (const key of ['owner', 'member', 'stranger']) {
          const answer = await call(server, 'POST', '/api/login', { json: { username: w[key].name, password: PASSWORD } });
          w[key].token = data(answer).token;
        }
      };
    });
    after(() => server.stop());

    async function ring(caller, contactId, others) {
      const { socket } = await listen(caller);
      const callId = await caller.post('/api/call', { contactId, userIds: others.map((each) => each.id) });
      await socket.takeJson((each) => each.type === 1 && each.payload.callId === callId && each.payload.call.status === 2);
      await socket.close();
      return callId;
    }
    const join = (who, callId) => who.post('/api/call/join', undefined, { callId });

    const callers = (codes) => [
      ['anonymous', undefined],
      ['expired', w.expiredToken],
      ['callToken', w.callToken],
      ['stranger', w.stranger.token, w.stranger],
      ['member', w.member.token, w.member],
      ['owner', w.owner.token, w.owner],
    ].map(([role, token, who]) => ({ role, token, who, code: codes[role] ?? door[role] }));

    for (const [route, row] of Object.entries(matrix))
      test(route, async () => {
        const [method, path] = route.split(' ');
        await row.prepare?.(w);
        const options = (await row.make?.(w)) ?? {};
        for (const { role, token, who, code } of callers(row.codes)) {
          const answer = await call(server, method, row.path?.() ?? path, { ...options, token });
          assert.equal(answer.body?.code ?? answer.status, code, `${role}: ${answer.text}`);
          if (code === OK && who) row.check?.(answer.body.data, who, w);
        }
        await row.then?.(w);
        if (row.prepare) await w.logInAnew();
      });

    test('the issuer of a token is not looked at', async () => {
      const claims = claimsOf(w.owner.token);
      for (const iss of ['somebody else', '']) data(await call(server, 'GET', '/api/contact', { token: sign({ ...claims, iss }) }));
    });

    // [method, path, the request with one foreign id in it, what it may be answered]
    const foreign = () => [
      ['POST', '/api/chat/send', json({ contactId: w.membersGroup, text: 'x' }), [403]],
      ['POST', '/api/chat/send', json({ contactId: w.toBystander3, text: 'x' }), [403]],
      ['GET', '/api/chat/messages', query({ contactId: w.toBystander3 }), [403]],
      ['GET', '/api/chat/messages', query({ contactId: w.membersGroup }), [403]],
      ['GET', '/api/contact/members', query({ contactId: w.membersGroup }), [403]],
      ['POST', '/api/contact/group', json({ name: 'g', contactIds: [w.toMember, w.toBystander3] }), [403]],
      ['POST', '/api/contact/group', json({ name: 'g', contactIds: [w.membersGroup] }), [403]],
      ['POST', '/api/call', json({ contactId: w.toMember, userIds: [w.stranger.id] }), [403]],
      ['POST', '/api/call', json({ contactId: w.toMember, userIds: [w.member.id, w.stranger.id] }), [403]],
      ['POST', '/api/call', json({ contactId: w.group, userIds: [w.stranger.id] }), [403]],
      ['POST', '/api/call', json({ contactId: w.toBystander3, userIds: [w.bystander3.id] }), [403]],
      ['POST', '/api/call/join', query({ callId: w.strangersCallId }), [403]],
      ['POST', '/api/call/hangup', query({ callId: w.strangersCallId }), [403]],
      ['GET', '/api/call', query({ callId: w.strangersCallId }), [403]],
      ['POST', '/api/contact/accept', query({ requestId: w.strangersRequest }), [2003]],
      ['POST', '/api/contact/reject', query({ requestId: w.strangersRequest }), [2003]],
      ['POST', '/api/chat/revoke', query({ messageId: w.strangersMessage }), [403]],
      ['POST', '/api/chat/delayUpload', json({ messageId: w.strangersMessage, image: 'file/x.png' }), [403]],
    ];

    test("an id of somebody else's in every field", async () => {
      w.strangersMessage = (await w.stranger.post('/api/chat/send', { contactId: w.toBystander3, localId: '', thumbnail: '1x1;data:' })).messageId;
      w.strangersRequest = (await w.stranger.post('/api/contact/user', { userId: w.member.id })).id;
      for (const [method, path, options, codes] of foreign()) {
        const answer = await w.owner.call(method, path, options);
        assert.ok(codes.includes(answer.body?.code), `${method} ${path} ${JSON.stringify(options)}: ${answer.text}`);
      }
      const [theirs] = (await w.stranger.get('/api/chat/messages', { contactId: w.toBystander3 })).slice(-1);
      assert.deepEqual([theirs.messageId, theirs.image, theirs.revoked], [w.strangersMessage, '', false]);
      assert.equal((await w.stranger.get('/api/call', { callId: w.strangersCallId })).status, 2);
      assert.ok((await w.member.get('/api/contact/pending')).some((each) => each.id === w.strangersRequest));
    });

    test('ids of nothing, and numbers at the edges, in every field', async () => {
      const fields = [
        ['POST', '/api/user/infos', (id) => json({ userIds: [id] }), [200, 300]],
        ['POST', '/api/contact/user', (id) => json({ userId: id }), [1001, 1003, 300]],
        ['POST', '/api/contact/accept', (id) => query({ requestId: id }), [2003, 300]],
        ['POST', '/api/contact/reject', (id) => query({ requestId: id }), [2003, 300]],
        ['GET', '/api/contact/members', (id) => query({ contactId: id }), [2005, 300]],
        ['POST', '/api/contact/group', (id) => json({ name: 'g', contactIds: [id] }), [2005, 300]],
        ['POST', '/api/contact/groups', (id) => json({ groupIds: [id] }), [200, 300]],
        ['POST', '/api/chat/send', (id) => json({ contactId: id, text: 'x' }), [2005, 300]],
        ['POST', '/api/chat/delayUpload', (id) => json({ messageId: id, image: 'file/x.png' }), [403, 300]],
        ['POST', '/api/chat/revoke', (id) => query({ messageId: id }), [403, 300]],
        ['GET', '/api/chat/messages', (id) => query({ contactId: id }), [2005, 300]],
        ['GET', '/api/chat/messages', (id) => query({ contactId: w.group, lastMessageId: id }), [200, 300]],
        ['GET', '/api/chat/sync', (id) => query({ synced: id, limit: 5 }), [200, 300]],
        ['GET', '/api/chat/sync', (id) => query({ synced: 0, last: id, limit: 5 }), [200, 300]],
        ['POST', '/api/call', (id) => json({ contactId: id, userIds: [w.member.id] }), [2005, 300]],
        ['POST', '/api/call', (id) => json({ contactId: w.toMember, userIds: [id] }), [403, 300]],
        ['POST', '/api/call/join', (id) => query({ callId: id }), [3006, 300]],
        ['POST', '/api/call/hangup', (id) => query({ callId: id }), [3006, 300]],
        ['GET', '/api/call', (id) => query({ callId: id }), [3006, 300]],
      ];
      const big = '18446744073709551616'; // JSON.stringify would round it
      const ids = [0, UNKNOWN, 2 ** 53 - 1, '9223372036854775807', '9223372036854775808', '18446744073709551615', big, -1, '-9223372036854775808'];
      for (const [method, path, make, codes] of fields)
        for (const id of ids) {
          const { json: body, query: search } = make('@id@');
          const text = body && JSON.stringify(body).replaceAll('"@id@"', String(id));
          const answer = await w.owner.call(method, path, {
            ...(body && { body: text, headers: { 'Content-Type': 'application/json' } }),
            ...(search && { query: Object.fromEntries(Object.entries(search).map(([key, value]) => [key, String(value).replace('@id@', id)])) }),
          });
          assert.ok(codes.includes(answer.body?.code), `${method} ${path} with ${id}: ${answer.text}`);
        }
    });

    test('a token of call A opens call A alone, and reaches nobody in call B', async () => {
      const sockets = [];
      const v1 = async (token) => {
        const socket = await Socket.open(`${server.wsUrl}/api/ws/call`);
        sockets.push(socket);
        socket.send(token);
        return socket;
      };
      const states = async (socket) => JSON.parse((await socket.takeJson((each) => each.type === 2)).payload).map((each) => each.userId);
      const [a1, a2, b1, b2] = [await register(server), await register(server), await register(server), await register(server)];
      const callA = await ring(a1, (await befriend(a1, a2))[0].contactId, [a2]);
      const callB = await ring(b1, (await befriend(b1, b2))[0].contactId, [b2]);
      const tokenA = await join(a1, callA);
      const tokenB = await join(b1, callB);
      const inA = await v1(tokenA);
      assert.deepEqual(await states(inA), [a1.id, a2.id]);
      const inB = await v1(tokenB);
      assert.deepEqual(await states(inB), [b1.id, b2.id]);

      // Same user and signature, another call's id.
      const [head, , signature] = tokenA.split('.');
      const payload = Buffer.from(JSON.stringify({ ...claimsOf(tokenA), pl: `call:${callB}:${a1.id}` })).toString('base64url');
      const forged = await v1(`${head}.${payload}.${signature}`);
      assert.deepEqual(await forged.nextJson(), { type: 1, payload: '' });
      // Even with a right signature he is no member there: such a socket stays silent.
      const strange = await v1(sign({ ...claimsOf(tokenA), pl: `call:${callB}:${a1.id}` }));
      strange.sendJson({ type: 4, payload: JSON.stringify({ toUserId: b1.id, message: 'from a stranger' }) });
      inA.sendJson({ type: 4, payload: JSON.stringify({ toUserId: b1.id, message: 'across calls' }) });
      const second = await v1(await join(b2, callB));
      await states(second);
      second.sendJson({ type: 4, payload: JSON.stringify({ toUserId: b1.id, message: 'from a member' }) });
      const signal = await inB.takeJson((each) => each.type === 4, 'the member\'s signal');
      assert.deepEqual(JSON.parse(signal.payload), { fromUserId: b2.id, message: 'from a member' });
      assert.deepEqual(inB.messages.filter((each) => JSON.parse(each).type === 4), [], 'nothing from outside');
      assert.deepEqual(strange.messages, []);

      // What a member has in one call is not his place in another: a v2 resume token of A with the token of B.
      const v2 = await Socket.open(`${server.wsUrl}/api/ws/call`, { protocols: ['ichat.call.v2'] });
      sockets.push(v2);
      v2.sendJson({ req: 1, type: 'join', data: { token: await join(a2, callA) } });
      const { data: joined } = await v2.takeJson((each) => each.res === 1);
      const other = await Socket.open(`${server.wsUrl}/api/ws/call`, { protocols: ['ichat.call.v2'] });
      sockets.push(other);
      other.sendJson({ req: 1, type: 'join', data: { token: tokenB, resume: joined.resume } });
      const answer = await other.takeJson((each) => each.res === 1);
      assert.deepEqual([answer.data.callId, answer.data.userId, answer.data.resumed], [callB, b1.id, false]);
      await a1.post('/api/call/hangup', undefined, { callId: callA });
      await b1.post('/api/call/hangup', undefined, { callId: callB });
      for (const socket of sockets) socket.terminate();
    });

    test('a token is for its own door: call tokens at notifications, login tokens at calls', async () => {
      const atNotifications = await Socket.open(`${server.wsUrl}/api/ws/notification`);
      atNotifications.send(w.callToken);
      atNotifications.send('');
      await atNotifications.closed;
      assert.deepEqual(atNotifications.messages, []);
      for (const token of [w.owner.token, w.expiredToken, sign({ ...claimsOf(w.callToken), exp: 1 })]) {
        const atCalls = await Socket.open(`${server.wsUrl}/api/ws/call`);
        atCalls.send(token);
        assert.deepEqual(await atCalls.nextJson(), { type: 1, payload: '' });
        await atCalls.closed;
      }
    });

    test('only members of a room receive its messages', async () => {
      const { socket: outside } = await listen(w.stranger);
      const { socket: inside } = await listen(w.member);
      const sent = await w.send({ text: 'among us' });
      await inside.takeJson((each) => each.payload.messageId === sent.messageId);
      await w.owner.post('/api/chat/revoke', undefined, { messageId: sent.messageId });
      await inside.takeJson((each) => each.payload.messageId === sent.messageId && each.payload.revoked);
      // A message of his own shows that nothing else was on its way.
      const own = await w.stranger.post('/api/chat/send', { contactId: w.toBystander3, localId: '', text: 'mine' });
      await outside.takeJson((each) => each.payload.messageId === own.messageId);
      assert.deepEqual(outside.messages, []);
      await inside.close();
      await outside.close();
      assert.ok(await contactOf(w.owner, w.member));
    });
  });
