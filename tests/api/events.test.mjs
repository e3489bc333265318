// What plugins hear: the events that include/ichat/plugin.h names, after they were stored, through the sample plugin.
import assert from 'node:assert/strict';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, before, describe, test } from 'node:test';
import { befriend, makeGroup, register } from './lib/api.mjs';
import { startServer } from './lib/server.mjs';
import { listen, Socket } from './lib/socket.mjs';

const WHOLE_SECONDS = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/;

describe('events for plugins', () => {
  let dir;
  let server;
  let file;
  before(async () => {
    dir = await mkdtemp(path.join(tmpdir(), 'ichat-events-'));
    file = path.join(dir, 'events.jsonl');
    server = await startServer({ env: { ICHAT_PLUGINS_LOAD: 'eventlog', ICHAT_PLUGIN_EVENTLOG_FILE: file } });
  });
  after(async () => {
    await server?.stop();
    await rm(dir, { recursive: true, force: true });
  });

  let seen = 0; // lines of the file
  const lines = async () => (await readFile(file, 'utf8')).split('\n').slice(0, -1).map((line) => JSON.parse(line));

  /** The events since the last call of this, once there are so many; [name, data] each. */
  async function events(count) {
    for (let i = 0; i < 500; i++) {
      const list = await lines();
      if (list.length >= seen + count) {
        const fresh = list.slice(seen);
        seen = list.length;
        return fresh.map((each) => [each.event, each.data]);
      }
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
    throw new Error(`${count} events did not come: ${JSON.stringify((await lines()).slice(seen))}`);
  }
  const names = (list) => list.map(([name]) => name);

  async function ring(caller, contactId, others) {
    const { socket } = await listen(caller);
    const callId = await caller.post('/api/call', { contactId, userIds: others.map((each) => each.id) });
    await socket.takeJson((each) => each.type === 1 && each.payload.callId === callId && each.payload.call.status === 2);
    await socket.close();
    return callId;
  }
  async function enter(who, callId) {
    const socket = await Socket.open(`${server.wsUrl}/api/ws/call`);
    socket.send(await who.post('/api/call/join', undefined, { callId }));
    await socket.takeJson((each) => each.type === 2);
    return socket;
  }
  const hangUp = (who, callId) => who.post('/api/call/hangup', undefined, { callId });

  let a;
  let b;
  let c;
  let toB;
  let group;

  test('users, groups and messages', async () => {
    [a, b, c] = [await register(server, 'A'), await register(server, 'B'), await register(server, 'C')];
    assert.deepEqual(await events(3), [a, b, c].map((each) => ['user-registered', { userId: each.id }]));
    const [contact] = await befriend(a, b);
    await befriend(a, c);
    toB = contact.contactId;
    const [groupContact] = await makeGroup(a, [b, c]);
    group = groupContact.contactId;
    const message = await a.post('/api/chat/send', { contactId: toB, localId: '', text: 'the text is nobody\'s business' });
    assert.deepEqual(await events(2), [
      ['group-created', { groupId: groupContact.groupId, ownerId: a.id }],
      ['message-sent', { messageId: message.messageId, roomId: message.roomId, senderId: a.id }],
    ]);
  });

  test('a call: created, joined, started, left, ended', async () => {
    const callId = await ring(a, group, [b, c]);
    const first = await enter(a, callId);
    const second = await enter(b, callId);
    await first.takeJson((each) => each.type === 6);
    const begin = await events(4);
    assert.deepEqual(names(begin).sort(), ['call-created', 'call-started', 'member-joined', 'member-joined']);
    assert.deepEqual(begin[0], ['call-created', { callId, callerId: a.id }]);
    assert.deepEqual(begin.filter(([name]) => name === 'member-joined').map(([, data]) => data), [{ callId, userId: a.id }, { callId, userId: b.id }]);
    const [, started] = begin.find(([name]) => name === 'call-started');
    assert.deepEqual([started.callId, started.status, started.members], [callId, 3, JSON.stringify([a.id, b.id, c.id])]);
    assert.match(started.startTime, WHOLE_SECONDS);

    // A broken socket is no leaving, its return no joining; who rejects was never in it.
    await second.terminate();
    await first.takeJson((each) => each.type === 3 && each.payload.includes('"state":5'));
    const again = await enter(b, callId);
    await hangUp(c, callId);
    await hangUp(b, callId);
    const end = await events(3);
    assert.deepEqual(names(end), ['member-left', 'member-left', 'call-ended']);
    assert.deepEqual(end[0][1], { callId, userId: b.id, reason: 1 });
    assert.deepEqual(end[1][1], { callId, userId: a.id, reason: 1 });
    const [, ended] = end[2];
    assert.deepEqual([ended.callId, ended.status, ended.endReason, ended.startTime], [callId, 4, 1, started.startTime]);
    assert.match(ended.endTime, WHOLE_SECONDS);
    await first.closed;
    await again.closed;
  });

  test('a call that is rejected: nobody joined, it never started', async () => {
    const callId = await ring(a, toB, [b]);
    await hangUp(b, callId);
    const list = await events(2);
    assert.deepEqual(names(list), ['call-created', 'call-ended']);
    assert.deepEqual([list[1][1].endReason, list[1][1].startTime], [2, null]);
  });

  test('what is refused is no event; a call that the end of the process cut is ended at the next start', async () => {
    const callId = await ring(a, toB, [b]);
    await a.call('POST', '/api/chat/send', { json: { contactId: 99999999, text: 'x' } });
    await a.call('POST', '/api/call', { json: { contactId: 99999999, userIds: [b.id] } });
    assert.deepEqual(names(await events(1)), ['call-created']);
    await server.restart('SIGKILL');
    const [[name, data]] = await events(1);
    assert.deepEqual([name, data.callId, data.endReason], ['call-ended', callId, 6]);
  });
});
