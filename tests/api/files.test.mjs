// Uploads and downloads, and the web client's files.
import assert from 'node:assert/strict';
import { mkdir, mkdtemp, readdir, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, before, describe, test } from 'node:test';
import { gunzipSync, gzipSync } from 'node:zlib';
import http from 'node:http';
import { call, data, refused } from './lib/api.mjs';
import { answers, raw } from './lib/raw.mjs';
import { databases, startServer } from './lib/server.mjs';

const MIB = 1 << 20;
const TIME_ZONE = 'LOC-5:45'; // POSIX counts westwards: this is 5 h 45 min before UTC
const AHEAD_MS = (5 * 60 + 45) * 60_000;

for (const database of databases)
  describe(`uploads and downloads on ${database}`, () => {
    let server;
    before(async () => {
      // No web client, whose page would answer what leads out of /api.
      server = await startServer({
        database,
        env: { ICHAT_HTTP_WEB_ROOT: '/nonexistent', ICHAT_HTTP_ANONYMOUS_UPLOADS_PER_MIN: '1000', TZ: TIME_ZONE },
      });
    });
    after(() => server.stop());

    function upload(content, name = 'hello.txt', field = 'file') {
      const form = new FormData();
      form.set('before', 'a field that nobody asked for');
      form.set(field, new Blob([content]), name);
      form.set('after', 'another');
      return call(server, 'POST', '/api/file/upload', { body: form });
    }
    const get = (stored, options) => call(server, 'GET', `/api/${stored}`, options);
    const stored = async () => readdir(path.join(server.dataDir, 'files'));

    test('without a token, back as it was', async () => {
      const name = data(await upload('hello'));
      assert.match(name, /^file\/\d{4}-\d\d-\d\dT\d{6}\.\d{3}-[A-Za-z0-9]{16}\.txt$/);
      const answer = await get(name);
      assert.deepEqual([answer.status, answer.text, answer.type], [200, 'hello', 'text/plain; charset=utf-8']);
      assert.equal(answer.headers.get('x-content-type-options'), 'nosniff');
      assert.equal(answer.headers.get('accept-ranges'), 'bytes');
      const { mode } = await stat(path.join(server.dataDir, 'files', name.slice('file/'.length)));
      assert.equal(mode & 0o777, 0o600);
    });

    test('named by the local time of the server, and what cannot be guessed', async () => {
      const [name, other] = [data(await upload('x')), data(await upload('x'))];
      const [, day, hour, minute, second, ms, random] = /^file\/(\d{4}-\d\d-\d\d)T(\d\d)(\d\d)(\d\d)\.(\d{3})-([A-Za-z0-9]{16})\.txt$/.exec(name);
      const local = Date.parse(`${day}T${hour}:${minute}:${second}.${ms}Z`);
      assert.ok(Math.abs(local - AHEAD_MS - Date.now()) < 10_000, `${name} at ${new Date().toISOString()}`);
      assert.ok(!other.includes(random));
      const modified = Date.parse((await get(name)).headers.get('last-modified'));
      assert.ok(Math.abs(modified - Date.now()) < 10_000, 'HTTP speaks UTC all the same');
    });

    test('every byte of a large one, whatever it looks like', async () => {
      const bytes = Buffer.alloc(9 * MIB);
      for (let i = 0; i < bytes.length; i += 4) bytes.writeUInt32LE((i * 2654435761) >>> 0, i);
      bytes.write('\x89PNG\r\n\x1a\n', 0, 'latin1');
      bytes.write('\r\n--\r\n--boundary--\r\n\r\n--', 1000);
      for (let i = 5000; i < 9000; i++) bytes[i] = i % 2 ? 10 : 13;
      const name = data(await upload(bytes, 'big.png'));
      const response = await fetch(`${server.url}/api/${name}`);
      assert.equal(response.headers.get('content-type'), 'image/png');
      assert.ok(Buffer.from(await response.arrayBuffer()).equals(bytes));
    });

    test('an empty file', async () => {
      const name = data(await upload('', 'empty.bin'));
      assert.deepEqual([(await get(name)).status, (await get(name)).text], [200, '']);
    });

    test('names are not ours to choose', async () => {
      for (const [name, ending] of [
        ['../../../etc/passwd', ''],
        ['x/../../y.png', '.png'],
        ['.htaccess', '.htaccess'],
        ['no extension', ''],
        ['x.PNG', '.png'],
        ['x.p/ng', ''],
        ['x.averyverylongextension', ''],
        ['x.tar.gz', '.gz'],
        ['图片.jpg', '.jpg'],
        ['x.p"g', ''],
      ]) {
        const kept = data(await upload('x', name));
        assert.match(kept, new RegExp(`^file/[-0-9T.]+-[A-Za-z0-9]{16}${ending.replace('.', '\\.')}$`), name);
        assert.equal((await get(kept)).text, 'x');
      }
    });

    test('what a browser might run comes as an attachment', async () => {
      for (const name of ['a.html', 'a.svg', 'a.js', 'a.xml', 'a.xhtml', 'a.pdf', 'a', 'a.css']) {
        const answer = await get(data(await upload('<script>alert(1)</script>', name)));
        assert.equal(answer.type, 'application/octet-stream', name);
        assert.equal(answer.headers.get('content-disposition'), 'attachment', name);
        assert.match(answer.headers.get('content-security-policy'), /sandbox/);
      }
    });

    test('refusals leave nothing behind', async () => {
      const before = await stored();
      refused(await upload('x', 'x.txt', 'other'), 300, '文件参数错误');
      refused(await upload(Buffer.alloc(10 * MIB + 1)), 300, '文件大小不能超过10M');
      refused(await upload(Buffer.alloc(30 * MIB)), 300, '文件大小不能超过10M');
      const post = (body, type) => call(server, 'POST', '/api/file/upload', { body, headers: { 'Content-Type': type } });
      refused(await post('{}', 'application/json'), 300, '文件参数错误');
      refused(await post('', 'multipart/form-data; boundary=x'), 300);
      refused(await post('hello', 'multipart/form-data'), 300);
      refused(await post('hello', 'multipart/form-data; boundary='), 300);
      refused(await post('hello', 'multipart/form-data; boundary=x'), 300);
      const part = 'Content-Disposition: form-data; name="file"; filename="x.txt"\r\n\r\nhello';
      refused(await post(`--x\r\n${part}`, 'multipart/form-data; boundary=x'), 300);
      refused(await post(`--x\r\n${part}\r\n--x`, 'multipart/form-data; boundary=x'), 300);
      refused(await post(`--x\r\n${'X: y\r\n'.repeat(1000)}${part}\r\n--x--`, 'multipart/form-data; boundary=x'), 300);
      assert.deepEqual(await stored(), before);
      data(await upload(Buffer.alloc(10 * MIB)));
    });

    test('an upload that breaks off leaves nothing behind', async () => {
      const before = await stored();
      await new Promise((resolve) => {
        const request = http.request(`${server.url}/api/file/upload`, {
          method: 'POST', agent: false,
          headers: { 'Content-Type': 'multipart/form-data; boundary=x', 'Content-Length': 5 * MIB },
        });
        request.on('error', () => {});
        request.on('close', resolve);
        request.write('--x\r\nContent-Disposition: form-data; name="file"; filename="x"\r\n\r\n');
        request.write(Buffer.alloc(MIB), () => request.destroy());
      });
      for (let i = 0; (await stored()).length !== before.length; i++) {
        assert.ok(i < 100, `left: ${await stored()}`);
        await call(server, 'GET', '/healthz');
      }
    });

    test('ranges', async () => {
      const name = data(await upload('0123456789', 'x.txt'));
      const range = async (Range) => {
        const { status, text, headers } = await get(name, { headers: { Range } });
        return [status, text, headers.get('content-range')];
      };
      assert.deepEqual(await range('bytes=1-2'), [206, '12', 'bytes 1-2/10']);
      assert.deepEqual(await range('bytes=5-'), [206, '56789', 'bytes 5-9/10']);
      assert.deepEqual(await range('bytes=-3'), [206, '789', 'bytes 7-9/10']);
      assert.deepEqual(await range('bytes=8-100'), [206, '89', 'bytes 8-9/10']);
      assert.equal((await range('bytes=10-'))[0], 416);
      assert.equal((await range('bytes=10-'))[2], 'bytes */10');
      for (const ignored of ['bytes=2-1', 'bytes=x', 'lines=1-2', 'bytes=1-2,4-5']) assert.deepEqual(await range(ignored), [200, '0123456789', null]);
    });

    test('what the client has already', async () => {
      const name = data(await upload('0123456789', 'x.txt'));
      const { headers } = await get(name);
      const [etag, modified] = [headers.get('etag'), headers.get('last-modified')];
      const status = async (more) => (await get(name, { headers: more })).status;
      assert.equal(await status({ 'If-None-Match': etag }), 304);
      assert.equal(await status({ 'If-None-Match': `"other", W/${etag}` }), 304);
      assert.equal(await status({ 'If-None-Match': '"other"', 'If-Modified-Since': modified }), 200);
      assert.equal(await status({ 'If-Modified-Since': modified }), 304);
      assert.equal(await status({ 'If-Modified-Since': 'Mon, 01 Jan 2001 00:00:00 GMT' }), 200);
      assert.equal(await status({ 'If-Modified-Since': 'nonsense' }), 200);
      assert.equal(await status({ Range: 'bytes=1-2', 'If-Range': etag }), 206);
      assert.equal(await status({ Range: 'bytes=1-2', 'If-Range': '"other"' }), 200);
    });

    test('no listing, no way out, no hidden files', async () => {
      // Dots that lead from folder to folder are resolved first, as every client does: then it is a request for what they lead
      // to, within /api (401: no token) or out of it (404: no such page). What is left of them in a name is 403. %00: cut off.
      for (const [status, targets] of [
        [404, ['/api/file/', '/api/file/nothing.png', '/api/file/.part-x', '/api/file/a/b', '/api/file/%252e%252e/secret']],
        [403, ['/api/file/....//secret', '/api/file/..\\secret', '/api/file/..%5csecret', '/api/file/x..png']],
        [401, ['/api/file/..', '/api/file/../', '/api/file/../secret', '/api/file/%2e%2e%2fsecret', '/api/file/a/../../secret']],
        [404, ['/api/file/../../secret', '/api/file/..%2f..%2fsecret', '/api/file/../../../../etc/passwd', '/../../../etc/passwd']],
        [undefined, ['/api/file/x%00.png']],
      ])
        for (const target of targets) {
          const { text } = await raw(server, `GET ${target} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n`);
          assert.equal(answers(text)[0]?.status, status, target);
        }
      const name = data(await upload('x'));
      assert.equal((await call(server, 'HEAD', `/api/${name}`)).status, 404);
    });
  });

describe('the web client', () => {
  let server;
  let root;
  const script = 'console.log(1);'.repeat(100);
  before(async () => {
    root = await mkdtemp(path.join(tmpdir(), 'ichat-web-'));
    await mkdir(path.join(root, 'assets'));
    await writeFile(path.join(root, 'index.html'), '<!doctype html><title>x</title>');
    await writeFile(path.join(root, 'favicon.svg'), '<svg/>');
    await writeFile(path.join(root, '.hidden'), 'x');
    await writeFile(path.join(root, 'assets/app-1a2b.js'), script);
    await writeFile(path.join(root, 'assets/app-1a2b.js.gz'), gzipSync(script));
    await symlink('/etc/passwd', path.join(root, 'passwd.txt'));
    server = await startServer({ env: { ICHAT_HTTP_WEB_ROOT: root } });
  });
  after(async () => {
    await server.stop();
    await rm(root, { recursive: true, force: true });
  });
  const get = (name, options) => call(server, 'GET', name, options);

  test('every page is index.html', async () => {
    for (const page of ['/', '/index.html', '/login', '/chat/5', '/call/7?x=1.2']) {
      const answer = await get(page);
      assert.deepEqual([answer.status, answer.type, answer.headers.get('cache-control')], [200, 'text/html; charset=utf-8', 'no-cache'], page);
      assert.match(answer.text, /<title>x/);
      assert.match(answer.headers.get('content-security-policy'), /default-src 'self'.*connect-src 'self' ws: wss:/);
      assert.match(answer.headers.get('permissions-policy'), /camera=\(self\), microphone=\(self\)/);
      assert.equal(answer.headers.get('x-content-type-options'), 'nosniff');
      assert.ok(answer.headers.get('referrer-policy'));
    }
  });

  test('hashed files are kept for ever, packed where possible', async () => {
    const { status, text, headers } = await get('/assets/app-1a2b.js');
    assert.deepEqual([status, text, headers.get('content-type')], [200, script, 'text/javascript; charset=utf-8']);
    assert.equal(headers.get('cache-control'), 'public, max-age=31536000, immutable');
    const request = (more) => raw(server, `GET /assets/app-1a2b.js HTTP/1.1\r\nHost: x\r\nConnection: close\r\n${more}\r\n`);
    const [packed] = answers((await request('Accept-Encoding: br, gzip\r\n')).text);
    assert.equal(packed.headers['content-encoding'], 'gzip');
    assert.equal(gunzipSync(Buffer.from(packed.body, 'latin1')).toString(), script);
    const [plain] = answers((await request('')).text);
    assert.equal(plain.headers['content-encoding'], undefined);
    assert.equal(plain.body, script);
    assert.notEqual(plain.headers.etag, packed.headers.etag);
    assert.equal(plain.headers.vary, 'accept-encoding');
  });

  test('what is not there', async () => {
    for (const name of ['/nothing.js', '/assets/', '/assets/nothing.css', '/.hidden', '/passwd.txt', '/assets/../.hidden']) {
      const answer = await get(name);
      const isPage = answer.status === 200 && answer.text.includes('<title>x');
      assert.ok(isPage ? !name.includes('.') : answer.status === 404, `${name}: ${answer.status}`);
    }
  });

  test('HEAD, 304, and a type for each', async () => {
    const head = await call(server, 'HEAD', '/');
    assert.deepEqual([head.status, head.text], [200, '']);
    assert.equal(head.headers.get('content-length'), '31');
    const { headers } = await get('/favicon.svg');
    assert.equal(headers.get('content-type'), 'image/svg+xml');
    assert.equal((await get('/favicon.svg', { headers: { 'If-None-Match': headers.get('etag') } })).status, 304);
  });

  test('without a built client there is a hint', async () => {
    const bare = await startServer({ env: { ICHAT_HTTP_WEB_ROOT: '/nonexistent' } });
    const answer = await call(bare, 'GET', '/');
    assert.match(answer.type, /^text\/plain/);
    assert.match(answer.text, /web client was not found/);
    await bare.stop();
  });
});
