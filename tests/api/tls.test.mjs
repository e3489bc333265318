// HTTPS: the self-made certificate, HTTP/2, WebSockets over TLS.
import assert from 'node:assert/strict';
import { X509Certificate } from 'node:crypto';
import { readFile, stat, writeFile } from 'node:fs/promises';
import http2 from 'node:http2';
import https from 'node:https';
import path from 'node:path';
import { after, before, describe, test } from 'node:test';
import tls from 'node:tls';
import { register } from './lib/api.mjs';
import { startServer } from './lib/server.mjs';
import { Socket } from './lib/socket.mjs';

describe('TLS', () => {
  let server;
  let ca;
  let user;
  before(async () => {
    server = await startServer({ tls: true });
    ca = await readFile(path.join(server.dataDir, 'tls-cert.pem'));
    user = await register(server);
  });
  after(() => server.stop());
  const options = (more) => ({ host: '127.0.0.1', port: server.tlsPort, ca, ...more });

  test('the certificate is ours, for this host, and the key is readable by us alone', async () => {
    const cert = new X509Certificate(ca);
    assert.equal(cert.publicKey.asymmetricKeyDetails.namedCurve, 'prime256v1');
    assert.ok(cert.checkHost('localhost'));
    assert.ok(cert.checkIP('127.0.0.1'));
    const days = (new Date(cert.validTo) - new Date(cert.validFrom)) / 86_400_000;
    assert.ok(days <= 825 && days > 300, `${days} days`);
    for (const name of ['tls-cert.pem', 'tls-key.pem'])
      assert.equal((await stat(path.join(server.dataDir, name))).mode & 0o777, 0o600);
  });

  test('HTTPS with a verified certificate, HTTP/1.1', async () => {
    const text = await new Promise((resolve, reject) =>
      https.get(options({ path: '/healthz' }), (response) => response.on('data', (chunk) => resolve(chunk.toString()))).on('error', reject),
    );
    assert.equal(text, '{"status":"ok"}');
  });

  test('TLS 1.1 is refused', async () => {
    await assert.rejects(
      new Promise((resolve, reject) => {
        const socket = tls.connect(options({ minVersion: 'TLSv1', maxVersion: 'TLSv1.1', ciphers: 'DEFAULT@SECLEVEL=0' }), resolve);
        socket.on('error', reject);
      }),
    );
  });

  function ask(session, headers, body) {
    return new Promise((resolve, reject) => {
      const stream = session.request(headers, { endStream: body === undefined });
      let text = '';
      let status;
      stream.setEncoding('utf8');
      stream.on('response', (answer) => (status = answer[':status']));
      stream.on('data', (chunk) => (text += chunk));
      stream.on('end', () => resolve({ status, text }));
      stream.on('error', reject);
      if (body !== undefined) stream.end(body);
    });
  }
  const connect = () => http2.connect(`https://127.0.0.1:${server.tlsPort}`, { ca });

  test('HTTP/2: many requests at once on one connection', async () => {
    const session = connect();
    const json = JSON.stringify({ userIds: Array.from({ length: 900 }, () => user.id) });
    const post = { ':method': 'POST', ':path': '/api/user/infos', authorization: user.token, 'content-length': json.length };
    const list = await Promise.all(
      Array.from({ length: 60 }, (_, i) =>
        i % 3 === 0 ? ask(session, { ':path': '/healthz' }) : i % 3 === 1 ? ask(session, post, json) : ask(session, { ':path': '/api/nope' }),
      ),
    );
    for (const [i, { status, text }] of list.entries()) {
      assert.equal(status, [200, 200, 401][i % 3]);
      if (i % 3 === 1) assert.equal(JSON.parse(text).data.length, 900);
    }
    session.close();
  });

  test('HTTP/2: uploads and large downloads within flow control', async () => {
    const session = connect();
    const content = 'x'.repeat(3 << 20);
    const body = `--b\r\nContent-Disposition: form-data; name="file"; filename="x.txt"\r\n\r\n${content}\r\n--b--\r\n`;
    const headers = { ':method': 'POST', ':path': '/api/file/upload', 'content-type': 'multipart/form-data; boundary=b', 'content-length': body.length };
    const { status, text } = await ask(session, headers, body);
    assert.equal(status, 200);
    const files = await Promise.all([1, 2, 3].map(() => ask(session, { ':path': `/api/${JSON.parse(text).data}` })));
    assert.ok(files.every((each) => each.status === 200 && each.text === content));
    session.close();
  });

  test('HTTP/2: streams that are cancelled', async () => {
    const session = connect();
    for (let i = 0; i < 50; i++) {
      const stream = session.request({ ':path': '/api/contact', authorization: user.token });
      stream.on('error', () => {});
      stream.close(http2.constants.NGHTTP2_CANCEL);
    }
    assert.equal((await ask(session, { ':path': '/healthz' })).status, 200);
    session.destroy();
    const other = connect();
    assert.equal((await ask(other, { ':path': '/healthz' })).status, 200);
    other.close();
  });

  /** Frames by hand, RFC 9113 section 4.1: what no library would send. */
  function rawHttp2(bytes) {
    return new Promise((resolve) => {
      const socket = tls.connect(options({ ALPNProtocols: ['h2'] }), () => {
        socket.write(Buffer.concat([Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'), frame(4, 0, 0, Buffer.alloc(0)), ...bytes]));
        setTimeout(() => socket.destroy(), 300);
      });
      socket.on('error', () => {});
      socket.on('close', resolve);
      socket.resume();
    });
  }
  function frame(type, flags, stream, payload) {
    const head = Buffer.alloc(9);
    head.writeUIntBE(payload.length, 0, 3);
    head[3] = type;
    head[4] = flags;
    head.writeUInt32BE(stream, 5);
    return Buffer.concat([head, payload]);
  }
  const literal = (name, value) => Buffer.concat([Buffer.from([0, name.length]), Buffer.from(name), Buffer.from([value.length]), Buffer.from(value)]);
  const head = (method, target, length) =>
    Buffer.concat([
      literal(':method', method), literal(':scheme', 'https'), literal(':path', target), literal(':authority', 'x'),
      ...(length === undefined ? [] : [literal('content-length', String(length))]),
    ]);

  for (const [name, frames] of [
    ['more data than was announced', [frame(1, 4, 1, head('POST', '/api/login', 1)), frame(0, 1, 1, Buffer.from('{}GET /healthz HTTP/1.1\r\n\r\n'))]],
    ['less data than was announced', [frame(1, 4, 1, head('POST', '/api/login', 100)), frame(0, 1, 1, Buffer.from('{}'))]],
    ['data without a length', [frame(1, 4, 1, head('POST', '/api/login')), frame(0, 1, 1, Buffer.from('{}'))]],
    ['data for a get', [frame(1, 4, 1, head('GET', '/healthz')), frame(0, 1, 1, Buffer.from('hello'))]],
    ['data for a get of length 0', [frame(1, 4, 1, head('GET', '/healthz', 0)), frame(0, 1, 1, Buffer.from('hello'))]],
    ['data on a closed stream', [frame(1, 5, 1, head('GET', '/healthz')), frame(0, 1, 1, Buffer.from('hello'))]],
    ['an unknown method', [frame(1, 5, 1, head('BREW', '/healthz'))]],
    ['connect', [frame(1, 5, 1, head('CONNECT', '/healthz'))]],
    ['half of a head', [frame(1, 0, 1, head('GET', '/healthz'))]],
    ['garbage', [Buffer.from('x'.repeat(5000))]],
    ['a huge frame', [frame(1, 4, 1, Buffer.alloc(20_000, 0x82))]],
    ['many heads at once', Array.from({ length: 200 }, (_, i) => frame(1, 5, 2 * i + 1, head('GET', '/api/contact')))],
    ['many heads and resets', Array.from({ length: 200 }, (_, i) => Buffer.concat([
      frame(1, 5, 2 * i + 1, head('GET', '/healthz')), frame(3, 0, 2 * i + 1, Buffer.from([0, 0, 0, 8]))]))],
  ])
    test(`broken HTTP/2 does no harm: ${name}`, async () => {
      await rawHttp2(frames);
      const session = connect();
      const answer = await ask(session, { ':path': '/healthz' });
      assert.equal(answer.text, '{"status":"ok"}');
      session.close();
    });

  test('a WebSocket over TLS', async () => {
    const socket = await Socket.open(`wss://127.0.0.1:${server.tlsPort}/api/ws/notification`, { ca });
    socket.send(user.token);
    socket.send('');
    assert.match(await socket.next(), /^session:/);
    await socket.close();
  });

  test('a WebSocket over HTTP/2 (RFC 8441), as browsers open it on a page of HTTP/2', async () => {
    const session = connect();
    await new Promise((resolve) => session.once('remoteSettings', resolve));
    if (!session.remoteSettings.enableConnectProtocol) return session.close();
    const stream = session.request({ ':method': 'CONNECT', ':protocol': 'websocket', ':path': '/api/ws/notification', 'sec-websocket-version': '13' });
    const received = new Promise((resolve, reject) => {
      let bytes = Buffer.alloc(0);
      stream.on('data', (chunk) => {
        bytes = Buffer.concat([bytes, chunk]);
        if (bytes.length > 2) resolve(bytes);
      });
      stream.on('error', reject);
      stream.on('end', () => reject(new Error('ended')));
    });
    const text = (string) => {
      const payload = Buffer.from(string);
      const size = payload.length < 126 ? Buffer.from([0x80 | payload.length]) : Buffer.from([0x80 | 126, payload.length >> 8, payload.length & 255]);
      return Buffer.concat([Buffer.from([0x81]), size, Buffer.alloc(4), payload]);
    };
    const status = await new Promise((resolve) => stream.once('response', (answer) => resolve(answer[':status'])));
    assert.equal(status, 200);
    stream.write(text(user.token));
    stream.write(text(''));
    assert.match((await received).subarray(2).toString(), /^session:[0-9a-f-]{36}\n0$/);
    session.destroy();
  });

  test('the certificate stays over a restart, and is made anew when it is broken', async () => {
    await server.restart();
    assert.deepEqual(await readFile(path.join(server.dataDir, 'tls-cert.pem')), ca);
    await writeFile(path.join(server.dataDir, 'tls-key.pem'), 'broken');
    await server.restart();
    assert.notDeepEqual(await readFile(path.join(server.dataDir, 'tls-cert.pem')), ca);
  });
});
