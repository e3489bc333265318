// Five members in a mesh, as the original served them: everybody uploads to everybody. What the SFU's calls are compared with.
import { after, before } from 'node:test';
import { makeSteps } from './lib/steps.mjs';
import * as check from './v1/lib/checks.mjs';
import { startGroup } from './v1/lib/group_call.mjs';

let group;

const step = makeSteps('v1-mesh-five', () => ({ people: group?.people ?? [], server: group?.server }));

before(async () => {
  group = await startGroup(5, { ICHAT_CALL_MESH_MAX_MEMBERS: '5' });
});

after(() => group?.stop());

step('everybody sees and hears everybody, and uploads four times', async () => {
  await group.callAll();
  await check.assertAllFlow(group.people, { timeout: 60_000 });
  for (const person of group.people) await check.assertUplinks(person, 4);
});

step('nothing happened that such a client cannot bear', async () => {
  for (const person of group.people) await check.assertClean(person, { glare: false });
});
