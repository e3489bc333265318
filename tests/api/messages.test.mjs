// Messages, their deliveries and notices, on every database.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { befriend, contactOf, makeGroup, refused, register } from './lib/api.mjs';
import { databases, startServer } from './lib/server.mjs';
import { listen } from './lib/socket.mjs';

const FIELDS = ['call', 'callId', 'createdAt', 'deliveryId', 'image', 'localId', 'messageId', 'revoked', 'roomId', 'senderId',
  'text', 'thumbnail', 'type', 'updatedAt'];
const THUMBNAIL = '240x160;data:image/jpeg;base64,/9j/4AAQ';

for (const database of databases)
  describe(`messages on ${database}`, () => {
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
    const send = (who, contactId, more) => who.post('/api/chat/send', { contactId, localId: 'l1', ...more });

    test('a text is told to both, with the local id to the sender alone', async () => {
      const { a, b, toB } = await pair();
      const [atA, atB] = [await listen(a), await listen(b)];
      const message = await send(a, toB, { text: 'hi <b>&\u2028 😀' });
      assert.deepEqual(Object.keys(message), FIELDS);
      assert.deepEqual([message.type, message.senderId, message.localId, message.deliveryId, message.call, message.revoked],
        [1, a.id, 'l1', 0, null, false]);
      assert.equal(message.text, 'hi <b>&\u2028 😀');
      const [own, other] = [await atA.socket.nextJson(), await atB.socket.nextJson()];
      for (const { type, payload } of [own, other]) {
        assert.equal(type, 1);
        assert.deepEqual(Object.keys(payload).sort(), [...FIELDS, 'isNew'].sort());
        assert.deepEqual([payload.messageId, payload.isNew, payload.text], [message.messageId, true, message.text]);
        assert.ok(payload.deliveryId > 0);
      }
      assert.deepEqual([own.payload.localId, other.payload.localId], ['l1', '']);
      assert.equal(other.payload.deliveryId, own.payload.deliveryId, 'one delivery, for both');
      // It is not stored: whatever is read later, by the sender too, comes without it.
      const [shown] = await a.get('/api/chat/messages', { contactId: toB });
      const [synced] = await a.get('/api/chat/sync', { synced: own.payload.deliveryId - 1, limit: 5 });
      for (const each of [shown, synced]) assert.deepEqual([each.messageId, each.localId], [message.messageId, '']);
      await atA.socket.close();
      await atB.socket.close();
    });

    test('every session of a user is told, in the order of the deliveries', async () => {
      const { a, b, toB } = await pair();
      const sessions = await Promise.all([listen(b), listen(b), listen(b)]);
      const texts = Array.from({ length: 30 }, (_, i) => `m${i}`);
      for (const text of texts) await send(a, toB, { text });
      for (const { socket } of sessions) {
        const got = [];
        for (let i = 0; i < texts.length; i++) got.push((await socket.nextJson()).payload);
        assert.deepEqual(got.map((each) => each.text), texts);
        assert.ok(got.every((each, i) => i === 0 || each.deliveryId > got[i - 1].deliveryId));
        await socket.close();
      }
    });

    test('the last message in the contacts of all', async () => {
      const { a, b, toB } = await pair();
      for (const [more, content] of [
        [{ text: 'short' }, 'short'],
        [{ text: '0123456789012345678' }, '0123456789012345678'],
        [{ text: '01234567890123456789' }, '01234567890123456789...'],
        [{ text: '消息'.repeat(20) }, `${'消息'.repeat(10)}...`],
        [{ image: 'file/x.png' }, '[图片]'],
      ]) {
        const message = await send(a, toB, more);
        for (const contact of [await contactOf(a, b), await contactOf(b, a)]) {
          assert.deepEqual([contact.lastMessageContent, contact.lastMessageId], [content, message.messageId]);
          assert.equal(Math.floor(new Date(contact.lastMessageTime) / 1000), Math.floor(new Date(message.createdAt) / 1000));
        }
      }
    });

    test('refusals of a message', async () => {
      const { a, b, toB, toA } = await pair();
      const refusedSend = async (json, code) => refused(await a.call('POST', '/api/chat/send', { json }), code);
      await refusedSend({ contactId: toB }, 2008);
      await refusedSend({ contactId: toB, text: '' }, 2008);
      await refusedSend({ contactId: 99999999, text: 'x' }, 2005);
      await refusedSend({ contactId: toA, text: 'x' }, 403);
      await refusedSend({ contactId: toB, image: 'x.png' }, 1003);
      assert.equal((await contactOf(b, a)).lastMessageId, 0);
    });

    test('a large text', async () => {
      const { a, b, toB, toA } = await pair();
      const text = '长'.repeat(20_000);
      await send(a, toB, { text });
      assert.equal((await b.get('/api/chat/messages', { contactId: toA }))[0].text, text);
    });

    test('a picture whose upload comes later', async () => {
      const { a, b, toB } = await pair();
      const { socket } = await listen(b);
      const message = await send(a, toB, { thumbnail: THUMBNAIL });
      assert.deepEqual([message.type, message.image, message.thumbnail], [2, '', THUMBNAIL]);
      assert.equal((await socket.nextJson()).payload.isNew, true);
      const later = (who, json) => who.call('POST', '/api/chat/delayUpload', { json });
      refused(await later(a, { messageId: message.messageId }), 1003);
      refused(await later(b, { messageId: message.messageId, image: 'file/x.png' }), 403);
      assert.equal((await later(a, { messageId: message.messageId, image: 'file/x.png' })).body.data, null);
      const { payload } = await socket.nextJson();
      assert.deepEqual([payload.messageId, payload.image, payload.isNew], [message.messageId, 'file/x.png', false]);
      refused(await later(a, { messageId: message.messageId, image: 'file/y.png' }), 403);
      await socket.close();
    });

    test('revoking', async () => {
      const { a, b, toB, toA } = await pair();
      const { socket } = await listen(b);
      const message = await send(a, toB, { text: 'oops' });
      await socket.nextJson();
      const revoke = (who, messageId = message.messageId) => who.call('POST', '/api/chat/revoke', { query: { messageId } });
      refused(await revoke(b), 403);
      for (let i = 0; i < 2; i++) {
        assert.equal((await revoke(a)).body.data, null);
        const { payload } = await socket.nextJson();
        assert.deepEqual([payload.messageId, payload.text, payload.revoked, payload.type, payload.isNew],
          [message.messageId, '', true, 1, false]);
      }
      assert.equal((await contactOf(b, a)).lastMessageContent, '[消息已撤回]');
      assert.equal((await b.get('/api/chat/messages', { contactId: toA }))[0].revoked, true);
      assert.notEqual((await revoke(a, 99999999)).body.code, 200);
      await socket.close();
    });

    test('history in pages, ascending', async () => {
      const { a, b, toB, toA } = await pair();
      const ids = [];
      for (let i = 0; i < 25; i++) ids.push((await send(a, toB, { text: `${i}` })).messageId);
      const page = async (query) => (await b.get('/api/chat/messages', { contactId: toA, ...query })).map((each) => each.messageId);
      assert.deepEqual(await page({}), ids.slice(15));
      assert.deepEqual(await page({ lastMessageId: ids[15] }), ids.slice(5, 15));
      assert.deepEqual(await page({ lastMessageId: ids[5] }), ids.slice(0, 5));
      assert.deepEqual(await page({ lastMessageId: ids[0] }), []);
      assert.deepEqual(await page({ limit: 100 }), ids);
      refused(await b.call('GET', '/api/chat/messages', { query: { contactId: toB } }), 403);
      refused(await b.call('GET', '/api/chat/messages', { query: { contactId: 99999999 } }), 2005);
    });

    test('sync: my deliveries, descending, in the current state', async () => {
      const { a, b, toB } = await pair();
      const { lastDeliveryId } = await listen(b);
      const first = await send(a, toB, { text: 'one' });
      await send(a, toB, { text: 'two' });
      await a.post('/api/chat/revoke', undefined, { messageId: first.messageId });
      const list = await b.get('/api/chat/sync', { synced: lastDeliveryId, limit: 10 });
      assert.deepEqual(list.map((each) => [each.text, each.revoked]), [['', true], ['two', false], ['', true]]);
      assert.ok(list.every((each, i) => i === 0 || each.deliveryId < list[i - 1].deliveryId));
      assert.deepEqual(Object.keys(list[0]), FIELDS);
      const older = await b.get('/api/chat/sync', { synced: lastDeliveryId, last: list[1].deliveryId, limit: 10 });
      assert.deepEqual(older.map((each) => each.deliveryId), [list[2].deliveryId]);
      assert.deepEqual(await b.get('/api/chat/sync', { synced: list[0].deliveryId, limit: 10 }), []);
      for (const [limit, text] of [[4, 'Limit最小只能为5'], [51, 'Limit必须小于或等于50'], ['', 'Limit为必填字段']])
        refused(await b.call('GET', '/api/chat/sync', { query: { synced: 0, limit } }), 1003, text);
    });

    test('a message to a group reaches all of it', async () => {
      const [a, b, c] = [await register(server), await register(server), await register(server)];
      await befriend(a, b);
      await befriend(a, c);
      const [, atB] = await makeGroup(a, [b, c]);
      const sessions = await Promise.all([a, b, c].map((person) => listen(person)));
      await send(b, atB.contactId, { text: 'all' });
      for (const { socket } of sessions) {
        assert.equal((await socket.nextJson()).payload.text, 'all');
        await socket.close();
      }
    });
  });
