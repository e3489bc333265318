// Six members in one call, small pictures so that two cores can encode and decode them all.
import assert from 'node:assert/strict';
import { after, before } from 'node:test';
import * as api from './lib/api.mjs';
import { launchBrowser, newPerson } from './lib/browser.mjs';
import { assertMediaFlows, assertOnlyServer } from './lib/media.mjs';
import { MEDIA_ADDRESS, PATIENT, startServer } from './lib/server.mjs';
import { makeSteps } from './lib/steps.mjs';
import * as ui from './lib/ui.mjs';

const NAMES = ['Ada', 'Bob', 'Cai', 'Dee', 'Eve', 'Fay'];

let server;
let browser;
const people = [];

const step = makeSteps('six', () => ({ people, server }));

before(async () => {
  server = await startServer(PATIENT);
  browser = await launchBrowser({ fps: 8 });
  const users = [];
  for (const name of NAMES) users.push(await api.makeUser(server, name));
  await api.makeGroup(server, users, 'Six');
  for (const login of users) {
    const options = { login, quality: 'low', viewport: { width: 420, height: 320 } };
    people.push({ ...login, ...(await newPerson(browser, server, options)) });
  }
});

after(async () => {
  await browser?.close();
  const ended = await server?.stop();
  if (ended) assert.equal(ended.code, 0, `ichatd ended cleanly:\n${ended.log}`);
});

step('each of six decodes every other', async () => {
  const [caller, ...rest] = people;
  await Promise.all(
    people.map(async ({ page }) => {
      await page.goto('/');
      await ui.waitForGroup(page, 'Six');
    }),
  );
  await ui.callGroup(caller.page, 'Six');
  await Promise.all(rest.map(({ page }) => ui.acceptCall(page)));
  await Promise.all(
    people.map(async (person) => {
      const others = people.filter((other) => other !== person).map((other) => other.userId);
      await assertMediaFlows(person.page, others, { name: person.name });
      await assertOnlyServer(person.page, server, MEDIA_ADDRESS);
    }),
  );
});

step('all leave, the last but one ends it', async () => {
  const [caller, ...rest] = people;
  await Promise.all(rest.map(({ page }) => ui.hangUp(page)));
  assert.equal(await ui.waitEnded(caller.page), '1');
});
