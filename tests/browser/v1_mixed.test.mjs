// Members of both protocols in one call: two with the v1 page, two with the web client, which speaks v2.
import { after, before } from 'node:test';
import * as api from './lib/api.mjs';
import { newPerson } from './lib/browser.mjs';
import { assertMediaFlows, assertOnlyServer } from './lib/media.mjs';
import { MEDIA_ADDRESS } from './lib/server.mjs';
import { makeSteps } from './lib/steps.mjs';
import * as ui from './lib/ui.mjs';
import * as check from './v1/lib/checks.mjs';
import { startGroup } from './v1/lib/group_call.mjs';
import * as v1 from './v1/lib/people.mjs';

const OFFLINE = 5;
const DEAD = 6;

let group;
let callId;
let old; // those with v1
let modern; // those with v2

const people = () => [...(old ?? []), ...(modern ?? [])];
const step = makeSteps('v1-mixed', () => ({ people: people(), server: group?.server }));

async function openWebClient(login) {
  const person = { ...login, ...(await newPerson(group.browser, group.server, { login, quality: 'low' })) };
  await person.page.goto('/');
  await ui.waitFor(person.page, 'contact-list');
  return person;
}

before(async () => {
  group = await startGroup(4);
  // Ids of both kinds lie below and above those of the others, so that each role of v1 meets a v2 member.
  const [ada, bob, cai, dee] = group.people;
  old = [ada, cai];
  modern = await Promise.all([bob, dee].map(openWebClient));
});

after(async () => {
  await Promise.all((modern ?? []).map(({ context }) => context.close()));
  await group?.stop();
});

const idsBut = (person) => people().filter((other) => other.userId !== person.userId).map(({ userId }) => userId);
const but = (person) => people().filter((other) => other.userId !== person.userId);

async function assertAllFlow() {
  await Promise.all([
    ...old.map((person) => check.assertFlows(person, but(person))),
    ...modern.map((person) => assertMediaFlows(person.page, idsBut(person), { name: person.name, timeout: 40_000 })),
  ]);
}

step('everybody sees and hears everybody, through the server alone', async () => {
  callId = await group.call();
  for (const person of old) await v1.enter(person, callId);
  await Promise.all(modern.map(({ page }) => ui.acceptCall(page)));
  await assertAllFlow();
  for (const person of old) {
    await check.assertUplinks(person, 1);
    await check.assertOnlyServer(person, group.server, MEDIA_ADDRESS);
  }
  for (const { page } of modern) await assertOnlyServer(page, group.server, MEDIA_ADDRESS);
});

step('camera and microphone of a v1 member go off and on for all', async () => {
  const [ada, cai] = old;
  await v1.setVideo(ada, null);
  await check.assertGone(cai, ada.userId, 'video');
  for (const { page } of modern) await ui.waitFor(page, `camera-off-${ada.userId}`);
  await v1.setMic(ada, false);
  await check.assertGone(cai, ada.userId, 'audio');
  await v1.setVideo(ada, 'camera');
  await v1.setMic(ada, true);
  await assertAllFlow();
});

step('camera and microphone of a v2 member go off and on for all', async () => {
  const [bob, dee] = modern;
  await ui.click(bob.page, 'toggle-camera');
  await ui.click(bob.page, 'toggle-mic');
  await ui.waitFor(dee.page, `camera-off-${bob.userId}`);
  for (const person of old) {
    await check.assertStops(person, bob.userId, 'video');
    await check.assertStops(person, bob.userId, 'audio');
  }
  await ui.click(bob.page, 'toggle-camera');
  await ui.click(bob.page, 'toggle-mic');
  await assertAllFlow();
});

step('the screen of a v1 member reaches all', async () => {
  const [ada, cai] = old;
  await v1.setVideo(cai, 'screen');
  await check.assertColours(ada, [cai]);
  await v1.setVideo(cai, 'camera');
  await assertAllFlow();
});

step('a v1 member loads his page anew', async () => {
  const [ada] = old;
  await check.reload(ada);
  await v1.enter(ada, callId);
  await assertAllFlow();
});

step('a v2 member loads his page anew', async () => {
  const [, dee] = modern;
  await dee.page.reload();
  await ui.waitInCall(dee.page);
  await assertAllFlow();
});

step('one of each leaves: the others go on', async () => {
  const [ada, cai] = old;
  const [bob, dee] = modern;
  await ui.hangUp(dee.page);
  await v1.hangUp(ada);
  await v1.waitState(cai, dee.userId, DEAD);
  await v1.waitState(cai, ada.userId, DEAD);
  await ui.waitFor(bob.page, `tile-${ada.userId}`, { state: 'detached' });
  await check.assertFlows(cai, [bob]);
  await assertMediaFlows(bob.page, [cai.userId], { name: bob.name });
});

step('nothing happened that a v1 client cannot bear', async () => {
  for (const person of old) await check.assertClean(person);
});

step('a mesh of two becomes a call of the server when one changes to v2, and a mesh again', async () => {
  const [ada, cai] = old;
  await v1.hangUp(cai); // whoever is in a call cannot begin another one
  await v1.waitEnded(cai);
  for (const person of [ada, cai]) await check.reload(person);
  await api.makeContacts(group.server, cai, modern[1]);
  const [, dee] = group.people.filter(({ userId }) => userId !== ada.userId && userId !== cai.userId);
  const contact = await api.contactOf(group.server, cai, ({ userId }) => userId === dee.userId);
  const id = await v1.createCall(group.server, cai, contact, [dee]);
  await v1.enter(cai, id);
  await check.enterMesh(dee, id, [cai]);
  await check.assertAllFlow([cai, dee]);
  await check.assertPeerToPeer(cai, dee, group.server);
  await check.reload(dee, { isMesh: true });
  await v1.waitState(cai, dee.userId, OFFLINE);
  await modern[1].page.goto(`/call/${id}`);
  await ui.waitInCall(modern[1].page);
  await check.assertFlows(cai, [dee]);
  await assertMediaFlows(modern[1].page, [cai.userId], { name: dee.name });
  await check.assertOnlyServer(cai, group.server, MEDIA_ADDRESS);
  await modern[1].page.goto('/');
  await v1.waitState(cai, dee.userId, OFFLINE);
  await check.enterMesh(dee, id, [cai]);
  await check.assertAllFlow([cai, dee]);
  await check.assertPeerToPeer(cai, dee, group.server);
  for (const person of [cai, dee]) await check.assertClean(person, { isMesh: true });
});
