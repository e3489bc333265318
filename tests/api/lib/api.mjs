// Requests as the contract's client makes them, and the people that make them.
import assert from 'node:assert/strict';

/** One request; `token` goes raw into Authorization. Returns { status, type, body, headers }. */
export async function call(server, method, path, { token, json, body, headers = {}, query } = {}) {
  const url = new URL(server.url + path);
  for (const [key, value] of Object.entries(query ?? {})) url.searchParams.set(key, value);
  const response = await fetch(url, {
    method,
    redirect: 'manual',
    headers: {
      ...(token === undefined ? {} : { Authorization: token }),
      ...(json === undefined ? {} : { 'Content-Type': 'application/json' }),
      ...headers,
    },
    body: json === undefined ? body : JSON.stringify(json),
  });
  const text = await response.text();
  const type = response.headers.get('content-type') ?? '';
  return {
    status: response.status,
    type,
    text,
    headers: response.headers,
    body: type.startsWith('application/json') ? JSON.parse(text) : undefined,
  };
}

/** The data of an answer that must be a success. */
export function data(answer) {
  assert.equal(answer.status, 200, answer.text);
  assert.equal(answer.type, 'application/json; charset=utf-8');
  assert.deepEqual(Object.keys(answer.body), ['code', 'data', 'status']);
  assert.equal(answer.body.code, 200);
  assert.equal(answer.body.status, 'ok');
  return answer.body.data;
}

/** Checks the error envelope; returns its message. */
export function refused(answer, code, message) {
  assert.equal(answer.body?.code, code, `${answer.status} ${answer.text}`);
  assert.equal(answer.status, code < 1000 ? code : 500);
  assert.equal(answer.type, 'application/json; charset=utf-8');
  assert.deepEqual(Object.keys(answer.body), ['code', 'message', 'status']);
  assert.equal(answer.body.status, 'error');
  if (message !== undefined) assert.equal(answer.body.message, message);
  return answer.body.message;
}

export class Person {
  constructor(server, name, id, token) {
    Object.assign(this, { server, name, id, token });
  }

  call(method, path, options = {}) {
    return call(this.server, method, path, { token: this.token, ...options });
  }

  async get(path, query) {
    return data(await this.call('GET', path, { query }));
  }

  async post(path, json, query) {
    return data(await this.call('POST', path, { json, query }));
  }
}

export const PASSWORD = 'secret-12';
let number = 0;

/** Registers a new user with a name of its own. */
export async function register(server, nickname = 'Someone') {
  const name = `u${process.pid % 1000}x${number++}`;
  const { userId, token } = data(
    await call(server, 'POST', '/api/register', { json: { username: name, password: PASSWORD, nickname, avatar: '' } }),
  );
  return new Person(server, name, userId, token);
}

/** a asks, b accepts; returns the contact of each. */
export async function befriend(a, b) {
  const request = await a.post('/api/contact/user', { userId: b.id });
  await b.post('/api/contact/accept', undefined, { requestId: request.id });
  return [await contactOf(a, b), await contactOf(b, a)];
}

export async function contactOf(owner, other) {
  const contact = (await owner.get('/api/contact')).find((each) => each.userId === other.id);
  assert.ok(contact, `${owner.name} has ${other.name} as a contact`);
  return contact;
}

/** A group that the first makes of his contacts; returns the group's contact of each. */
export async function makeGroup(owner, others, name = 'group') {
  const contactIds = [];
  for (const other of others) contactIds.push((await contactOf(owner, other)).contactId);
  await owner.post('/api/contact/group', { name, avatar: '', contactIds });
  const contacts = [];
  for (const person of [owner, ...others]) {
    const groups = (await person.get('/api/contact')).filter((each) => each.groupId !== 0);
    groups.sort((a, b) => b.contactId - a.contactId);
    contacts.push(groups[0]);
  }
  return contacts;
}
