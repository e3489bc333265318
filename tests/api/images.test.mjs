// What becomes of uploads: a revoked image is gone, what nobody uses is removed, what is no image is not shown as one,
// and who has no login uploads little. On every database where it matters.
import assert from 'node:assert/strict';
import http from 'node:http';
import { readdir, stat, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { after, before, describe, test } from 'node:test';
import { befriend, call, contactOf, data, makeGroup, refused, register } from './lib/api.mjs';
import { raw, answers } from './lib/raw.mjs';
import { databases, startServer } from './lib/server.mjs';
import { listen } from './lib/socket.mjs';
import { sql } from './lib/sql.mjs';

const PNG = Buffer.from('iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==', 'base64');
const DAY_US = 24 * 3600 * 1e6;
const MIB = 1 << 20;

function upload(server, content = PNG, name = 'x.png', token) {
  const form = new FormData();
  form.set('file', new Blob([content]), name);
  return call(server, 'POST', '/api/file/upload', { body: form, token });
}
const stored = (server) => readdir(path.join(server.dataDir, 'files'));
const fileOf = (image) => image.slice('file/'.length);

for (const database of databases)
  describe(`images on ${database}`, () => {
    let server;
    let a;
    let b;
    let toB;
    let toA;
    before(async () => {
      server = await startServer({ database });
      [a, b] = [await register(server, 'A'), await register(server, 'B')];
      [{ contactId: toB }, { contactId: toA }] = await befriend(a, b);
    });
    after(() => server.stop());

    const newImage = async () => data(await upload(server));
    const send = (who, contactId, image) => who.post('/api/chat/send', { contactId, localId: '', image });
    const revoke = (who, { messageId }) => who.post('/api/chat/revoke', undefined, { messageId });
    const status = async (image) => (await call(server, 'GET', `/api/${image}`)).status;

    test('of a revoked message: gone before anybody is told', async () => {
      const image = await newImage();
      const message = await send(a, toB, image);
      assert.equal(await status(image), 200);
      const { socket } = await listen(b);
      await revoke(a, message);
      assert.equal(await status(image), 404);
      assert.ok(!(await stored(server)).includes(fileOf(image)));
      const { payload } = await socket.takeJson((each) => each.type === 1);
      assert.deepEqual([payload.revoked, payload.image], [true, '']);
      await revoke(a, message);
      await socket.close();
    });

    test('of a late upload that is revoked: gone too', async () => {
      const message = await a.post('/api/chat/send', { contactId: toB, localId: '', thumbnail: '1x1;data:image/jpeg;base64,/9j/' });
      const image = await newImage();
      await a.post('/api/chat/delayUpload', { messageId: message.messageId, image });
      await revoke(a, message);
      assert.equal(await status(image), 404);
    });

    test('that another message shows as well: stays until that one is revoked', async () => {
      const image = await newImage();
      const [mine, passedOn] = [await send(a, toB, image), await send(b, toA, image)];
      await revoke(a, mine);
      assert.equal(await status(image), 200);
      await revoke(b, passedOn);
      assert.equal(await status(image), 404);
    });

    for (const [what, use] of [
      ["a user's avatar", (image) => b.post('/api/user/info', { nickname: 'B', avatar: image })],
      ['a wallpaper', (image) => b.post('/api/user/settings', { wallpaper: image })],
      ["a group's avatar", (image) => a.post('/api/contact/group', { name: 'g', avatar: image, contactIds: [toB] })],
    ])
      test(`that is ${what} as well: stays`, async () => {
        const image = await newImage();
        const message = await send(a, toB, image);
        await use(image);
        await revoke(a, message);
        assert.equal(await status(image), 200);
      });

    test('of a stranger: not to be had by naming it in a message of one\'s own', async () => {
      const image = await newImage();
      await send(a, toB, image);
      const own = await send(b, toA, image);
      await revoke(b, own);
      assert.equal(await status(image), 200);
    });

    test('what stands in a message leads nowhere else', async () => {
      const { size } = await stat(path.join(server.dataDir, 'secret'));
      await writeFile(path.join(server.dataDir, 'files', '.hidden'), 'x');
      for (const image of ['file/../secret', 'file/./../secret', 'file/%2e%2e/secret', 'file/.hidden', 'file/', 'file/.', 'file/..',
        `file/${'x'.repeat(5000)}`, 'file/a\nb', 'https://example.org/../secret', "file/' or '1'='1", 'file/*'])
        await revoke(a, await send(a, toB, image));
      assert.equal((await stat(path.join(server.dataDir, 'secret'))).size, size);
      assert.ok((await stored(server)).includes('.hidden'));
    });

    test('what a crash left to be removed is removed at the next start, unless it is used', async () => {
      const [orphan, used] = [await newImage(), await newImage()];
      await send(a, toB, used);
      await Promise.all([orphan, used].map((image, i) => sql(server, `insert into file_removals (name, created_at) values ('${fileOf(image)}', ${i})`)));
      await server.restart('SIGKILL');
      await gone(orphan);
      assert.equal(await status(used), 200);
    });

    /** The sweep at the start is not waited for by anything. */
    async function gone(image) {
      for (let i = 0; (await status(image)) !== 404; i++) assert.ok(i < 500, `${image} is still there`);
    }

    test('that nothing uses within a day is removed; what is used, or young, stays', async () => {
      const [old, young, sent, late, avatar, group, wallpaper, registered] = await Promise.all(Array.from({ length: 8 }, newImage));
      await send(a, toB, sent);
      const { messageId } = await a.post('/api/chat/send', { contactId: toB, localId: '', thumbnail: '1x1;data:' });
      await a.post('/api/chat/delayUpload', { messageId, image: late });
      await a.post('/api/user/info', { nickname: 'A', avatar });
      await a.post('/api/contact/group', { name: 'g', avatar: group, contactIds: [toB] });
      await a.post('/api/user/settings', { wallpaper });
      data(await call(server, 'POST', '/api/register', { json: { username: `reg-${database}`, password: '123456', nickname: 'R', avatar: registered } }));
      const unknown = path.join(server.dataDir, 'files', 'of-an-older-version.png');
      await writeFile(unknown, PNG);
      await sql(server, `update files set created_at = created_at - ${DAY_US + 1e6} where name <> '${fileOf(young)}'`);
      await server.restart();
      await gone(old);
      for (const image of [young, sent, late, avatar, group, wallpaper, registered, 'file/of-an-older-version.png'])
        assert.equal(await status(image), 200, image);
    });

    test('many at once are removed in pieces', async () => {
      const from = 'with recursive n(i) as (select 1 union all select i + 1 from n where i < 450)';
      const name = "'many-' || i || '.png'";
      await sql(server, `${from} insert into files (name, size, created_at) select ${name}, 1, 1 from n`.replace(/^(.*) insert into (.*?) select/, 'insert into $2 $1 select'));
      for (let i = 1; i <= 450; i++) await writeFile(path.join(server.dataDir, 'files', `many-${i}.png`), PNG);
      await server.restart();
      for (let i = 0; (await stored(server)).some((each) => each.startsWith('many-')); i++) {
        assert.ok(i < 100, 'some are left');
        await new Promise((resolve) => setTimeout(resolve, 100));
      }
      assert.ok(await contactOf(a, b));
      assert.ok(await makeGroup(a, [b]));
    });
  });

describe('what is served', () => {
  let server;
  before(async () => {
    server = await startServer({ env: { ICHAT_HTTP_ANONYMOUS_UPLOADS_PER_MIN: '1000' } });
  });
  after(() => server.stop());

  const SCRIPT = '<script>alert(document.domain)</script>';
  const GIF = Buffer.from('GIF89a\x01\x00\x01\x00\x00\x00\x00;', 'latin1');
  const WEBP = Buffer.from('RIFF\x1a\x00\x00\x00WEBPVP8L', 'latin1');
  const AVIF = Buffer.from('\x00\x00\x00\x1cftypavif\x00\x00\x00\x00', 'latin1');
  const JPEG = Buffer.from('\xff\xd8\xff\xe0\x00\x10JFIF\x00', 'latin1');
  const BMP = Buffer.from('BM\x1e\x00\x00\x00\x00\x00\x00\x00\x1a\x00\x00\x00', 'latin1');
  const ICO = Buffer.from('\x00\x00\x01\x00\x01\x00\x01\x01', 'latin1');

  async function served(content, name) {
    const image = data(await upload(server, content, name));
    const answer = await call(server, 'GET', `/api/${image}`);
    assert.equal(answer.status, 200);
    assert.equal(answer.headers.get('x-content-type-options'), 'nosniff', name);
    assert.match(answer.headers.get('content-security-policy'), /default-src 'none'; sandbox/, name);
    return { type: answer.type, isAttachment: answer.headers.get('content-disposition') === 'attachment' };
  }
  const asImage = (type) => ({ type, isAttachment: false });
  const asBytes = { type: 'application/octet-stream', isAttachment: true };

  test('images are images by their bytes, whatever their name says', async () => {
    for (const [content, name, type] of [
      [PNG, 'a.png', 'image/png'], [PNG, 'a.jpg', 'image/png'], [JPEG, 'a.jpeg', 'image/jpeg'], [JPEG, 'a.PNG', 'image/jpeg'],
      [GIF, 'a.gif', 'image/gif'], [WEBP, 'a.webp', 'image/webp'], [AVIF, 'a.avif', 'image/avif'], [BMP, 'a.bmp', 'image/bmp'],
      [ICO, 'a.ico', 'image/x-icon'],
    ])
      assert.deepEqual(await served(content, name), asImage(type), name);
  });

  test('what only says that it is an image comes as an attachment', async () => {
    for (const content of [SCRIPT, '', 'G', 'GIF8', `\n${GIF}`, '<svg xmlns="http://www.w3.org/2000/svg" onload="alert(1)"/>', '%PDF-1.7', 'RIFF....WAVE'])
      for (const name of ['a.png', 'a.gif', 'a.jpg', 'a.webp', 'a.ico']) assert.deepEqual(await served(content, name), asBytes, `${name}: ${content}`);
  });

  test('a polyglot is an image and nothing else', async () => {
    const polyglot = Buffer.concat([GIF, Buffer.from(`/*${SCRIPT}*/=1;alert(1)`)]);
    assert.deepEqual(await served(polyglot, 'a.gif'), asImage('image/gif'));
    for (const name of ['a.html', 'a.svg', 'a.js', 'a.xhtml', 'a.pdf', 'a.gif.html', 'a']) assert.deepEqual(await served(polyglot, name), asBytes, name);
    assert.deepEqual(await served(SCRIPT, 'a.txt'), { type: 'text/plain; charset=utf-8', isAttachment: false });
  });

  test('no path leads out, and nothing is listed', async () => {
    const image = data(await upload(server));
    for (const [status, targets] of [
      // What these lead to is no file, but a route that is not there, which needs a token.
      [401, ['/api/file/../secret', '/api/file/..%2fsecret', '/api/file/%2e%2e/secret', '/api/file/%2e%2e%2fsecret', '/api/file',
        `/api/file/x/../${fileOf(image)}/../../secret`]],
      [403, ['/api/file/..\\secret', '/api/file/....//secret', '/api/file/..%5csecret', `/api/${image}..`]],
      [404, ['/api/file//etc/passwd', '/api/file/%2fetc%2fpasswd', '/api/file/', '/api/file/.', '/api/file/%2e', '/api/file/.part-x', '/api/file/*',
        '/api/file/.%00/../secret', `/api/${image}/`, `/api/${image}/x`]],
      [undefined, [`/api/${image}%00.html`]], // cut off
    ])
      for (const target of targets) {
        const { text } = await raw(server, `GET ${target} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n`);
        const [answer] = answers(text);
        assert.equal(answer?.status, status, `${target}: ${text.slice(0, 200)}`);
        assert.ok(!answer?.body.includes(fileOf(image).slice(5)), target);
      }
  });

  test('names cannot be guessed: what differs is random', async () => {
    const names = await Promise.all(Array.from({ length: 40 }, async () => data(await upload(server))));
    const random = names.map((each) => each.match(/-([A-Za-z0-9]{16})\.png$/)[1]);
    assert.equal(new Set(random).size, names.length);
    // Each place takes many values: no counter, no clock.
    for (let i = 0; i < 16; i++) assert.ok(new Set(random.map((each) => each[i])).size > 10, `place ${i}: ${random.map((each) => each[i]).join('')}`);
    const [when] = names[0].split('-' + random[0]);
    assert.equal((await call(server, 'GET', `/api/${when}.png`)).status, 404);
  });
});

for (const database of databases)
  describe(`the limits of uploads on ${database}`, () => {
    let server;
    before(async () => {
      server = await startServer({
        database,
        env: { ICHAT_HTTP_ANONYMOUS_UPLOADS_PER_MIN: '12', ICHAT_HTTP_UPLOADS_PER_MIN: '15', ICHAT_HTTP_UNUSED_UPLOADS_MB: '8' },
      });
    });
    after(() => server.stop());
    const TOO_OFTEN = '上传过于频繁，请稍后再试';

    test('without a login: those that nothing uses may fill so much, and the others are not stopped by it', async () => {
      const user = await register(server);
      const block = Buffer.alloc(3 * MIB);
      const names = [data(await upload(server, block)), data(await upload(server, block))];
      refused(await upload(server, block), 4001);
      assert.equal((await stored(server)).length, 2, 'nothing is left of it');
      names.push(data(await upload(server, block, 'x.png', user.token)));
      await user.post('/api/user/info', { nickname: 'U', avatar: names[0] });
      await user.post('/api/user/settings', { wallpaper: names[2] });
      data(await upload(server, block)); // there is room again
    });

    test('a login counts by itself, an address without one by itself', async () => {
      const [user, other] = [await register(server), await register(server)];
      const codes = async (count, token) => {
        const list = [];
        for (let i = 0; i < count; i++) list.push((await upload(server, PNG, 'x.png', token)).body.code);
        return list;
      };
      assert.deepEqual((await codes(16, user.token)).map((code, i) => code === (i < 15 ? 200 : 300)), Array(16).fill(true));
      assert.deepEqual(await codes(2, other.token), [200, 200]);
      const anonymous = await codes(14);
      assert.equal(anonymous.at(-1), 300);
      assert.ok(anonymous.filter((code) => code === 200).length <= 12);
      const gone = await register(server);
      await gone.post('/api/user/logout');
      for (const token of ['garbage', `${user.token}x`, 'a.b.c', gone.token]) refused(await upload(server, PNG, 'x.png', token), 300, TOO_OFTEN);
      refused(await upload(server), 300, TOO_OFTEN);
      assert.deepEqual(await codes(1, other.token), [200]);
    });

    test('a refused upload costs its sender the body alone, and the connection lives on', async () => {
      const agent = new http.Agent({ keepAlive: true, maxSockets: 1 });
      const body = '--b\r\nContent-Disposition: form-data; name="file"; filename="x"\r\n\r\nhello\r\n--b--\r\n';
      const post = () =>
        new Promise((resolve, reject) => {
          const headers = { 'Content-Type': 'multipart/form-data; boundary=b', 'Content-Length': body.length };
          const request = http.request(`${server.url}/api/file/upload`, { method: 'POST', agent, headers }, (response) => {
            response.resume();
            response.on('end', () => resolve([response.statusCode, request.reusedSocket]));
          });
          request.on('error', reject);
          request.end(body);
        });
      const before = await stored(server);
      assert.deepEqual(await post(), [300, false]);
      assert.deepEqual(await post(), [300, true]);
      assert.deepEqual(await stored(server), before);
      agent.destroy();
    });
  });
