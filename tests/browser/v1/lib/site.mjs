// The origin of one v1 page: its static files, and /api passed on to ichatd, with the call socket in the test's hand.
import { readFile } from 'node:fs/promises';
import { createServer, request } from 'node:http';
import { connect } from 'node:net';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

const PAGE = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '../page');
const HOST = '127.0.0.1';
const TYPES = { '.html': 'text/html', '.js': 'text/javascript' };

async function sendFile(pathname, response) {
  const name = pathname === '/' ? 'index.html' : path.basename(pathname);
  const body = await readFile(path.join(PAGE, name)).catch(() => null);
  const type = TYPES[path.extname(name)] ?? 'text/plain';
  response.writeHead(body ? 200 : 404, { 'Content-Type': type, 'Cache-Control': 'no-store' });
  response.end(body ?? 'not found');
}

function passOn(target, incoming, response) {
  const { method, url, headers } = incoming;
  const outgoing = request({ host: target.hostname, port: target.port, method, path: url, headers }, (answer) => {
    response.writeHead(answer.statusCode, answer.headers);
    answer.pipe(response);
  });
  outgoing.once('error', () => response.destroy());
  incoming.pipe(outgoing);
}

const headerLines = (incoming) => {
  const lines = [`${incoming.method} ${incoming.url} HTTP/1.1`];
  for (let index = 0; index < incoming.rawHeaders.length; index += 2)
    lines.push(`${incoming.rawHeaders[index]}: ${incoming.rawHeaders[index + 1]}`);
  return `${lines.join('\r\n')}\r\n\r\n`;
};

/** `url` to open; `breakSocket()` cuts the open WebSockets as a lost network would, without a closing handshake. */
export async function startSite(serverUrl) {
  const target = new URL(serverUrl);
  const pairs = new Set();
  let isBlocked = false;

  const http = createServer((incoming, response) => {
    const { pathname } = new URL(incoming.url, serverUrl);
    if (pathname.startsWith('/api/')) passOn(target, incoming, response);
    else sendFile(pathname, response);
  });
  http.on('upgrade', (incoming, client, head) => {
    if (isBlocked) {
      client.destroy();
      return;
    }
    const upstream = connect(target.port, target.hostname);
    const pair = [client, upstream];
    pairs.add(pair);
    const drop = () => {
      pairs.delete(pair);
      for (const socket of pair) socket.destroy();
    };
    for (const socket of pair) socket.setNoDelay(true).on('error', drop).on('close', drop);
    upstream.write(headerLines(incoming));
    upstream.write(head);
    client.pipe(upstream).pipe(client);
  });
  await new Promise((resolve, reject) => http.once('error', reject).listen(0, HOST, resolve));

  function breakSocket() {
    for (const pair of pairs) for (const socket of pair) socket.destroy();
  }

  return {
    url: `http://${HOST}:${http.address().port}`,
    breakSocket,
    /** While blocked, no new WebSocket is let through. */
    block: (blocked) => {
      isBlocked = blocked;
    },
    stop: () => {
      breakSocket();
      http.closeAllConnections();
      return new Promise((resolve) => http.close(resolve));
    },
  };
}
