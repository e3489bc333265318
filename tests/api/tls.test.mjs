// HTTPS: the self-made certificate, WebSockets over TLS.
import assert from 'node:assert/strict';
import { X509Certificate } from 'node:crypto';
import { readFile, stat, writeFile } from 'node:fs/promises';
import https from 'node:https';
import { connect } from 'node:net';
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

  const alpn = (protocols) =>
    new Promise((resolve, reject) => {
      const socket = tls.connect(options({ ALPNProtocols: protocols }), () => {
        resolve(socket.alpnProtocol);
        socket.destroy();
      });
      socket.on('error', reject);
    });

  test('what a browser offers ends in HTTP/1.1', async () => {
    assert.equal(await alpn(['h2', 'http/1.1']), 'http/1.1');
    assert.equal(await alpn(['http/1.1']), 'http/1.1');
  });

  test('uploads and large downloads', async () => {
    const content = 'x'.repeat(3 << 20);
    const body = `--b\r\nContent-Disposition: form-data; name="file"; filename="x.txt"\r\n\r\n${content}\r\n--b--\r\n`;
    const ask = (more, sent) =>
      new Promise((resolve, reject) => {
        const request = https.request(options(more), (response) => {
          let text = '';
          response.setEncoding('utf8');
          response.on('data', (chunk) => (text += chunk));
          response.on('end', () => resolve(text));
        });
        request.on('error', reject);
        request.end(sent);
      });
    const headers = { 'Content-Type': 'multipart/form-data; boundary=b', 'Content-Length': body.length };
    const { data } = JSON.parse(await ask({ method: 'POST', path: '/api/file/upload', headers }, body));
    const texts = await Promise.all([1, 2, 3].map(() => ask({ path: `/api/${data}` })));
    assert.ok(texts.every((text) => text === content));
  });

  test('plain HTTP on the TLS port ends the connection, and the server lives', async () => {
    await new Promise((resolve) => {
      const socket = connect(server.tlsPort, '127.0.0.1', () => socket.write('GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n'));
      socket.on('error', () => {});
      socket.on('close', resolve);
      socket.resume();
    });
    assert.equal(await alpn(['http/1.1']), 'http/1.1');
  });

  test('a WebSocket over TLS', async () => {
    const socket = await Socket.open(`wss://127.0.0.1:${server.tlsPort}/api/ws/notification`, { ca });
    socket.send(user.token);
    socket.send('');
    assert.match(await socket.next(), /^session:/);
    await socket.close();
  });

  test('the certificate stays over a restart, and is made anew when it is broken', async () => {
    await server.restart();
    assert.deepEqual(await readFile(path.join(server.dataDir, 'tls-cert.pem')), ca);
    await writeFile(path.join(server.dataDir, 'tls-key.pem'), 'broken');
    await server.restart();
    assert.notDeepEqual(await readFile(path.join(server.dataDir, 'tls-cert.pem')), ca);
  });
});
