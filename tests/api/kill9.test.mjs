// What was answered is not lost and not doubled, however often the process is killed; on every database.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { befriend, call, contactOf, makeGroup, register } from './lib/api.mjs';
import { databases, startServer } from './lib/server.mjs';
import { SyncClient } from './lib/sync_client.mjs';

const MESSAGES = 1000; // answered
const SENDERS = 5;
const KILLS = 10;
const DROP_EVERY = 80;

for (const database of databases)
  describe(`kill -9 on ${database}`, () => {
    let server;
    before(async () => {
      server = await startServer({ database });
    });
    after(() => server?.stop());

    /** The group's contact of each: senders, then readers. */
    async function gather() {
      const people = [];
      for (let i = 0; i < SENDERS + 2; i++) people.push(await register(server, `N${i}`));
      for (const other of people.slice(1)) await befriend(people[0], other);
      const contacts = await makeGroup(people[0], people.slice(1));
      return people.map((person, i) => ({ person, contactId: contacts[i].contactId }));
    }

    async function history({ person, contactId }) {
      const texts = [];
      for (let lastMessageId = 0; ; ) {
        const page = await person.get('/api/chat/messages', { contactId, lastMessageId, limit: 100 });
        texts.push(...page.map((each) => each.text));
        if (page.length < 100) return texts;
        lastMessageId = page[0].messageId;
      }
    }

    test('1,000 messages over 10 kills: each that was answered is there once', { timeout: 180_000 }, async (t) => {
      const everybody = await gather();
      const senders = everybody.slice(0, SENDERS);
      const [steady, shaky] = everybody.slice(SENDERS);
      const clients = [
        await SyncClient.start(steady.person),
        await SyncClient.start(shaky.person),
        await SyncClient.start(senders[0].person),
      ];
      t.after(() => clients.forEach((client) => client.stop().catch(() => {})));
      const answered = new Map(); // text -> message id
      const unanswered = new Set();
      let kills = 0;
      let restarted = Promise.resolve();

      const say = (text) => steady.person.post('/api/chat/send', { contactId: steady.contactId, localId: '', text });
      const killWhenDue = () => {
        if (kills >= KILLS || answered.size < ((kills + 1) * MESSAGES) / (KILLS + 1)) return;
        kills++;
        restarted = server.restart('SIGKILL').then(({ signal }) => assert.equal(signal, 'SIGKILL'));
      };
      let number = 0;
      async function send({ person, contactId }) {
        while (answered.size < MESSAGES) {
          await restarted;
          const text = `m${number++}`;
          const json = { contactId, localId: `l-${text}`, text };
          const answer = await call(server, 'POST', '/api/chat/send', { token: person.token, json }).catch(() => null);
          if (!answer) {
            unanswered.add(text);
            continue;
          }
          assert.equal(answer.body?.code, 200, answer.text);
          assert.equal(answer.body.data.localId, `l-${text}`);
          answered.set(text, answer.body.data.messageId);
          if (answered.size % DROP_EVERY === 0) clients[1].drop();
          killWhenDue();
        }
      }
      await Promise.all(senders.map(send));
      await restarted;
      const calm = ['the end', 'while he was away', 'and again'];
      await say(calm[0]);
      await Promise.all(clients.map((client) => client.has('the end')));

      // In the storm a session may be resumed or not; in the calm it must be.
      await clients[1].settle();
      const { resumed } = clients[1].hellos;
      clients[1].drop();
      for (const text of calm.slice(1)) await say(text);
      await Promise.all(clients.map((client) => client.has('and again')));
      assert.equal(clients[1].hellos.resumed, resumed + 1);

      assert.equal(kills, KILLS);
      assert.ok(unanswered.size > 0, 'it was killed in the middle of something');
      assert.equal(new Set(answered.values()).size, answered.size, 'each answer is of a message of its own');
      const stored = await history(steady);
      assert.equal(new Set(stored).size, stored.length, 'nothing is stored twice');
      const lost = [...answered.keys()].filter((text) => !stored.includes(text));
      assert.deepEqual(lost, []);
      const strange = stored.filter((text) => !answered.has(text) && !unanswered.has(text) && !calm.includes(text));
      assert.deepEqual(strange, []);

      for (const client of clients) {
        await client.stop();
        const counts = client.counts();
        assert.deepEqual([...answered.keys()].filter((text) => counts.get(text) !== 1), [], `of ${client.person.name}: lost or doubled`);
        assert.deepEqual([...counts].filter(([, count]) => count > 1), []);
        assert.deepEqual([...client.notified].filter(([, count]) => count > 1), [], 'deliveries that were notified again');
        assert.ok(client.hellos.renewed > KILLS / 2, `syncs: ${JSON.stringify(client.hellos)}`);
      }
      assert.equal(new Set(clients[2].localIds).size, clients[2].localIds.length, 'a local id comes back once');
      // What the contacts show is of the same moment as the messages.
      assert.equal((await steady.person.get('/api/contact')).find((each) => each.contactId === steady.contactId).lastMessageContent, 'and again');
      assert.ok(await contactOf(senders[0].person, steady.person));
    });
  });
