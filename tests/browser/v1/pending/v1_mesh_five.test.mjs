// Five members in a mesh, as the original served them: each uploads to all others. The SFU is compared with it.
import { after, before } from 'node:test';
import { makeSteps } from '../../lib/steps.mjs';
import * as check from '../lib/checks.mjs';
import { startGroup } from '../lib/group_call.mjs';
import * as v1 from '../lib/people.mjs';

let group;

const step = makeSteps('v1-mesh-five', () => ({ people: group?.people ?? [], server: group?.server }));

before(async () => {
  group = await startGroup(5, { ICHAT_CALL_MESH_MAX_MEMBERS: '5' });
});

after(() => group?.stop());

// Whether pictures show is not looked at: when all come at once, this client's own offers cross, which may freeze one.
step('everybody uploads four times', async () => {
  const callId = await group.call();
  for (const person of group.people) await v1.enter(person, callId);
  for (const person of group.people) await check.assertUplinks(person, 4);
});
