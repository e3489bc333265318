// Contact requests, contacts, groups, and what their parties are told, on every database.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { befriend, contactOf, makeGroup, refused, register } from './lib/api.mjs';
import { databases, startServer } from './lib/server.mjs';
import { listen } from './lib/socket.mjs';

for (const database of databases)
  describe(`contacts on ${database}`, () => {
    let server;
    before(async () => {
      server = await startServer({ database });
    });
    after(() => server.stop());
    const people = (count) => Promise.all(Array.from({ length: count }, (_, i) => register(server, `N${i}`)));

    test('request, notice, acceptance, notices to both', async () => {
      const [a, b] = await people(2);
      const [atA, atB] = [await listen(a), await listen(b)];
      const request = await a.post('/api/contact/user', { userId: b.id });
      assert.deepEqual(Object.keys(request).sort(), ['createdAt', 'expiredAt', 'id', 'requestUid', 'status', 'updatedAt', 'userId']);
      assert.deepEqual([request.requestUid, request.userId, request.status], [a.id, b.id, 1]);
      const hours = (new Date(request.expiredAt) - new Date(request.createdAt)) / 3_600_000;
      assert.ok(Math.abs(hours - 24) < 0.01, `${hours} h`);

      const told = await atB.socket.nextJson();
      assert.equal(told.type, 3);
      assert.equal(told.payload.id, request.id);
      assert.deepEqual((await b.get('/api/contact/pending')).map((each) => each.id), [request.id]);
      assert.deepEqual(await a.get('/api/contact/pending'), []);
      const [found] = await a.get('/api/user/search', { keyword: b.name, page: 1, size: 5 });
      assert.deepEqual([found.isFriend, found.pendingRequest.id], [false, request.id]);

      assert.equal(await b.post('/api/contact/accept', undefined, { requestId: request.id }), null);
      for (const [me, other, { socket }] of [[a, b, atA], [b, a, atB]]) {
        const { type, payload } = await socket.nextJson();
        assert.equal(type, 2);
        const listed = await contactOf(me, other);
        assert.deepEqual([payload.contactId, payload.ownerId, payload.userId, payload.groupId], [listed.contactId, me.id, other.id, 0]);
        assert.deepEqual(Object.keys(listed).sort(), ['contactId', 'createdAt', 'groupId', 'lastMessageContent', 'lastMessageId',
          'lastMessageTime', 'ownerId', 'roomId', 'status', 'updatedAt', 'userId']);
        assert.deepEqual([listed.status, listed.lastMessageId, listed.lastMessageTime, listed.lastMessageContent], [1, 0, null, '']);
        await socket.close();
      }
      const [mine, theirs] = [await contactOf(a, b), await contactOf(b, a)];
      assert.equal(mine.roomId, theirs.roomId);
      assert.notEqual(mine.contactId, theirs.contactId);
      assert.deepEqual(await b.get('/api/contact/pending'), []);
      const [friend] = await a.get('/api/user/search', { keyword: b.name, page: 1, size: 5 });
      assert.deepEqual([friend.isFriend, friend.pendingRequest], [true, null]);
    });

    test('refusals of a request', async () => {
      const [a, b, c] = await people(3);
      const ask = (who, userId) => who.call('POST', '/api/contact/user', { json: { userId } });
      refused(await ask(a, a.id), 500);
      refused(await ask(a, 99999999), 1001);
      refused(await ask(a, 0), 1003, 'UserId为必填字段');
      await befriend(a, b);
      refused(await ask(a, b.id), 2001, '联系人已存在');
      refused(await ask(b, a.id), 2001);
      await a.post('/api/contact/user', { userId: c.id });
      refused(await ask(a, c.id), 2002, '联系人申请已存在');
      refused(await ask(c, a.id), 2002);
    });

    test('answers to a request', async () => {
      const [a, b, c] = await people(3);
      const request = await a.post('/api/contact/user', { userId: b.id });
      const answer = (who, what, requestId = request.id) => who.call('POST', `/api/contact/${what}`, { query: { requestId } });
      refused(await answer(a, 'accept'), 2003);
      refused(await answer(c, 'reject'), 2003);
      refused(await answer(b, 'accept', 99999999), 2003);
      assert.equal((await answer(b, 'reject')).body.data, null);
      refused(await answer(b, 'accept'), 2004);
      refused(await answer(b, 'reject'), 2004);
      await a.post('/api/contact/user', { userId: b.id });
      assert.deepEqual(await a.get('/api/contact'), []);
    });

    test('a request without its id', async () => {
      const [a] = await people(1);
      refused(await a.call('POST', '/api/contact/accept'), 2003);
    });

    test('members of a pair and of a group', async () => {
      const [a, b, c] = await people(3);
      const [contact] = await befriend(a, b);
      await befriend(a, c);
      const ids = (list) => list.map((each) => each.userId);
      assert.deepEqual(ids(await a.get('/api/contact/members', { contactId: contact.contactId })), [a.id, b.id]);
      const [group] = await makeGroup(a, [c, b]);
      assert.deepEqual(ids(await a.get('/api/contact/members', { contactId: group.contactId })), [a.id, c.id, b.id]);
      refused(await a.call('GET', '/api/contact/members', { query: { contactId: 99999999 } }), 2005, '联系人不存在');
      refused(await b.call('GET', '/api/contact/members', { query: { contactId: contact.contactId } }), 403);
    });

    test('a group tells every member, and is looked up by its id', async () => {
      const [a, b, c] = await people(3);
      const [toB] = await befriend(a, b);
      const [toC] = await befriend(a, c);
      const sessions = await Promise.all([a, b, c].map((person) => listen(person)));
      const json = { name: 'g', avatar: 'file/g.png', contactIds: [toB.contactId, toC.contactId] };
      assert.equal((await a.call('POST', '/api/contact/group', { json })).body.data, null);
      const rooms = new Set();
      let groupId;
      for (const [i, person] of [a, b, c].entries()) {
        const { type, payload } = await sessions[i].socket.nextJson();
        assert.deepEqual([type, payload.ownerId, payload.userId], [2, person.id, 0]);
        groupId = payload.groupId;
        rooms.add(payload.roomId);
        await sessions[i].socket.close();
      }
      assert.equal(rooms.size, 1);
      const [found, none] = await b.post('/api/contact/groups', { groupIds: [groupId, 99999999] });
      assert.equal(none, null);
      const { createdAt, updatedAt, ...rest } = found;
      assert.ok(createdAt && updatedAt);
      assert.deepEqual(rest, { groupId, ownerId: a.id, roomId: [...rooms][0], name: 'g', avatar: 'file/g.png' });
      assert.deepEqual(await b.post('/api/contact/groups', { groupIds: [] }), []);
    });

    test('refusals of a group', async () => {
      const [a, b, c] = await people(3);
      const [toB, fromB] = await befriend(a, b);
      await befriend(a, c);
      const [group] = await makeGroup(a, [b, c]);
      const make = (json) => a.call('POST', '/api/contact/group', { json: { name: 'g', avatar: '', ...json } });
      refused(await make({ contactIds: [] }), 1003, 'ContactIds必须至少包含1项');
      refused(await make({}), 1003);
      for (const length of [101, 10_000])
        refused(await make({ contactIds: Array.from({ length }, () => toB.contactId) }), 1003, 'ContactIds最多只能包含100项');
      refused(await make({ contactIds: [99999999] }), 2005);
      refused(await make({ contactIds: [fromB.contactId] }), 403);
      refused(await make({ contactIds: [toB.contactId, group.contactId] }), 300);
      refused(await make({ contactIds: [toB.contactId], avatar: 'x' }), 1003, 'Avatar必须是一个有效的URL');
      assert.equal((await a.get('/api/contact')).length, 3);
    });
  });
