// A member who vanishes without a word is gone for the others within 10 s.
import assert from 'node:assert/strict';
import { after, before } from 'node:test';
import * as api from './lib/api.mjs';
import { launchBrowser, launchKillable, newPerson } from './lib/browser.mjs';
import { assertMediaFlows } from './lib/media.mjs';
import { startServer } from './lib/server.mjs';
import { makeSteps } from './lib/steps.mjs';
import * as ui from './lib/ui.mjs';

const GONE_MS = 10_000;

let server;
let browser;
let crashing;
let people;

const step = makeSteps('lost', () => ({ people: people ?? [], server }));

before(async () => {
  server = await startServer();
  [browser, crashing] = [await launchBrowser(), await launchKillable()];
  const users = [];
  for (const name of ['Ada', 'Bob', 'Cai', 'Dee']) users.push(await api.makeUser(server, name));
  await api.makeGroup(server, users, 'Four');
  people = await Promise.all(
    users.map(async (login) => {
      const where = login.name === 'Dee' ? crashing.browser : browser;
      return { ...login, ...(await newPerson(where, server, { login, quality: 'low' })) };
    }),
  );
  await Promise.all(
    people.map(async ({ page }) => {
      await page.goto('/');
      await ui.waitForGroup(page, 'Four');
    }),
  );
  const [caller, ...rest] = people;
  await ui.callGroup(caller.page, 'Four');
  await Promise.all(rest.map(({ page }) => ui.acceptCall(page)));
});

after(async () => {
  await browser?.close();
  await crashing?.kill();
  await server?.stop();
});

/** Does `vanish` and gives the ms until all watchers have lost the tile of `userId`; more than GONE_MS is a failure. */
async function goneAfter(vanish, watchers, userId) {
  const started = Date.now();
  const gone = watchers.map(({ page }) => ui.waitFor(page, `tile-${userId}`, { state: 'detached', timeout: GONE_MS }));
  await Promise.all([vanish(), ...gone]);
  return Date.now() - started;
}

step('a browser that is killed', async (t) => {
  const [ada, bob, cai, dee] = people;
  for (const person of [ada, bob, cai])
    await assertMediaFlows(person.page, [dee.userId], { name: person.name });
  t.diagnostic(`gone after ${await goneAfter(() => crashing.kill(), [ada, bob, cai], dee.userId)} ms`);
  await assertMediaFlows(ada.page, [bob.userId, cai.userId], { name: 'Ada' });
});

step('a page that is closed', async (t) => {
  const [ada, bob, cai] = people;
  t.diagnostic(`gone after ${await goneAfter(() => cai.context.close(), [ada, bob], cai.userId)} ms`);
  await assertMediaFlows(bob.page, [ada.userId], { name: 'Bob' });
});

step('with nobody else left the call ends', async () => {
  const [ada, bob] = people;
  await bob.context.close();
  const reason = await ui.waitEnded(ada.page);
  assert.equal(reason, '5', 'the connection was lost');
});
