// Connections that break in a call: media is mended by an ICE restart or a fresh join, and a server that was restarted
// is found again.
import assert from 'node:assert/strict';
import { after, before } from 'node:test';
import * as api from './lib/api.mjs';
import { launchBrowser, newPerson } from './lib/browser.mjs';
import { assertMediaFlows } from './lib/media.mjs';
import { PATIENT, startServer } from './lib/server.mjs';
import { makeSteps } from './lib/steps.mjs';
import * as ui from './lib/ui.mjs';

let server;
let browser;
let ada;
let bob;

const step = makeSteps('recovery', () => ({ people: [ada, bob].filter(Boolean), server }));

before(async () => {
  server = await startServer(PATIENT);
  browser = await launchBrowser();
  const users = [await api.makeUser(server, 'Ada'), await api.makeUser(server, 'Bob')];
  await api.makeContacts(server, ...users);
  [ada, bob] = await Promise.all(
    users.map(async (login) => ({ ...login, ...(await newPerson(browser, server, { login, quality: 'low' })) })),
  );
  await Promise.all([ada, bob].map(({ page }) => page.goto('/')));
  await ui.waitFor(bob.page, `contact-${ada.userId}`);
  await ui.callContact(ada.page, bob.userId);
  await ui.acceptCall(bob.page);
});

after(async () => {
  await browser?.close();
  await server?.stop();
});

async function bothFlow(when) {
  await assertMediaFlows(ada.page, [bob.userId], { name: `Ada ${when}` });
  await assertMediaFlows(bob.page, [ada.userId], { name: `Bob ${when}` });
}

/** The server's ICE user names, publish first. */
const serverUfrags = () =>
  ada.page.evaluate(() =>
    window.__ichat.pcs().map((pc) => /a=ice-ufrag:(\S+)/.exec(pc.remoteDescription?.sdp ?? '')?.[1]),
  );

step('an ICE restart of both connections keeps the media', async () => {
  await bothFlow('before');
  const old = await serverUfrags();
  await ada.page.evaluate(() => {
    const { media } = window.__ichat.callClient;
    for (const name of ['publish', 'subscribe']) media.recoveries[name].changed('failed');
  });
  await ada.page.waitForFunction(
    (names) =>
      window.__ichat.pcs().every((pc, index) => !pc.remoteDescription.sdp.includes(`a=ice-ufrag:${names[index]}`)),
    old,
  );
  await bothFlow('after the ICE restart');
});

step('what a restart cannot mend is mended by a fresh join', async () => {
  await ada.page.evaluate(() => {
    window.__before = window.__ichat.pcs();
    window.__ichat.callClient.media.deps.broken();
  });
  await ada.page.waitForFunction(() => {
    const now = window.__ichat.pcs();
    return now.length === 2 && now.every((pc) => !window.__before.includes(pc) && pc.connectionState === 'connected');
  });
  await bothFlow('after the fresh join');
});

step('a server restarted in the call ends cleanly, and is found again', async () => {
  const ended = await server.restart();
  assert.deepEqual([ended.code, ended.signal], [0, null], ended.log);
  const reasons = await Promise.all([ada, bob].map(({ page }) => ui.waitEnded(page)));
  assert.equal(reasons[0], reasons[1]);
  assert.ok(['5', '6'].includes(reasons[0]), `lost or error, not ${reasons[0]}`);
  for (const { page } of [ada, bob]) {
    await ui.click(page, 'back-home');
    await ui.waitFor(page, 'home');
  }
  // Ringing needs the notification sockets of both, which came back by themselves.
  await ui.callContact(ada.page, bob.userId);
  await ui.acceptCall(bob.page);
  await bothFlow('in a call of the restarted server');
});
