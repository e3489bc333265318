// The client asks for the call again as soon as it is told of the start (section 8): the answer must hold the start.
import assert from 'node:assert/strict';
import { after, before } from 'node:test';
import { makeSteps } from './lib/steps.mjs';
import { startGroup } from './v1/lib/group_call.mjs';
import * as v1 from './v1/lib/people.mjs';

const ACTIVE = 3;
const CALLS = 5; // it is a race

let group;

const step = makeSteps('v1-start', () => ({ people: group?.people ?? [], server: group?.server }));

before(async () => {
  group = await startGroup(2);
});

after(() => group?.stop());

step('at the start of a call, both are told once and find its time', async () => {
  for (let round = 0; round < CALLS; round++) {
    const callId = await group.call();
    for (const person of group.people) {
      await v1.enter(person, callId, { media: [] });
      await v1.waitState(person, person.userId, 4);
    }
    for (const person of group.people) {
      await person.page.waitForFunction(() => window.__v1.status().answeredStarts > 0);
      const { started, callStatus, startTime } = await v1.status(person);
      assert.deepEqual({ started, callStatus }, { started: 1, callStatus: ACTIVE });
      assert.match(startTime, /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/);
    }
    await v1.hangUp(group.people[0]);
    for (const person of group.people) await v1.waitEnded(person);
  }
});
