// People, contacts and groups made over REST, for tests whose subject is something else.
export const PASSWORD = 'secret-123';

export async function request(server, method, path, { token, body } = {}) {
  const response = await fetch(`${server.url}/api${path}`, {
    method,
    headers: { 'Content-Type': 'application/json', ...(token ? { Authorization: token } : {}) },
    body: method === 'GET' ? undefined : JSON.stringify(body ?? {}),
  });
  const envelope = await response.json();
  if (envelope.code !== 200) throw new Error(`${method} ${path}: ${envelope.code} ${envelope.message}`);
  return envelope.data;
}

export async function makeUser(server, name) {
  const body = { username: name.toLowerCase(), password: PASSWORD, nickname: name, avatar: '' };
  return { name, ...(await request(server, 'POST', '/register', { body })) };
}

export async function makeContacts(server, from, to) {
  const made = await request(server, 'POST', '/contact/user', { token: from.token, body: { userId: to.userId } });
  await request(server, 'POST', `/contact/accept?requestId=${made.id}`, { token: to.token });
}

export async function contactOf(server, user, match) {
  const contact = (await request(server, 'GET', '/contact', { token: user.token })).find(match);
  if (!contact) throw new Error(`${user.name} lacks that contact`);
  return contact;
}

/** The first user makes a group of all; returns its contact row. */
export async function makeGroup(server, users, name) {
  const [owner, ...others] = users;
  for (const other of others) await makeContacts(server, owner, other);
  const contacts = await request(server, 'GET', '/contact', { token: owner.token });
  const contactIds = contacts.filter((contact) => contact.userId > 0).map((contact) => contact.contactId);
  await request(server, 'POST', '/contact/group', { token: owner.token, body: { name, avatar: '', contactIds } });
  return contactOf(server, owner, (contact) => contact.groupId > 0);
}
