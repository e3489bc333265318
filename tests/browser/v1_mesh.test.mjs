// Two members of protocol v1: the server relays their signaling, and their media flow between the two pages alone.
import assert from 'node:assert/strict';
import { after, before } from 'node:test';
import * as api from './lib/api.mjs';
import { launchBrowser } from './lib/browser.mjs';
import { startServer } from './lib/server.mjs';
import { makeSteps } from './lib/steps.mjs';
import * as check from './v1/lib/checks.mjs';
import * as v1 from './v1/lib/people.mjs';

const NORMAL = 1;
const ONLINE = 4;
const OFFLINE = 5;

let server;
let browser;
let people = [];
let callId;

const step = makeSteps('v1-mesh', () => ({ people, server }));

before(async () => {
  server = await startServer();
  browser = await launchBrowser();
  const users = [await api.makeUser(server, 'Ada'), await api.makeUser(server, 'Bob')];
  await api.makeContacts(server, ...users);
  people = await Promise.all(users.map((login, index) => v1.newV1Person(browser, server, login, index)));
});

after(async () => {
  await Promise.all(people.map(v1.closePerson));
  await browser?.close();
  await server?.stop();
});

step('media flow from page to page, out of the fake devices', async () => {
  const [ada, bob] = people;
  const contact = await api.contactOf(server, ada, ({ userId }) => userId === bob.userId);
  callId = await v1.createCall(server, ada, contact, [bob]);
  await v1.enter(ada, callId, { devices: true });
  await check.enterMesh(bob, callId, [ada], { devices: true });
  await check.assertAllFlow(people);
  await check.assertPeerToPeer(ada, bob, server);
  for (const person of people) await check.assertUplinks(person, 1);
  for (const person of people) await check.assertStatesAtOnce(person);
});

step('camera off and on, mute and unmute', async () => {
  const [ada, bob] = people;
  await v1.setVideo(ada, null);
  await check.assertGone(bob, ada.userId, 'video');
  await v1.setMic(bob, false);
  await check.assertGone(ada, bob.userId, 'audio');
  await v1.setVideo(ada, 'camera');
  await check.assertFlows(bob, [ada]);
  await v1.setMic(bob, true);
  await check.assertAllFlow(people);
});

step('both share their screens, then show their cameras again', async () => {
  const [ada, bob] = people;
  for (const [one, other] of [[ada, bob], [bob, ada]]) {
    await v1.setVideo(one, 'screen');
    await check.assertColours(other, [one]);
  }
  for (const [one, other] of [[ada, bob], [bob, ada]]) {
    await v1.setVideo(one, 'camera');
    await check.assertFlows(other, [one]);
  }
  await check.assertAllFlow(people);
});

step('a call socket that breaks comes back with its token; only the other makes a new connection', async () => {
  const [ada, bob] = people;
  const made = async () => [(await v1.stats(ada))[bob.userId].made, (await v1.stats(bob))[ada.userId].made];
  assert.deepEqual(await made(), [1, 1]);
  ada.site.breakSocket();
  await v1.waitState(bob, ada.userId, OFFLINE);
  assert.deepEqual((await v1.stats(bob))[ada.userId].hasStream, false);
  await v1.waitState(bob, ada.userId, ONLINE);
  assert.deepEqual(await made(), [1, 2]);
  assert.equal((await v1.status(ada)).opened, 2);
});

step('a page that is loaded anew gets a new connection', async () => {
  const [ada, bob] = people;
  await check.reload(bob, { isMesh: true });
  await check.enterMesh(bob, callId, [ada]);
  await check.assertAllFlow(people);
  await check.assertTones(ada, [bob]);
  assert.equal((await v1.stats(ada))[bob.userId].made, 2);
});

step('one hangs up: the call ends for both, and no socket comes back', async () => {
  const [ada, bob] = people;
  const opened = await Promise.all(people.map(async (person) => (await v1.status(person)).opened));
  await v1.hangUp(bob);
  assert.deepEqual(await Promise.all([ada, bob].map(v1.waitEnded)), [NORMAL, NORMAL]);
  // Ada's next try would have come within 3 s of the close.
  await new Promise((resolve) => setTimeout(resolve, 3_500));
  assert.deepEqual(await Promise.all(people.map(async (person) => (await v1.status(person)).opened)), opened);
});

step('nothing happened that such a client cannot bear', async () => {
  for (const person of people) await check.assertClean(person, { isMesh: true });
});
