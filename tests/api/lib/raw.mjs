// HTTP as bytes, for what no client library would send.
import { connect } from 'node:net';

const WAIT_MS = 10_000;

/** Sends the text, reads until the server closes or `isEnough` holds; returns { text, isClosed }. */
export function raw(server, text, isEnough = () => false) {
  return new Promise((resolve, reject) => {
    const chunks = [];
    const received = () => Buffer.concat(chunks).toString('latin1');
    const socket = connect(server.port, '127.0.0.1', () => socket.write(text));
    const timer = setTimeout(() => {
      socket.destroy();
      reject(new Error(`no end came; received: ${received()}`));
    }, WAIT_MS);
    const finish = (isClosed) => {
      clearTimeout(timer);
      socket.destroy();
      resolve({ text: received(), isClosed });
    };
    socket.on('data', (chunk) => {
      chunks.push(chunk);
      if (isEnough(received())) finish(false);
    });
    socket.on('close', () => finish(true));
    socket.on('error', () => {});
  });
}

/** The answers in a text of several: { status, headers, body }. */
export function answers(text) {
  const list = [];
  while (text) {
    const end = text.indexOf('\r\n\r\n');
    if (end < 0) break;
    const [line, ...lines] = text.slice(0, end).split('\r\n');
    const headers = Object.fromEntries(lines.map((each) => [each.split(': ')[0].toLowerCase(), each.slice(each.indexOf(': ') + 2)]));
    const length = Number(headers['content-length'] ?? 0);
    list.push({ status: Number(line.split(' ')[1]), headers, body: text.slice(end + 4, end + 4 + length) });
    text = text.slice(end + 4 + length);
  }
  return list;
}
