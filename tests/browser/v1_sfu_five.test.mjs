// Five members of protocol v1 through the SFU; in a mesh of the same size each uploads four times (v1_mesh_five).
import assert from 'node:assert/strict';
import { after, before } from 'node:test';
import { MEDIA_ADDRESS } from './lib/server.mjs';
import { makeSteps } from './lib/steps.mjs';
import * as check from './v1/lib/checks.mjs';
import { startGroup } from './v1/lib/group_call.mjs';
import * as v1 from './v1/lib/people.mjs';

const DEAD = 6;
const PATIENCE = { timeout: 90_000 };

let group;
let callId;

const step = makeSteps('v1-sfu-five', () => ({ people: group?.people ?? [], server: group?.server }));

before(async () => {
  group = await startGroup(5);
});

after(() => group?.stop());

const all = (people, action) => Promise.all(people.map(action));

/** Enters with nothing, then turns microphone and camera on: on a busy machine a device must not be ready before the states. */
async function enter(person) {
  await v1.enter(person, callId, { media: [] });
  await v1.turnOn(person);
}

async function assertAllFlowAndUploadOnce(people) {
  await check.assertAllFlow(people, PATIENCE);
  await all(people, (person) => check.assertUplinks(person, 1, PATIENCE));
}

step('everybody sees and hears everybody, through the server alone, and uploads once', async () => {
  callId = await group.call();
  for (const person of group.people) await enter(person);
  await assertAllFlowAndUploadOnce(group.people);
  await all(group.people, (person) => check.assertOnlyServer(person, group.server, MEDIA_ADDRESS));
});

step('each hears and sees the right ones, the screens too', async () => {
  await all(group.people, (person) => check.assertTones(person, group.others(person)));
  await all(group.people, (person) => v1.setVideo(person, 'screen'));
  await all(group.people, (person) => check.assertColours(person, group.others(person)));
  await all(group.people, (person) => v1.setVideo(person, 'camera'));
});

step('the member whose connection carries an upload leaves, and comes again', async () => {
  const sender = group.people[4];
  await all(group.people, (person) => check.assertUplinks(person, 1, PATIENCE));
  const [carrierId] = await check.uplinks(sender, 'video');
  const carrier = group.people.find(({ userId }) => userId === carrierId);
  await v1.hangUp(carrier);
  const others = group.others(carrier);
  await all(others, (person) => v1.waitState(person, carrierId, DEAD));
  await assertAllFlowAndUploadOnce(others);
  const [nextId] = await check.uplinks(sender, 'video');
  assert.notEqual(nextId, carrierId);
  await check.reload(carrier);
  await enter(carrier);
  await assertAllFlowAndUploadOnce(group.people);
});

step('nothing happened that such a client cannot bear', async () => {
  await all(group.people, (person) => check.assertClean(person));
});
