// Three members of protocol v1 through the SFU: the server speaks for each of the others, every track is sent once.
import assert from 'node:assert/strict';
import { after, before } from 'node:test';
import { MEDIA_ADDRESS } from './lib/server.mjs';
import { makeSteps } from './lib/steps.mjs';
import * as check from './v1/lib/checks.mjs';
import { startGroup } from './v1/lib/group_call.mjs';
import * as v1 from './v1/lib/people.mjs';

const NORMAL = 1;
const ONLINE = 4;
const OFFLINE = 5;
const DEAD = 6;
// The client has two public STUN servers and no TURN: here two of which none answers, as behind many a firewall.
const STUN = [{ urls: 'stun:127.0.0.1:9' }, { urls: 'stun:192.0.2.1:3478' }];

let group;
let callId;

const step = makeSteps('v1-sfu', () => ({ people: group?.people ?? [], server: group?.server }));

before(async () => {
  group = await startGroup(3);
});

after(() => group?.stop());

const everybody = (action) => Promise.all(group.people.map(action));

/** All flows, each upload is single, and none of the pages met anything that it cannot bear. */
async function assertAllIsWell() {
  await check.assertAllFlow(group.people);
  await everybody((person) => check.assertUplinks(person, 1));
  await everybody((person) => check.assertOnlyServer(person, group.server, MEDIA_ADDRESS));
  await everybody((person) => check.assertClean(person));
}

step('everybody sees and hears everybody, through the server alone, and uploads once', async () => {
  callId = await group.call();
  for (const person of group.people) await v1.enter(person, callId, { devices: true, iceServers: STUN });
  await assertAllIsWell();
});

step('camera off and on', async () => {
  const [ada, bob, cai] = group.people;
  await v1.setVideo(bob, null);
  for (const person of [ada, cai]) await check.assertGone(person, bob.userId, 'video');
  await check.assertUplinks(bob, 0, { kinds: ['video'] });
  await v1.setVideo(bob, 'camera');
  await assertAllIsWell();
});

step('mute and unmute', async () => {
  const [ada, bob, cai] = group.people;
  await v1.setMic(cai, false);
  for (const person of [ada, bob]) await check.assertGone(person, cai.userId, 'audio');
  await check.assertUplinks(cai, 0, { kinds: ['audio'] });
  await v1.setMic(cai, true);
  await assertAllIsWell();
});

step('all change from camera to screen and back at the same time', async () => {
  await everybody((person) => v1.setVideo(person, 'screen'));
  await everybody((person) => check.assertColours(person, group.others(person)));
  await everybody((person) => check.assertUplinks(person, 1));
  await everybody((person) => v1.setVideo(person, 'camera'));
  await assertAllIsWell();
});

step('many fast toggles of all end in the right state', async () => {
  await everybody(async (person) => {
    for (const source of ['screen', null, 'screen', null, 'screen']) await v1.setVideo(person, source);
  });
  await everybody((person) => check.assertColours(person, group.others(person)));
  await everybody((person) => v1.setVideo(person, 'camera'));
  await assertAllIsWell();
});

for (const index of [0, 1, 2])
  step(`a call socket that breaks comes back, of member ${index + 1}`, async () => {
    const person = group.people[index];
    const others = group.others(person);
    const made = async (one, other) => (await v1.stats(one))[other.userId].made;
    const own = await Promise.all(others.map((other) => made(person, other)));
    person.site.block(true);
    person.site.breakSocket();
    for (const other of others) await v1.waitState(other, person.userId, OFFLINE);
    await check.assertFlows(person, others, { timeout: 20_000 }); // they do not hang on his socket; he is Dead in 30 s
    person.site.block(false);
    for (const other of others) await v1.waitState(other, person.userId, ONLINE);
    await assertAllIsWell();
    // He noticed nothing, so he keeps his connections; the others made new ones to him.
    assert.deepEqual(await Promise.all(others.map((other) => made(person, other))), own);
  });

step('a page that is loaded anew', async () => {
  const [, bob] = group.people;
  await check.reload(bob);
  await v1.enter(bob, callId);
  await assertAllIsWell();
  for (const other of group.others(bob)) await check.assertTones(other, [bob]);
});

step('one leaves, and comes again', async () => {
  const [ada, , cai] = group.people;
  await v1.hangUp(ada);
  assert.equal(await v1.waitEnded(ada), NORMAL);
  for (const other of group.others(ada)) {
    await v1.waitState(other, ada.userId, DEAD);
    assert.equal((await v1.stats(other))[ada.userId].shown, false);
  }
  await check.assertAllFlow(group.others(ada));
  for (const other of group.others(ada)) await check.assertUplinks(other, 1);
  await check.reload(ada);
  await v1.enter(ada, callId);
  await assertAllIsWell();
  await check.assertTones(cai, [ada]);
});

step('all but one hang up: the call ends, and no socket comes back', async () => {
  const [ada, bob, cai] = group.people;
  await v1.hangUp(bob);
  await v1.waitEnded(bob);
  await v1.waitState(cai, bob.userId, DEAD);
  await check.assertAllFlow([ada, cai]);
  const opened = (await v1.status(cai)).opened;
  await v1.hangUp(ada);
  assert.equal(await v1.waitEnded(cai), NORMAL);
  await everybody((person) => check.assertClean(person));
  assert.equal((await v1.status(cai)).opened, opened);
});
