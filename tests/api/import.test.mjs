// An original installation's dump, imported and served: logins, contacts, groups and history as the contract has them.
import assert from 'node:assert/strict';
import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, before, describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { call, data, Person, refused } from './lib/api.mjs';
import { databases, runToEnd, startServer } from './lib/server.mjs';
import { listen } from './lib/socket.mjs';

const DUMP = path.join(path.dirname(fileURLToPath(import.meta.url)), 'fixtures/original.sql');
const PASSWORD = 'old-secret'; // of everybody in the dump, a $2a$06$ hash
const PIA = 1;
const QUINN = 2;
const MING = 3;
// What the messages of the dump say in turn, with a number in front in the room of pia and quinn.
const TEXTS = ['hi', '你好，世界', 'it\'s "quoted" \\ and \'more\'', '😀👍🏽 emoji', 'line one\nline two\r\n\ttab', '%_ wild', '<b>&amp;</b>',
  '-- no comment; /* nor this */ # ok', 'ctrl \x1a end', "semi;colon ');DROP TABLE users;--", '012345678901234567890123456789',
  '一二三四五六七八九十一二三四五六七八九十一二三'];

for (const database of databases)
  describe(`an import into ${database}`, () => {
    let server;
    let result;
    before(async () => {
      const prepare = async (env) => {
        result = await runToEnd(['import', '--mysql-dump', DUMP, '--batch', '50'], env);
        assert.equal(result.code, 0, result.stderr);
      };
      server = await startServer({ database, prepare });
    });
    after(() => server.stop());

    const login = (username, password = PASSWORD) => call(server, 'POST', '/api/login', { json: { username, password } });
    async function enter(username) {
      const { userId, token } = data(await login(username));
      return new Person(server, username, userId, token);
    }
    async function contactWith(person, { userId = 0, groupId = 0 }) {
      return (await person.get('/api/contact')).find((each) => each.userId === userId && each.groupId === groupId);
    }
    async function history(person, contactId) {
      const all = [];
      for (let last = 0; ; ) {
        const page = await person.get('/api/chat/messages', { contactId, lastMessageId: last, limit: 25 });
        all.unshift(...page);
        if (page.length < 25) return all;
        last = page[0].messageId;
      }
    }

    test('what came over and what did not is said, by table', () => {
      for (const [table, imported, skipped] of [['users', 40, 0], ['settings', 2, 1], ['rooms', 16, 0], ['groups', 2, 1],
        ['group_members', 7, 1], ['contacts', 37, 2], ['contact_requests', 3, 2], ['messages', 180, 3], ['calls', 2, 1],
        ['deliveries', 400, 2]])
        assert.match(result.stdout, new RegExp(`^  ${table} +${imported} imported +${skipped} skipped$`, 'm'));
      const reasons = result.stdout.split('\n').filter((line) => line.startsWith('    '));
      for (const [reason, example] of [
        ['changed 1: names are unique without regard to case', 'user 5 "anna" is "anna-5" now, because of user 4'],
        ['changed 1: the password is no bcrypt hash', 'user 8 "plain"'],
        ['changed 1: it was deleted in the original: it is disabled', 'user 9 "user9"'],
        ['added 1: rooms that only contacts or groups know', 'room 21 g-2'],
        ['skipped 1: its room belongs to others', 'contact 39, room 1'],
        ['skipped 1: a text is not valid UTF-8', 'id 183, column text'],
        ['changed 1: it had not ended: it is ended now, as an error', 'call 2']]) {
        const at = reasons.findIndex((line) => line.trim().startsWith(reason));
        assert.ok(at >= 0, `"${reason}" is in\n${result.stdout}`);
        assert.ok(reasons[at + 1].endsWith(example), `${reasons[at + 1]} is about ${example}`);
      }
      // Lines of the file: the only contact of an unknown user is in the 38th row of its INSERT.
      assert.match(result.stdout, /line 177, row 38: contact 38 of user 1 with user 99, group 0/);
      // Progress, a line a table when it is no terminal.
      assert.match(result.stderr, /^messages +183 of 183 rows$/m);
      assert.match(result.stderr, /^deliveries +402 of 402 rows$/m);
    });

    test('it does not run twice', async () => {
      const again = await runToEnd(['import', '--mysql-dump', DUMP], server.env);
      assert.equal(again.code, 1);
      assert.match(again.stderr, /The database is not empty, and nothing was imported/);
      assert.equal(again.stdout, '');
    });

    test('old passwords hold', async () => {
      assert.equal(data(await login('pia')).userId, PIA);
      // The hash was made anew at that login; it is still the same password.
      assert.equal(data(await login('PIA')).userId, PIA);
      refused(await login('pia', 'another-one'), 1004);
      assert.equal(data(await login('小明')).userId, MING);
      assert.equal(data(await login("o'brien")).userId, 6);
      assert.equal(data(await login('ANNA')).userId, 4);
      assert.equal(data(await login('anna-5')).userId, 5);
      for (const name of ['disabled', 'user9', 'plain', 'trigger']) assert.notEqual((await login(name)).body.code, 200, name);
      assert.notEqual((await login('plain', 'plain-text-password')).body.code, 200);
      assert.notEqual((await login('plain', '')).body.code, 200);
    });

    test('users and settings', async () => {
      const pia = await enter('pia');
      const [self, ming, none] = await pia.post('/api/user/infos', { userIds: [PIA, MING, 1000] });
      assert.deepEqual(self, { userId: 1, username: 'pia', nickname: 'Pia', avatar: 'file/2023-05-01T120000.000.png',
        enabled: true, createdAt: '2023-05-01T12:00:01Z', updatedAt: self.updatedAt });
      assert.equal(ming.nickname, '王小明 😀');
      assert.equal(none, null);
      assert.deepEqual(await pia.get('/api/user/settings'), { wallpaper: 'file/wall.jpg' });
      const found = await pia.get('/api/user/search', { keyword: 'q', page: 1, size: 5 });
      assert.deepEqual(found.map((each) => [each.userId, each.isFriend]), [[QUINN, true]]);
    });

    test('contacts, with the last message of each', async () => {
      const pia = await enter('pia');
      const contacts = await pia.get('/api/contact');
      assert.deepEqual(contacts.map((each) => each.contactId).sort((a, b) => a - b),
        [1, 3, 7, 9, 11, 13, 15, 17, 19, 21, 23, 25, 27, 29, 31, 35]);
      assert.deepEqual(contacts.find((each) => each.contactId === 1), { contactId: 1, ownerId: PIA, userId: QUINN, groupId: 0,
        roomId: 1, status: 1, lastMessageId: 180, lastMessageTime: '2023-05-01T12:11:20Z', lastMessageContent: '[通话]',
        createdAt: '2023-05-01T12:01:41Z', updatedAt: '2023-05-01T12:01:41Z' });
      const { lastMessageId, lastMessageTime, lastMessageContent } = contacts.find((each) => each.contactId === 7);
      assert.deepEqual([lastMessageId, lastMessageTime, lastMessageContent], [0, null, '']);
      const members = await pia.get('/api/contact/members', { contactId: 1 });
      assert.deepEqual(members.map((each) => each.userId), [PIA, QUINN]);
    });

    test('groups, also the one whose room the dump had lost', async () => {
      const pia = await enter('pia');
      const [first, second, third] = await pia.post('/api/contact/groups', { groupIds: [1, 2, 3] });
      assert.deepEqual([first.name, first.avatar, first.ownerId, first.roomId], ['周末 <团> & "co"', 'file/g.png', PIA, 16]);
      assert.deepEqual([second.name, second.ownerId, second.roomId], ['no room', MING, 21]);
      assert.equal(third, null);
      const members = await pia.get('/api/contact/members', { contactId: 35 });
      assert.deepEqual(members.map((each) => each.userId), [MING, PIA, 6, 10], 'in the order of joining');
      assert.deepEqual((await history(pia, 35)).map((each) => each.text), Array.from({ length: 5 }, (_, i) => `rebuilt ${i}`));
    });

    test('the history, to the last character', async () => {
      const [pia, quinn] = [await enter('pia'), await enter('quinn')];
      const all = await history(pia, 1);
      const texts = all.filter((each) => each.type === 1 && !each.revoked);
      assert.deepEqual(texts.map((each) => each.text), Array.from({ length: 120 }, (_, i) => `${i} ${TEXTS[i % TEXTS.length]}`));
      assert.deepEqual(texts[3], { messageId: 4, roomId: 1, senderId: QUINN, type: 1, text: '3 😀👍🏽 emoji', image: '', thumbnail: '',
        callId: 0, revoked: false, createdAt: '2023-05-01T12:08:24Z', updatedAt: '2023-05-01T12:08:24Z', call: null,
        localId: '', deliveryId: 0 });
      const [image] = all.filter((each) => each.type === 2);
      assert.deepEqual([image.image, image.thumbnail], ['file/2023-05-01T120000.000.png', '240x160;data:image/jpeg;base64,/9j/4AAQ']);
      assert.equal(all.filter((each) => each.revoked).length, 1);
      assert.deepEqual((await history(quinn, 2)).map((each) => each.messageId), all.map((each) => each.messageId));
      const ming = await enter('小明');
      refused(await ming.call('GET', '/api/chat/messages', { query: { contactId: 1 } }), 403);
    });

    test('calls: ended ones as they were, others ended as an error', async () => {
      const [pia, ming] = [await enter('pia'), await enter('小明')];
      const calls = (await history(pia, 1)).filter((each) => each.type === 3).map((each) => each.call);
      assert.deepEqual(calls[0], { callId: 1, callerId: PIA, messageId: 178, members: '[1,2]', status: 4,
        startTime: '2023-05-02T08:00:00Z', endTime: '2023-05-02T08:01:05Z', endReason: 1, createdAt: calls[0].createdAt,
        updatedAt: calls[0].updatedAt, handled: true });
      // The dump has this one's message only.
      assert.deepEqual([calls[1].callId, calls[1].members, calls[1].status, calls[1].endReason], [3, '[2]', 4, 6]);
      const live = await ming.get('/api/call', { callId: 2 });
      assert.deepEqual([live.members, live.status, live.endReason, live.startTime], ['[2,1,3]', 4, 6, '2023-05-02T09:00:00Z']);
      assert.ok(Math.abs(new Date(live.endTime) - Date.now()) < 120_000);
      refused(await ming.call('POST', '/api/call/join', { query: { callId: 2 } }), 3001);
    });

    test('requests', async () => {
      const brien = await enter("o'brien");
      const [request, ...others] = await brien.get('/api/contact/pending');
      assert.deepEqual(others, []);
      assert.deepEqual(request, { id: 2, requestUid: 4, userId: 6, status: 1, expiredAt: '2099-01-01T00:00:00Z',
        createdAt: '2023-05-01T12:00:00Z', updatedAt: '2023-05-01T12:00:00Z' });
      await brien.post('/api/contact/accept', undefined, { requestId: 2 });
      const contact = await contactWith(brien, { userId: 4 });
      assert.equal(contact.roomId, 22, 'a new room, behind the last');
      refused(await brien.call('POST', '/api/contact/accept', { query: { requestId: 4 } }), 2003);
    });

    test('sync and sessions go on from the old deliveries', async () => {
      const quinn = await enter('quinn');
      const { socket, lastDeliveryId } = await listen(quinn);
      assert.ok(lastDeliveryId > 0 && lastDeliveryId <= 400);
      const [newest, ...rest] = await quinn.get('/api/chat/sync', { synced: 0, limit: 10 });
      assert.equal(newest.deliveryId, lastDeliveryId);
      assert.equal(rest.length, 9);
      const pia = await enter('pia');
      const message = await pia.post('/api/chat/send', { contactId: 1, localId: 'x', text: 'from now on' });
      assert.equal(message.messageId, 184, 'behind the last, also of those that were skipped');
      const { payload } = await socket.nextJson();
      assert.equal(payload.text, 'from now on');
      assert.ok(payload.deliveryId > 402);
      assert.equal((await contactWith(quinn, { userId: PIA })).lastMessageContent, 'from now on');
      await socket.close();
    });

    test('new users come behind the old', async () => {
      const answer = await call(server, 'POST', '/api/register', { json: { username: 'newcomer', password: '123456', nickname: 'N' } });
      assert.equal(data(answer).userId, 41);
      const again = await call(server, 'POST', '/api/register', { json: { username: 'PIA', password: '123456', nickname: 'N' } });
      refused(again, 1002);
    });
  });

describe('the import command', () => {
  let dir;
  before(async () => {
    dir = await mkdtemp(path.join(tmpdir(), 'ichat-import-'));
  });
  after(() => rm(dir, { recursive: true, force: true }));

  test('a dry run says the same and leaves nothing', async () => {
    const data = path.join(dir, 'dry');
    const { code, stdout } = await runToEnd(['import', '--mysql-dump', DUMP, '--data', data, '--dry-run']);
    assert.equal(code, 0);
    assert.match(stdout, /^Would be imported:\n {2}users +40 imported/);
    assert.deepEqual(await readdir(dir), []);
  });

  test('a broken dump is refused before anything is written', async () => {
    const dump = path.join(dir, 'cut.sql');
    await writeFile(dump, 'CREATE TABLE `users` (`id` int, `username` text, `password` text);\nINSERT INTO `users` VALUES\n(1,\'a');
    const { code, stderr } = await runToEnd(['import', '--mysql-dump', dump, '--data', path.join(dir, 'cut')]);
    assert.equal(code, 1);
    assert.match(stderr, /The dump is not understood: line 3: the file ends within a text that began in line 3/);
    assert.deepEqual(await readdir(dir), ['cut.sql']);
  });

  test('a map file and a time zone', async () => {
    const [dump, map] = [path.join(dir, 'other.sql'), path.join(dir, 'names.map')];
    await writeFile(dump, "INSERT INTO people (nr, login, secret, born) VALUES (5,'a','','2023-05-01 08:00:00');\n");
    const args = ['import', '--mysql-dump', dump, '--dry-run', '--time-zone', '+08:00'];
    const unknown = await runToEnd(args);
    assert.equal(unknown.code, 1);
    assert.match(unknown.stderr, /no table of users.*--map/);
    await writeFile(map, 'users = people\nusers.user_id = nr\nusers.password = secret\nusers.created_at = born\n');
    const known = await runToEnd([...args, '--map', map]);
    assert.equal(known.code, 0, known.stderr);
    assert.match(known.stdout, /users +1 imported/);
    await writeFile(map, 'users = people\nuser.id = nr\n');
    const wrong = await runToEnd([...args, '--map', map]);
    assert.equal(wrong.code, 2);
    assert.match(wrong.stderr, /map file, line 2: "user" is none of users, /);
  });

  for (const [name, args, text] of [
    ['no dump', [], /--mysql-dump FILE is missing/],
    ['a batch of nothing', ['--mysql-dump', DUMP, '--batch', '0'], /--batch is a whole number/],
    ['a zone by name', ['--mysql-dump', DUMP, '--time-zone', 'Asia/Shanghai'], /--time-zone is UTC, or/],
    ['an unknown option', ['--mysql', DUMP, '--foo'], /usage: ichatd import/],
    ['one word too many', ['--mysql-dump', DUMP, 'x'], /unexpected argument 'x'/],
    ['a wrong configuration', ['--mysql-dump', DUMP, '--config', '/nowhere.yml'], /nowhere.yml/],
  ])
    test(`wrong arguments: ${name}`, async () => {
      const { code, stderr } = await runToEnd(['import', ...args]);
      assert.equal(code, 2);
      assert.match(stderr, text);
    });

  test('help', async () => {
    const { code, stdout } = await runToEnd(['import', '--help']);
    assert.equal(code, 0);
    assert.match(stdout, /^usage: ichatd import --mysql-dump FILE/);
  });
});
