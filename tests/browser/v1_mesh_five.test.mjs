// Five members in a mesh, as the original served them: each uploads to all others. The SFU is compared with it (v1_sfu_five).
import { after, before } from 'node:test';
import { makeSteps } from './lib/steps.mjs';
import * as check from './v1/lib/checks.mjs';
import { startGroup } from './v1/lib/group_call.mjs';
import * as v1 from './v1/lib/people.mjs';

const TIMEOUT_MS = 120_000;

let group;

const step = makeSteps('v1-mesh-five', () => ({ people: group?.people ?? [], server: group?.server }));

before(async () => {
  group = await startGroup(5, { ICHAT_CALL_MESH_MAX_MEMBERS: '5' });
});

after(() => group?.stop());

// Whether pictures show is not looked at: when all come at once, this client's own offers cross, which may freeze one.
step('everybody uploads four times', async () => {
  const callId = await group.call();
  for (const person of group.people) await v1.enter(person, callId, { media: [] });
  for (const person of group.people) await v1.turnOn(person);
  await Promise.all(group.people.map((person) => check.assertUplinks(person, 4, { timeout: TIMEOUT_MS })));
});
