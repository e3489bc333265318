// docs/openapi.yaml against the running server: the same routes, and real answers that fit the schemas.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { call } from './lib/api.mjs';
import { judge, mistakes, operations, readRoutes, resolve, spec, walk } from './lib/openapi.mjs';
import { databases, startServer } from './lib/server.mjs';
import { sql } from './lib/sql.mjs';

describe('the description', () => {
  test('is OpenAPI 3.1, and all in it is connected', () => {
    assert.match(spec.openapi, /^3\.1\.\d+$/);
    walk((node) => node.$ref && resolve(node));
    const tags = spec.tags.map((tag) => tag.name);
    const ids = operations.map(({ operation }) => operation.operationId);
    assert.equal(new Set(ids).size, ids.length, 'operation ids are unique');
    for (const { method, path, operation } of operations) {
      const what = `${method} ${path}`;
      assert.ok(operation.summary, what);
      assert.ok(operation.tags.every((tag) => tags.includes(tag)), what);
      const inPath = [...path.matchAll(/\{(\w+)\}/g)].map((match) => match[1]);
      const described = (operation.parameters ?? []).filter((each) => each.in === 'path').map((each) => each.name);
      assert.deepEqual(described, inPath, what);
      for (const code of operation['x-error-codes'])
        assert.ok(spec.components.schemas.ErrorCode.enum.includes(code) && operation.responses[code < 1000 ? code : 500], `${what}: ${code}`);
    }
  });

  test('every schema is one, and is used', () => {
    const used = new Set();
    walk((node) => node.$ref?.startsWith('#/components/') && used.add(node.$ref));
    for (const kind of ['schemas', 'responses'])
      for (const name of Object.keys(spec.components[kind])) assert.ok(used.has(`#/components/${kind}/${name}`), name);
    for (const schema of Object.values(spec.components.schemas)) mistakes(schema, null);
  });

  test('has the routes of the server, all of them and no others', () => {
    assert.deepEqual(operations.map(({ method, path }) => `${method} ${path}`).sort(), readRoutes().sort());
  });

  test('would notice a wrong answer', () => {
    const { User, Call } = spec.components.schemas;
    const user = { userId: 1, username: 'a', nickname: 'A', avatar: '', enabled: true, createdAt: '2026-11-23T11:33:12Z', updatedAt: '2026-11-23T11:33:12.5Z' };
    assert.equal(mistakes(User, user), null);
    for (const change of [{ userId: '1' }, { userId: 0 }, { username: undefined }, { enabled: 1 }, { createdAt: '2026-11-23 11:33:12' }, { password: 'x' }])
      assert.notEqual(mistakes(User, JSON.parse(JSON.stringify({ ...user, ...change }))), null, JSON.stringify(change));
    const one = { callId: 1, callerId: 1, messageId: 1, members: '[1,2]', status: 4, startTime: null, endTime: '2026-11-23T11:33:12Z',
      endReason: 1, createdAt: user.createdAt, updatedAt: user.createdAt };
    assert.equal(mistakes(Call, one), null);
    for (const change of [{ members: [1, 2] }, { endTime: '2026-11-23T11:33:12.5Z' }, { status: 5 }])
      assert.notEqual(mistakes(Call, { ...one, ...change }), null, JSON.stringify(change));
    const { schema } = spec.paths['/api/user/settings'].get.responses['200'].content['application/json'];
    assert.equal(mistakes(schema, { code: 200, data: { wallpaper: '' }, status: 'ok' }), null);
    assert.equal(mistakes(schema, { code: 200, data: null, status: 'ok' }), null);
    assert.notEqual(mistakes(schema, { code: 200, data: null, status: 'ok', more: 1 }), null);
    assert.notEqual(mistakes(schema, { code: 200, status: 'ok' }), null);
  });
});

/** Asks again until the answer fits. */
async function until(question, fits) {
  for (const deadline = Date.now() + 10_000; ; ) {
    const answer = await question();
    if (fits(answer)) return answer;
    assert.ok(Date.now() < deadline, `still ${JSON.stringify(answer)}`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

for (const database of databases)
  describe(`a session on ${database}`, () => {
    let server;
    const seen = new Set(); // operations that succeeded
    const codes = new Set();
    before(async () => {
      server = await startServer({ database });
    });
    after(() => server.stop());

    /** One request and its judgement; returns the answer's body. */
    async function ask(who, method, path, { query, json, isWrong, ...more } = {}) {
      const answer = await call(server, method, path, { token: who?.token, query, json, ...more });
      const id = judge({ method, path, query, json, answer, isWrong });
      if (answer.status < 300) seen.add(id);
      if (answer.body?.status === 'error') codes.add(answer.body.code);
      return answer.body;
    }
    const get = async (who, path, query) => (await ask(who, 'GET', path, { query })).data;
    const post = async (who, path, json, query) => (await ask(who, 'POST', path, { json, query })).data;
    const wrong = async (who, method, path, options) => (await ask(who, method, path, { ...options, isWrong: true })).code;
    const refusal = async (who, method, path, options) => (await ask(who, method, path, options)).code;

    let people;
    test('accounts', async () => {
      people = [];
      for (const username of ['anna', 'bert', 'carl', 'dora']) {
        const account = await post(null, '/api/register', { username, password: '123456', nickname: username, avatar: 'file/a.png' });
        people.push({ ...account, username });
      }
      const [anna] = people;
      anna.token = (await post(null, '/api/login', { username: 'ANNA', password: '123456' })).token;
      assert.equal(await refusal(null, 'POST', '/api/register', { json: { username: 'Anna', password: '123456', nickname: 'x' } }), 1002);
      assert.equal(await wrong(null, 'POST', '/api/register', { json: { username: 'a' } }), 1003);
      assert.equal(await wrong(null, 'POST', '/api/register', { body: '{' }), 300);
      assert.equal(await refusal(null, 'POST', '/api/login', { json: { username: 'nobody', password: 'x' } }), 1001);
      assert.equal(await refusal(null, 'POST', '/api/login', { json: { username: 'anna', password: 'x' } }), 1004);
      assert.equal((await post(anna, '/api/user/infos', { userIds: [anna.userId, 999, anna.userId] }))[1], null);
      assert.deepEqual(await post(anna, '/api/user/infos', { userIds: [] }), []);
      await post(anna, '/api/user/info', { nickname: 'Änne 😀', avatar: '' });
      assert.equal(await wrong(anna, 'POST', '/api/user/info', { json: { nickname: '', avatar: 'ftp://x' } }), 1003);
      assert.equal(await get(anna, '/api/user/settings'), null);
      await post(anna, '/api/user/settings', { wallpaper: 'https://example.org/w.jpg' });
      assert.deepEqual(await get(anna, '/api/user/settings'), { wallpaper: 'https://example.org/w.jpg' });
      await post(anna, '/api/user/password', { oldPassword: '123456', newPassword: '654321' });
      assert.equal(await refusal(anna, 'POST', '/api/user/password', { json: { oldPassword: 'x', newPassword: '654321' } }), 1004);
    });

    test('contacts and groups', async () => {
      const [anna, bert, carl, dora] = people;
      assert.deepEqual(await get(anna, '/api/contact'), []);
      const request = await post(anna, '/api/contact/user', { userId: bert.userId });
      assert.equal(await refusal(anna, 'POST', '/api/contact/user', { json: { userId: bert.userId } }), 2002);
      assert.equal(await refusal(anna, 'POST', '/api/contact/user', { json: { userId: 999 } }), 1001);
      assert.equal(await refusal(anna, 'POST', '/api/contact/user', { json: { userId: anna.userId } }), 500);
      assert.equal(await wrong(anna, 'POST', '/api/contact/user', { json: {} }), 1003);
      const [found] = await get(bert, '/api/user/search', { keyword: 'an', page: 1, size: 5 });
      assert.equal(found.pendingRequest.id, request.id);
      assert.equal((await get(bert, '/api/contact/pending')).length, 1);
      assert.equal(await refusal(carl, 'POST', '/api/contact/accept', { query: { requestId: request.id } }), 2003);
      await post(bert, '/api/contact/accept', undefined, { requestId: request.id });
      assert.equal(await refusal(bert, 'POST', '/api/contact/accept', { query: { requestId: request.id } }), 2004);
      assert.equal(await refusal(anna, 'POST', '/api/contact/user', { json: { userId: bert.userId } }), 2001);
      const second = await post(anna, '/api/contact/user', { userId: carl.userId });
      await post(carl, '/api/contact/accept', undefined, { requestId: second.id });
      const third = await post(anna, '/api/contact/user', { userId: dora.userId });
      await sql(server, `update contact_requests set expire_at = 1 where request_id = ${third.id}`);
      assert.equal(await refusal(dora, 'POST', '/api/contact/accept', { query: { requestId: third.id } }), 2006);
      assert.equal(await refusal(dora, 'POST', '/api/contact/reject', { query: { requestId: third.id } }), 2006);
      const fourth = await post(anna, '/api/contact/user', { userId: dora.userId });
      await post(dora, '/api/contact/reject', undefined, { requestId: fourth.id });
      const contacts = await get(anna, '/api/contact');
      assert.equal(contacts.length, 2);
      await get(anna, '/api/contact/members', { contactId: contacts[0].contactId });
      assert.equal(await refusal(dora, 'GET', '/api/contact/members', { query: { contactId: contacts[0].contactId } }), 403);
      assert.equal(await refusal(anna, 'GET', '/api/contact/members', { query: { contactId: 999 } }), 2005);
      assert.equal(await wrong(anna, 'GET', '/api/contact/members', { query: { contactId: 'x' } }), 300);
      await post(anna, '/api/contact/group', { name: 'we', avatar: '', contactIds: contacts.map((each) => each.contactId) });
      const group = (await get(bert, '/api/contact')).find((each) => each.groupId);
      const [info, none] = await post(bert, '/api/contact/groups', { groupIds: [group.groupId, 999] });
      assert.deepEqual([info.name, none], ['we', null]);
      assert.equal((await get(bert, '/api/contact/members', { contactId: group.contactId })).length, 3);
    });

    test('messages', async () => {
      const [anna, bert] = people;
      const contact = (await get(anna, '/api/contact')).find((each) => each.userId === bert.userId);
      const { contactId } = contact;
      const message = await post(anna, '/api/chat/send', { contactId, localId: 'l1', text: 'hi 你好' });
      const picture = await post(anna, '/api/chat/send', { contactId, localId: 'l2', thumbnail: '24x16;data:image/jpeg;base64,AAAA' });
      assert.equal(await refusal(anna, 'POST', '/api/chat/send', { json: { contactId, localId: 'l3' } }), 2008);
      await post(anna, '/api/chat/delayUpload', { messageId: picture.messageId, image: 'file/x.png' });
      assert.equal(await refusal(bert, 'POST', '/api/chat/revoke', { query: { messageId: message.messageId } }), 403);
      await post(anna, '/api/chat/revoke', undefined, { messageId: message.messageId });
      await sql(server, `update messages set created_at = created_at - 121000000 where message_id = ${picture.messageId}`);
      assert.equal(await refusal(anna, 'POST', '/api/chat/revoke', { query: { messageId: picture.messageId } }), 2007);
      const list = await get(bert, '/api/chat/messages', { contactId: contactId + 1, lastMessageId: 0, limit: 10 });
      assert.deepEqual(list.map((each) => [each.type, each.revoked]), [[1, true], [2, false]]);
      assert.equal((await get(bert, '/api/chat/sync', { synced: 0, last: 0, limit: 50 })).length, 4);
      assert.equal(await wrong(bert, 'GET', '/api/chat/sync', { query: { limit: 51 } }), 1003);
      assert.ok((await get(anna, '/api/contact')).some((each) => each.lastMessageContent === '[图片]' && each.lastMessageTime));
    });

    test('calls', async () => {
      const [anna, bert, carl, dora] = people;
      const { contactId } = (await get(anna, '/api/contact')).find((each) => each.userId === bert.userId);
      const callId = await post(anna, '/api/call', { contactId, userIds: [bert.userId] });
      assert.equal(await refusal(anna, 'POST', '/api/call', { json: { contactId, userIds: [] } }), 3002);
      assert.equal(await refusal(anna, 'POST', '/api/call', { json: { contactId, userIds: [carl.userId] } }), 403);
      assert.equal(await refusal(dora, 'GET', '/api/call', { query: { callId } }), 403);
      assert.equal(await refusal(anna, 'GET', '/api/call', { query: { callId: 999 } }), 3006);
      await until(() => get(anna, '/api/call', { callId }), (one) => one.status === 2);
      await post(anna, '/api/call/join', undefined, { callId });
      await post(bert, '/api/call/hangup', undefined, { callId });
      await until(() => get(anna, '/api/call', { callId }), (one) => one.status === 4);
      assert.equal(await refusal(bert, 'POST', '/api/call/hangup', { query: { callId } }), 3001);
      // The row follows the call itself.
      const [message] = await until(() => get(anna, '/api/chat/messages', { contactId, limit: 1 }), ([one]) => one.call.status === 4);
      assert.deepEqual([message.type, message.call.endReason, message.call.handled], [3, 2, true]);
    });

    test('files', async () => {
      const form = new FormData();
      form.set('file', new Blob(['hello'], { type: 'text/plain' }), 'hello.txt');
      const stored = (await ask(null, 'POST', '/api/file/upload', { body: form, isWrong: true })).data;
      await ask(null, 'GET', `/api/${stored}`);
      await ask(null, 'GET', `/api/${stored}`, { headers: { Range: 'bytes=1-2' } });
      await ask(null, 'GET', `/api/${stored}`, { headers: { Range: 'bytes=9-' } });
      await ask(null, 'GET', '/api/file/none.png');
      const other = new FormData();
      other.set('photo', new Blob(['hello']), 'hello.txt');
      assert.equal(await wrong(null, 'POST', '/api/file/upload', { body: other }), 300);
    });

    test('operation, and the ends of logins', async () => {
      const [anna, bert] = people;
      await ask(null, 'GET', '/healthz');
      await ask(null, 'GET', '/metrics');
      await ask(null, 'POST', '/api/logout');
      await ask(bert, 'POST', '/api/logout');
      await ask(anna, 'POST', '/api/user/logout');
      for (const { method, path, operation } of operations) {
        if (operation.security?.length === 0) continue;
        assert.equal(await wrong(null, method, path), 401, path);
        assert.equal(await wrong(anna, method, path), 1005, path);
      }
    });

    test('every operation was seen to succeed, and most errors', () => {
      assert.deepEqual(operations.map(({ operation }) => operation.operationId).filter((id) => !seen.has(id)), []);
      // These need what no request brings about (2009, 3005), the moment between a call's row and its start, a broken disk.
      const rest = spec.components.schemas.ErrorCode.enum.filter((code) => !codes.has(code));
      assert.deepEqual(rest, [2009, 3005, 3009, 4001]);
    });
  });
