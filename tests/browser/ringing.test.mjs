// Before a call is answered: rejecting, cancelling, several devices, and members without camera or microphone.
import assert from 'node:assert/strict';
import { after, afterEach, before } from 'node:test';
import * as api from './lib/api.mjs';
import { launchBrowser, newPerson } from './lib/browser.mjs';
import { assertMediaFlows } from './lib/media.mjs';
import { PATIENT, startServer } from './lib/server.mjs';
import { makeSteps } from './lib/steps.mjs';
import * as ui from './lib/ui.mjs';

let server;
let browser;
let users;
let open = [];

const step = makeSteps('ringing', () => ({ people: open, server }));

before(async () => {
  server = await startServer(PATIENT);
  browser = await launchBrowser();
  users = [await api.makeUser(server, 'Ada'), await api.makeUser(server, 'Bob')];
  await api.makeContacts(server, ...users);
});

afterEach(async () => {
  await Promise.all(open.map(({ context }) => context.close()));
  open = [];
});

after(async () => {
  await browser?.close();
  await server?.stop();
});

async function arrive(login, path = '/') {
  const person = { ...login, ...(await newPerson(browser, server, { login, quality: 'low' })) };
  open.push(person);
  await person.page.goto(path);
  await ui.waitFor(person.page, 'contact-list');
  const other = users.find((user) => user.userId !== login.userId);
  await ui.waitFor(person.page, `contact-${other.userId}`);
  return person;
}

step('the called one declines', async () => {
  const [ada, bob] = [await arrive(users[0]), await arrive(users[1])];
  await ui.callContact(ada.page, bob.userId);
  await ui.waitStatus(ada.page, 'call.ringing');
  await ui.waitFor(bob.page, 'incoming-call');
  await ui.click(bob.page, 'reject-call');
  assert.equal(await ui.waitEnded(ada.page), '2');
  await ui.waitFor(bob.page, 'incoming-call', { state: 'detached' });
});

step('the caller hangs up before an answer', async () => {
  const [ada, bob] = [await arrive(users[0]), await arrive(users[1])];
  await ui.callContact(ada.page, bob.userId);
  await ui.waitFor(bob.page, 'incoming-call');
  await ui.hangUp(ada.page);
  assert.equal(await ui.waitEnded(ada.page), '7');
  await ui.waitFor(bob.page, 'incoming-call', { state: 'detached' });
});

step('answered on one device, the other stops ringing; a reload comes back', async () => {
  const [ada, bob, tablet] = [await arrive(users[0]), await arrive(users[1]), await arrive(users[1])];
  await ui.callContact(ada.page, bob.userId);
  await ui.waitFor(tablet.page, 'incoming-call');
  await ui.acceptCall(bob.page);
  await ui.waitFor(tablet.page, 'incoming-call', { state: 'detached' });
  await assertMediaFlows(ada.page, [bob.userId], { name: 'Ada' });
  await bob.page.reload();
  await ui.waitInCall(bob.page);
  await assertMediaFlows(bob.page, [ada.userId], { name: 'Bob after the reload' });
  await assertMediaFlows(ada.page, [bob.userId], { name: 'Ada after the reload' });
  await ui.hangUp(bob.page);
  assert.equal(await ui.waitEnded(ada.page), '1');
});

step('without camera and microphone one still takes part', async () => {
  const [ada, bob] = [await arrive(users[0]), await arrive(users[1])];
  await bob.page.evaluate(() => {
    navigator.mediaDevices.getUserMedia = async () => {
      throw new DOMException('no', 'NotFoundError');
    };
  });
  await ui.callContact(ada.page, bob.userId);
  await ui.acceptCall(bob.page);
  await ui.waitFor(bob.page, 'notice-camera');
  await ui.waitFor(bob.page, 'notice-mic');
  await assertMediaFlows(bob.page, [ada.userId], { name: 'Bob' });
  await ui.waitFor(ada.page, `camera-off-${bob.userId}`);
  await ui.hangUp(ada.page);
  assert.equal(await ui.waitEnded(bob.page), '1');
});
