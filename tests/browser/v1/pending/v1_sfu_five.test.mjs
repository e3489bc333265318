// Five members of protocol v1 through the SFU; in a mesh of the same size each uploads four times (v1_mesh_five).
import assert from 'node:assert/strict';
import { after, before } from 'node:test';
import { MEDIA_ADDRESS } from '../../lib/server.mjs';
import { makeSteps } from '../../lib/steps.mjs';
import * as check from '../lib/checks.mjs';
import { startGroup } from '../lib/group_call.mjs';
import * as v1 from '../lib/people.mjs';

const DEAD = 6;
const TIMEOUT_MS = 90_000;

let group;
let callId;

const step = makeSteps('v1-sfu-five', () => ({ people: group?.people ?? [], server: group?.server }));

before(async () => {
  group = await startGroup(5);
});

after(() => group?.stop());

const all = (people, action) => Promise.all(people.map(action));

step('everybody sees and hears everybody, through the server alone, and uploads once', async () => {
  callId = await group.call();
  for (const person of group.people) await v1.enter(person, callId);
  await check.assertAllFlow(group.people, { timeout: TIMEOUT_MS });
  await all(group.people, (person) => check.assertUplinks(person, 1));
  await all(group.people, (person) => check.assertOnlyServer(person, group.server, MEDIA_ADDRESS));
});

step('each hears and sees the right ones', async () => {
  await all(group.people, (person) => check.assertTones(person, group.others(person)));
  await all(group.people, (person) => v1.setVideo(person, 'screen'));
  await all(group.people, (person) => check.assertColours(person, group.others(person)));
  await all(group.people, (person) => v1.setVideo(person, 'camera'));
  await check.assertAllFlow(group.people, { timeout: TIMEOUT_MS });
});

for (const index of [4, 0])
  step(`the member whose connection carries the upload of member ${index + 1} leaves, and comes again`, async () => {
    const sender = group.people[index];
    const [carrierId] = await check.uplinks(sender, 'video');
    const carrier = group.people.find(({ userId }) => userId === carrierId);
    await v1.hangUp(carrier);
    const others = group.others(carrier);
    await all(others, (person) => v1.waitState(person, carrierId, DEAD));
    await check.assertAllFlow(others, { timeout: TIMEOUT_MS });
    await all(others, (person) => check.assertUplinks(person, 1));
    const [nextId] = await check.uplinks(sender, 'video');
    assert.notEqual(nextId, carrierId);
    await v1.reload(carrier);
    await v1.enter(carrier, callId);
    await check.assertAllFlow(group.people, { timeout: TIMEOUT_MS });
    await all(group.people, (person) => check.assertUplinks(person, 1));
  });

step('nothing happened that such a client cannot bear', async () => {
  await all(group.people, (person) => check.assertClean(person));
});
