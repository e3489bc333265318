// A camera of 720p goes out in three layers; each receiver gets the one that fits the size of its tile, and the picture
// goes on while that changes.
import assert from 'node:assert/strict';
import { after, before } from 'node:test';
import * as api from './lib/api.mjs';
import { launchBrowser, newPerson } from './lib/browser.mjs';
import { assertMediaFlows, sample } from './lib/media.mjs';
import { PATIENT, startServer } from './lib/server.mjs';
import { makeSteps } from './lib/steps.mjs';
import * as ui from './lib/ui.mjs';

const TIMEOUT = 60_000;

let server;
let browser;
const people = [];

const step = makeSteps('simulcast', () => ({ people, server }));

before(async () => {
  server = await startServer(PATIENT);
  browser = await launchBrowser({ fps: 10 }); // two cores encode four layers and decode two
  const users = [await api.makeUser(server, 'Ada'), await api.makeUser(server, 'Bob')];
  await api.makeGroup(server, users, 'Two');
  for (const [login, quality] of [
    [users[0], 'high'],
    [users[1], 'low'],
  ])
    people.push({ ...login, ...(await newPerson(browser, server, { login, quality, viewport: { width: 900, height: 640 } })) });
});

after(async () => {
  await browser?.close();
  const ended = await server?.stop();
  if (ended) assert.equal(ended.code, 0, `ichatd ended cleanly:\n${ended.log}`);
});

/** In the sender's page: frames encoded so far by rid, of the camera. */
const layersOf = (page) =>
  page.evaluate(async () => {
    const found = {};
    for (const pc of window.__ichat.pcs())
      for (const stat of (await pc.getStats()).values())
        if (stat.type === 'outbound-rtp' && stat.kind === 'video') found[stat.rid ?? ''] = stat.framesEncoded;
    return found;
  });

async function until(page, probe, isDone, what) {
  const deadline = Date.now() + TIMEOUT;
  let value = await probe(page);
  while (!isDone(value)) {
    if (Date.now() > deadline) assert.fail(`${what}: ${JSON.stringify(value)}`);
    await page.waitForTimeout(200); // the interval of sampling
    value = await probe(page);
  }
  return value;
}

step('the large camera is sent in three layers, the small one in one', async () => {
  const [ada, bob] = people;
  await Promise.all(
    people.map(async ({ page }) => {
      await page.goto('/');
      await ui.waitForGroup(page, 'Two');
    }),
  );
  await ui.callGroup(ada.page, 'Two');
  await ui.acceptCall(bob.page);
  await assertMediaFlows(ada.page, [bob.userId], { name: 'Ada' });
  await assertMediaFlows(bob.page, [ada.userId], { name: 'Bob' });
  await until(ada.page, layersOf, (layers) => layers.q > 5 && layers.h > 5 && layers.f > 5, 'three layers are encoded');
  assert.deepEqual(Object.keys(await layersOf(bob.page)), ['']);
});

step('the picture follows the size of the tile, and never stands still', async () => {
  const [ada, bob] = people;
  const picture = async (page) => (await sample(page))[ada.userId];
  for (const [viewport, fits] of [
    [{ width: 2700, height: 1500 }, (width) => width > 640],
    [{ width: 420, height: 320 }, (width) => width > 0 && width <= 320],
    [{ width: 900, height: 640 }, (width) => width > 320 && width <= 640],
    [{ width: 2700, height: 1500 }, (width) => width > 640],
  ]) {
    const { framesDecoded } = await picture(bob.page);
    await bob.page.setViewportSize(viewport);
    await until(bob.page, picture, (now) => fits(now.frameWidth) && now.framesDecoded > framesDecoded + 5, `at ${viewport.width}`);
    await assertMediaFlows(bob.page, [ada.userId], { name: `Bob at ${viewport.width}` });
  }
});

step('a layer that the sender switches off is replaced, and comes back', async () => {
  const [ada, bob] = people;
  const setTop = (active) =>
    ada.page.evaluate(async (isActive) => {
      const senders = window.__ichat.pcs().flatMap((pc) => pc.getSenders());
      const camera = senders.find((sender) => sender.getParameters().encodings.some(({ rid }) => rid === 'f'));
      const parameters = camera.getParameters();
      parameters.encodings.find(({ rid }) => rid === 'f').active = isActive;
      await camera.setParameters(parameters);
    }, active);
  const picture = async (page) => (await sample(page))[ada.userId];
  await setTop(false);
  await until(bob.page, picture, ({ frameWidth }) => frameWidth <= 640, 'the next layer comes');
  await assertMediaFlows(bob.page, [ada.userId], { name: 'Bob without the top layer' });
  await setTop(true);
  await until(bob.page, picture, ({ frameWidth }) => frameWidth > 640, 'the top layer comes back');
  await assertMediaFlows(bob.page, [ada.userId], { name: 'Bob with all layers' });
});

step('nothing went wrong in the pages', () => {
  for (const { name, console } of people) {
    const bad = console.filter((line) => /^uncaught|^warning: call:/.test(line));
    assert.deepEqual(bad, [], name);
  }
});
