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

// One change at a time: offers that cross, because several change something or a slow page's answer is given up, are this
// client's own trouble in a mesh, and may leave a camera unsent. For the same reason it is not looked at whether pictures show.
step('everybody uploads four times', async () => {
  const callId = await group.call();
  for (const [index, person] of group.people.entries()) {
    const inside = group.people.slice(0, index + 1);
    await v1.enter(person, callId, { media: [] });
    await v1.waitStates(person);
    await check.assertQuiet(inside, { timeout: TIMEOUT_MS });
    await v1.setMic(person, true);
    await check.assertQuiet(inside, { timeout: TIMEOUT_MS });
    await v1.setVideo(person, 'camera');
    await check.assertQuiet(inside, { timeout: TIMEOUT_MS });
  }
  await Promise.all(group.people.map((person) => check.assertSends(person, 4, { timeout: TIMEOUT_MS })));
});
