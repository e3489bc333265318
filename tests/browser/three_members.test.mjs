// Three people do everything through the pages: register, become contacts, make a group, call, talk, hang up.
import assert from 'node:assert/strict';
import { mkdir } from 'node:fs/promises';
import path from 'node:path';
import { after, before } from 'node:test';
import { fileURLToPath } from 'node:url';
import { launchBrowser, newPerson } from './lib/browser.mjs';
import { assertMediaFlows, assertOnlyServer, sample } from './lib/media.mjs';
import { MEDIA_ADDRESS, PATIENT, startServer } from './lib/server.mjs';
import { makeSteps } from './lib/steps.mjs';
import * as ui from './lib/ui.mjs';

const PICTURE = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '../../docs/images/call.png');

let server;
let browser;
const people = [];

const step = makeSteps('three', () => ({ people, server }));

before(async () => {
  server = await startServer(PATIENT);
  browser = await launchBrowser();
});

after(async () => {
  await browser?.close();
  const ended = await server?.stop();
  if (ended) assert.equal(ended.code, 0, `ichatd ended cleanly:\n${ended.log}`);
});

const others = (person) => people.filter((other) => other !== person).map((other) => other.userId);
const everybody = (list, action) => Promise.all(list.map(action));

step('they register and become contacts', async () => {
  for (const [username, name] of [
    ['ada', 'Ada'],
    ['bo.lin', 'Bo Lin'],
    ['chen', '陈明'],
  ]) {
    const person = await newPerson(browser, server);
    people.push({ ...person, username, name, userId: await ui.register(person.page, username, name) });
  }
  const [ada, ...rest] = people;
  for (const other of rest) {
    await ui.askForContact(ada.page, other.username, other.userId);
    await ui.acceptContact(other.page, ada.userId);
    await ui.waitFor(ada.page, `contact-${other.userId}`);
  }
});

step('a group is made and appears at all', async () => {
  const [ada, bo, chen] = people;
  await ui.makeGroup(ada.page, 'Friends', [bo.userId, chen.userId]);
  await everybody([bo, chen], ({ page }) => ui.waitForGroup(page, 'Friends'));
});

step('a call of three: everybody sees and hears everybody, through the server alone', async () => {
  const [ada, ...rest] = people;
  await ui.callGroup(ada.page, 'Friends');
  await everybody(rest, ({ page }) => ui.acceptCall(page));
  await everybody(people, (person) => assertMediaFlows(person.page, others(person), { name: person.name }));
  await everybody(people, ({ page }) => assertOnlyServer(page, server, MEDIA_ADDRESS));
  await everybody(people, ({ page }) => ui.waitStatus(page, 'call.live'));
});

if (process.env.SCREENSHOT === '1') {
  step('the picture for the README', async () => {
    await mkdir(path.dirname(PICTURE), { recursive: true });
    await people[0].page.mouse.move(5, 300);
    await people[0].page.screenshot({ path: PICTURE });
  });
}

step('camera and microphone go off and on for the others', async () => {
  const [ada, bo] = people;
  await ui.click(ada.page, 'toggle-camera');
  await ui.waitFor(bo.page, `camera-off-${ada.userId}`);
  await ui.click(ada.page, 'toggle-mic');
  await bo.page.waitForSelector(`[data-testid="mic-${ada.userId}"][data-on="false"]`);
  const quiet = await sample(bo.page);
  assert.equal(quiet[ada.userId].videoWidth, 0, 'no picture is shown');
  await ui.click(ada.page, 'toggle-camera');
  await ui.click(ada.page, 'toggle-mic');
  await bo.page.waitForSelector(`[data-testid="mic-${ada.userId}"][data-on="true"]`);
  await assertMediaFlows(bo.page, others(bo), { name: 'Bo Lin after the toggles' });
});

step('a screen is shared, taken back, and shared again', async () => {
  const [ada, bo, chen] = people;
  const screen = `video-${bo.userId}-screen`;
  for (let round = 0; round < 2; round++) {
    await ui.click(bo.page, 'toggle-screen');
    await everybody([ada, chen], ({ page }) =>
      page.waitForFunction((id) => document.querySelector(`[data-testid="${id}"]`)?.videoWidth > 0, screen),
    );
    await ui.click(bo.page, 'toggle-screen');
    await everybody([ada, chen], ({ page }) => ui.waitFor(page, screen, { state: 'detached' }));
  }
  await assertMediaFlows(ada.page, others(ada), { name: 'Ada after the shares' });
});

step('a call socket that breaks comes back with the same connections', async () => {
  const [ada, bo] = people;
  await ada.page.evaluate(() => {
    window.__before = window.__ichat.pcs();
    window.__ichat.callClient.signaling.socket.close();
  });
  await ui.waitStatus(ada.page, 'call.reconnecting');
  await ui.waitStatus(ada.page, 'call.live');
  const kept = await ada.page.evaluate(() => window.__ichat.pcs().every((pc, index) => pc === window.__before[index]));
  assert.ok(kept, 'no connection was made anew');
  await assertMediaFlows(ada.page, others(ada), { name: 'Ada after the break' });
  await assertMediaFlows(bo.page, others(bo), { name: 'Bo Lin after the break' });
});

step('one hangs up: the others go on', async () => {
  const [ada, bo, chen] = people;
  await ui.hangUp(chen.page);
  await everybody([ada, bo], ({ page }) => ui.waitFor(page, `tile-${chen.userId}`, { state: 'detached' }));
  await assertMediaFlows(ada.page, [bo.userId], { name: 'Ada' });
  await assertMediaFlows(bo.page, [ada.userId], { name: 'Bo Lin' });
});

step('the next one hangs up: the call ends for all', async () => {
  const [ada, bo, chen] = people;
  await ui.hangUp(bo.page);
  assert.equal(await ui.waitEnded(ada.page), '1');
  await everybody([ada, bo, chen], ({ page }) => ui.click(page, 'back-home'));
  await everybody([ada, bo, chen], ({ page }) => ui.waitFor(page, 'home'));
});

step('nothing went wrong in the pages', () => {
  for (const { name, console } of people) {
    const bad = console.filter((line) => /^uncaught|^warning: call:/.test(line));
    assert.deepEqual(bad, [], name);
  }
});
