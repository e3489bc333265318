// Registration, login, users, settings, on every database.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { call, data, PASSWORD, Person, refused, register } from './lib/api.mjs';
import { databases, startServer } from './lib/server.mjs';

const WHOLE_SECONDS = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/;

for (const database of databases)
  describe(`accounts on ${database}`, () => {
    let server;
    before(async () => {
      server = await startServer({ database });
    });
    after(() => server.stop());

    const post = (path, json) => call(server, 'POST', path, { json });

    test('register logs in at once', async () => {
      const answer = data(await post('/api/register', { username: 'pia', password: '123456', nickname: 'P', avatar: 'file/a.png' }));
      assert.deepEqual(Object.keys(answer), ['token', 'userId']);
      assert.equal(answer.userId, 1);
      assert.equal(answer.token.split('.').length, 3);
      const pia = new Person(server, 'pia', answer.userId, answer.token);
      const [info] = await pia.post('/api/user/infos', { userIds: [1] });
      const { createdAt, updatedAt, ...rest } = info;
      assert.deepEqual(rest, { userId: 1, username: 'pia', nickname: 'P', avatar: 'file/a.png', enabled: true });
      assert.match(createdAt, WHOLE_SECONDS);
      assert.match(updatedAt, WHOLE_SECONDS);
      assert.ok(Math.abs(new Date(createdAt) - Date.now()) < 5000);
    });

    const long = (n) => 'x'.repeat(n);
    const valid = { username: 'someone', password: '123456', nickname: 'S' };
    for (const [name, change, text] of [
      ['nothing', null, 'Username为必填字段,Password为必填字段,Nickname为必填字段'],
      ['a short name', { username: 'a' }, 'Username长度必须至少为2个字符'],
      ['a long name', { username: long(21) }, 'Username长度不能超过20个字符'],
      ['a short password', { password: '12345' }, 'Password长度必须至少为6个字符'],
      ['a long password', { password: long(21) }, 'Password长度不能超过20个字符'],
      ['a long nickname', { nickname: long(21) }, 'Nickname长度不能超过20个字符'],
      ['an empty nickname', { nickname: '' }, 'Nickname为必填字段'],
    ])
      test(`register refuses ${name}`, async () => {
        const message = refused(await post('/api/register', change ? { ...valid, ...change } : {}), 1003);
        assert.deepEqual(message.split(',').sort(), text.split(',').sort());
      });

    test('lengths are counted in code points', async () => {
      data(await post('/api/register', { username: '用户'.repeat(10), password: '密码密码密码', nickname: '😀'.repeat(20) }));
      refused(await post('/api/register', { username: '用户'.repeat(10) + 'x', password: '密码密码密码', nickname: 'x' }), 1003);
    });

    test('a name is taken whatever its case', async () => {
      data(await post('/api/register', { username: 'Taken', password: '123456', nickname: 'x' }));
      refused(await post('/api/register', { username: 'taken', password: '654321', nickname: 'y' }), 1002, '用户已存在');
      refused(await post('/api/register', { username: 'TAKEN', password: '654321', nickname: 'y' }), 1002);
    });

    test('the same name at once: one of them gets it', async () => {
      const json = { username: 'race', password: '123456', nickname: 'x' };
      const answers = await Promise.all(Array.from({ length: 8 }, () => post('/api/register', json)));
      assert.deepEqual(answers.map((each) => each.body.code).sort(), [1002, 1002, 1002, 1002, 1002, 1002, 1002, 200].sort());
    });

    test('login', async () => {
      const user = await register(server);
      const answer = data(await post('/api/login', { username: user.name, password: PASSWORD }));
      assert.equal(answer.userId, user.id);
      assert.notEqual(answer.token, user.token);
      for (const token of [user.token, answer.token]) data(await call(server, 'GET', '/api/contact', { token }));
      refused(await post('/api/login', { username: user.name, password: 'wrong-one' }), 1004, '用户名或密码错误');
      refused(await post('/api/login', { username: 'nobody-of-that', password: PASSWORD }), 1001, '用户不存在');
      refused(await post('/api/login', {}), 1003);
      refused(await post('/api/login', { username: user.name }), 1003, 'Password为必填字段');
    });

    test('logging out ends this login alone', async () => {
      const user = await register(server);
      const second = data(await post('/api/login', { username: user.name, password: PASSWORD })).token;
      await user.post('/api/user/logout');
      refused(await user.call('GET', '/api/contact'), 1005, '凭证已过期');
      data(await call(server, 'GET', '/api/contact', { token: second }));
    });

    test('a new password ends the other logins', async () => {
      const user = await register(server);
      const second = data(await post('/api/login', { username: user.name, password: PASSWORD })).token;
      refused(await user.call('POST', '/api/user/password', { json: { oldPassword: 'wrong-one', newPassword: 'new-secret' } }), 1004);
      refused(await user.call('POST', '/api/user/password', { json: { oldPassword: PASSWORD, newPassword: 'short' } }), 1003);
      await user.post('/api/user/password', { oldPassword: PASSWORD, newPassword: 'new-secret' });
      refused(await call(server, 'GET', '/api/contact', { token: second }), 1005);
      data(await user.call('GET', '/api/contact'));
      refused(await post('/api/login', { username: user.name, password: PASSWORD }), 1004);
      data(await post('/api/login', { username: user.name, password: 'new-secret' }));
    });

    test('infos: as many as asked for, in that order, null for unknown', async () => {
      const [a, b] = [await register(server, 'A'), await register(server, 'B')];
      const list = await a.post('/api/user/infos', { userIds: [b.id, 99999999, a.id, b.id, 0] });
      assert.deepEqual(list.map((each) => each?.nickname ?? null), ['B', null, 'A', 'B', null]);
      assert.equal('password' in list[0], false);
      assert.deepEqual(await a.post('/api/user/infos', { userIds: [] }), []);
      assert.deepEqual(await a.post('/api/user/infos', {}), []);
    });

    test('info: nickname and avatar, an empty avatar leaves the old one', async () => {
      const user = await register(server, 'Old');
      const info = async () => (await user.post('/api/user/infos', { userIds: [user.id] }))[0];
      assert.equal(await user.post('/api/user/info', { nickname: 'New', avatar: 'https://x.example/a.png' }), null);
      assert.equal((await info()).avatar, 'https://x.example/a.png');
      assert.equal(await user.post('/api/user/info', { nickname: 'Newer', avatar: '' }), null);
      const { nickname, avatar } = await info();
      assert.deepEqual([nickname, avatar], ['Newer', 'https://x.example/a.png']);
      refused(await user.call('POST', '/api/user/info', { json: { nickname: '' } }), 1003, 'Nickname为必填字段');
      refused(await user.call('POST', '/api/user/info', { json: { nickname: 'x', avatar: 'javascript:alert(1)' } }), 1003, 'Avatar必须是一个有效的URL');
    });

    test('settings: null, then the wallpaper', async () => {
      const user = await register(server);
      assert.equal(await user.get('/api/user/settings'), null);
      for (const wallpaper of ['file/w.png', 'http://x.example/w.png', '']) {
        assert.equal(await user.post('/api/user/settings', { wallpaper }), null);
        assert.deepEqual(await user.get('/api/user/settings'), { wallpaper });
      }
      refused(await user.call('POST', '/api/user/settings', { json: { wallpaper: 'w.png' } }), 1003, 'Wallpaper必须是一个有效的URL');
    });

    test('search: prefix, any case, not oneself, in pages', async () => {
      const names = Array.from({ length: 7 }, (_, i) => `Find${i}`);
      for (const username of names) data(await post('/api/register', { username, password: '123456', nickname: 'x' }));
      const { token, userId } = data(await post('/api/login', { username: 'Find3', password: '123456' }));
      const me = new Person(server, 'Find3', userId, token);
      const pages = [];
      for (const page of [1, 2, 3]) pages.push(await me.get('/api/user/search', { keyword: 'fIND', page, size: 5 }));
      assert.deepEqual(pages.map((page) => page.map((each) => each.username)), [
        ['Find0', 'Find1', 'Find2', 'Find4', 'Find5'], ['Find6'], []]);
      assert.equal(pages[0][0].isFriend, false);
      assert.equal(pages[0][0].pendingRequest, null);
      assert.deepEqual((await me.get('/api/user/search', { keyword: 'ind', page: 1, size: 5 })), []);
      assert.equal((await me.get('/api/user/search', { keyword: 'F%d', page: 1, size: 5 })).length, 5, '% is a wild card');
      assert.deepEqual(await me.get('/api/user/search', { keyword: "' or 1=1 --", page: 1, size: 5 }), []);
    });

    test('search: Chinese, a space however it is written, and _ for any one character', async () => {
      for (const username of ['张 三', '张三丰', '李四']) data(await post('/api/register', { username, password: '123456', nickname: 'x' }));
      const me = await register(server);
      /** The query as it goes over the wire. */
      const found = async (query) => data(await me.call('GET', `/api/user/search?page=1&size=5&keyword=${query}`)).map((each) => each.username);
      const [zhang, san] = ['张', '三'].map(encodeURIComponent);
      assert.deepEqual(await found(zhang), ['张 三', '张三丰']);
      assert.deepEqual(await found(`${zhang}%20${san}`), ['张 三']);
      assert.deepEqual(await found(`${zhang}+${san}`), ['张 三'], 'as a form writes it, and axios');
      assert.deepEqual(await found(`${zhang}_${san}`), ['张 三']);
      assert.deepEqual(await found(`_${san}`), ['张三丰']);
      assert.deepEqual(await found(`${san}`), []);
    });
  });

describe('the limit of login tries', () => {
  let server;
  before(async () => {
    server = await startServer({ env: { ICHAT_AUTH_LOGIN_TRIES_PER_MIN: '3' } });
  });
  after(() => server.stop());

  test('stops guessing for one name, not for another', async () => {
    const [a, b] = [await register(server), await register(server)];
    const login = (user, password) => call(server, 'POST', '/api/login', { json: { username: user.name, password } });
    for (let i = 0; i < 3; i++) refused(await login(a, 'wrong-one'), 1004);
    const answer = await login(a, PASSWORD);
    assert.notEqual(answer.body.code, 200, 'even the right one is not looked at');
    assert.ok(![401, 1005].includes(answer.body.code));
    data(await login(b, PASSWORD));
  });
});
