// Conversations through the pages: texts, pictures, recall, unread counts, history, breaks and crashes, groups, calls; and
// what one changes of oneself.
import assert from 'node:assert/strict';
import { after, before } from 'node:test';
import * as api from './lib/api.mjs';
import { launchBrowser, newPerson } from './lib/browser.mjs';
import * as chat from './lib/chat.mjs';
import { picture } from './lib/pictures.mjs';
import { PATIENT, startServer } from './lib/server.mjs';
import { makeSteps } from './lib/steps.mjs';
import * as ui from './lib/ui.mjs';

let server;
let browser;
let ada;
let bob;
let chen;
let groupId;
/** Ada's contact with Bob. */
let contactId;
/** Of Bob's page. */
let notifications;

const step = makeSteps('chat', () => ({ people: [ada, bob, chen].filter(Boolean), server }));
const id = (name) => `[data-testid="${name}"]`;
const range = (from, to) => Array.from({ length: to - from + 1 }, (_, index) => from + index);
const everybody = (action) => Promise.all([ada, bob, chen].map(action));

before(async () => {
  server = await startServer(PATIENT);
  browser = await launchBrowser({ fps: 5 });
  const users = [];
  for (const name of ['Ada', 'Bob', 'Chen']) users.push(await api.makeUser(server, name));
  groupId = (await api.makeGroup(server, users, 'Friends')).groupId;
  await api.makeContacts(server, users[1], users[2]);
  contactId = (await api.contactOf(server, users[0], (contact) => contact.userId === users[1].userId)).contactId;
  [ada, bob, chen] = await Promise.all(
    users.map(async (login) => ({ ...login, ...(await newPerson(browser, server, { login, quality: 'low' })) })),
  );
  notifications = await chat.controlNotifications(bob.page);
  await everybody(({ page }) => page.goto('/'));
  await everybody(({ page }) => ui.waitFor(page, `group-${groupId}`));
});

after(async () => {
  await browser?.close();
  const ended = await server?.stop();
  if (ended) assert.equal(ended.code, 0, `ichatd ended cleanly:\n${ended.log}`);
});

const waitUnread = (page, contact, count) =>
  page.waitForSelector(`${id(contact)} ${id('unread')}[data-count="${count}"]`);
const waitLast = (page, contact, text) => page.waitForSelector(`${id(contact)} ${id('last-message')}:text-is("${text}")`);
const noUnread = (page, contact) => page.waitForSelector(`${id(contact)} ${id('unread')}`, { state: 'detached' });

/** Both see the same messages, confirmed, each once, in the order of their ids. */
async function assertSame(...pages) {
  const lists = await Promise.all(pages.map(chat.shown));
  for (const list of lists) {
    const ids = list.map((row) => row.messageId);
    assert.deepEqual(ids, [...new Set(ids)].sort((a, b) => a - b));
    assert.ok(list.every((row) => row.state !== 'sending' && row.state !== 'failed'));
    assert.deepEqual(list, lists[0]);
  }
}

step('texts go both ways, each shown once and as text', async () => {
  await chat.openContact(ada.page, bob.userId);
  await chat.openContact(bob.page, ada.userId);
  const markup = '<img src=x onerror="window.hacked = true"> & <b>bold</b>';
  await chat.write(ada.page, 'Hello Bob');
  await chat.write(ada.page, markup);
  await chat.waitText(bob.page, markup);
  await ada.page.fill(id('message-input'), 'two');
  await ada.page.press(id('message-input'), 'Shift+Enter');
  await ada.page.keyboard.type('lines 你好');
  await ada.page.click(id('send-message'));
  await chat.waitText(bob.page, 'two\nlines 你好');
  await chat.write(bob.page, 'Hello Ada');
  await chat.waitText(ada.page, 'Hello Ada');
  assert.deepEqual(await chat.texts(bob.page), ['Hello Bob', markup, 'two\nlines 你好', 'Hello Ada']);
  await assertSame(ada.page, bob.page);
  assert.equal(await bob.page.evaluate(() => window.hacked), undefined);
  await waitLast(bob.page, `contact-${ada.userId}`, 'Hello Ada');
});

step('unread messages are counted while a conversation is not open', async () => {
  const contact = `contact-${ada.userId}`;
  await bob.page.click(id(`contact-${chen.userId}`));
  for (const text of ['one', 'two']) await chat.write(ada.page, text);
  await waitUnread(bob.page, contact, 2);
  await waitLast(bob.page, contact, 'two');
  assert.equal(await bob.page.title(), '(2) ichat');
  assert.equal(await bob.page.locator(`${id('contact-list')} strong`).first().innerText(), 'Ada', 'the newest is first');
  await chat.openContact(bob.page, ada.userId);
  await noUnread(bob.page, contact);
  assert.equal(await bob.page.title(), 'ichat');
  await noUnread(ada.page, `contact-${bob.userId}`);
});

step('a small picture arrives, and is enlarged by a click', async () => {
  await chat.sendPicture(ada.page, picture(320, 200));
  await bob.page.waitForSelector(`${id('picture')}[data-loaded="true"]`);
  await bob.page.click(id('open-picture'));
  const size = await bob.page.$eval(`${id('viewer')} img`, (image) => [image.naturalWidth, image.naturalHeight]);
  assert.deepEqual(size, [320, 200]);
  await bob.page.keyboard.press('Escape');
  await bob.page.waitForSelector(id('viewer'), { state: 'detached' });
  await waitLast(bob.page, `contact-${ada.userId}`, '[Picture]');
  await ada.page.waitForSelector(`${id('picture')}[data-loaded="true"]`);
  await assertSame(ada.page, bob.page);
});

step('a large picture shows its thumbnail first; its upload is tried again and follows', async () => {
  const large = picture(640, 480);
  assert.ok(large.buffer.length > 512 * 1024);
  let release;
  const held = new Promise((resolve) => (release = resolve));
  let uploads = 0;
  await ada.page.route('**/api/file/upload', async (route) => {
    if (++uploads === 1) return route.abort();
    await held;
    return route.continue();
  });
  const last = (page) => chat.lastRow(page).locator(id('picture'));
  const rows = (await chat.shown(bob.page)).length;
  await chat.sendPicture(ada.page, large);
  await ada.page.click(id('retry-upload'));
  await ada.page.waitForSelector(id('upload-progress'));
  await chat.waitRows(bob.page, rows + 1);
  assert.equal(await last(bob.page).getAttribute('data-loaded'), 'false');
  assert.match(await last(bob.page).innerText(), /still being sent/);
  release();
  await last(bob.page).and(bob.page.locator('[data-loaded="true"]')).waitFor();
  await last(ada.page).and(ada.page.locator('[data-loaded="true"]')).waitFor();
  assert.equal(await ada.page.locator(id('upload-progress')).count(), 0);
  await ada.page.unroute('**/api/file/upload');
  await assertSame(ada.page, bob.page);
});

step('what is no picture is refused', async () => {
  const rows = (await chat.shown(ada.page)).length;
  await chat.sendPicture(ada.page, { name: 'x.bmp', mimeType: 'image/bmp', buffer: Buffer.from('no picture') });
  await ada.page.getByText('The picture cannot be read.').waitFor();
  assert.equal((await chat.shown(ada.page)).length, rows);
});

step('an own message is recalled at both', async () => {
  await chat.write(ada.page, 'a slip');
  await chat.waitText(bob.page, 'a slip');
  await chat.waitText(ada.page, 'a slip');
  assert.equal(await chat.lastRow(bob.page).locator(id('revoke')).count(), 0);
  await chat.lastRow(ada.page).hover();
  await chat.lastRow(ada.page).locator(id('revoke')).click();
  await ada.page.click(id('confirm-revoke'));
  for (const { page } of [ada, bob]) {
    await page.waitForSelector(`${id('message')}[data-state="revoked"]`);
    assert.ok(!(await page.content()).includes('a slip'));
  }
  assert.equal(await chat.lastRow(ada.page).innerText(), 'You recalled a message');
  assert.equal(await chat.lastRow(bob.page).innerText(), 'Ada recalled a message');
  await waitLast(bob.page, `contact-${ada.userId}`, '[Message recalled]');
});

step('a message that could not be sent is kept, and sent once when tried again', async () => {
  await ada.page.route('**/api/chat/send', (route) => route.abort(), { times: 1 });
  await chat.write(ada.page, 'stubborn');
  await ada.page.waitForSelector(`${id('message')}[data-state="failed"]`);
  await ada.page.click(id('retry-send'));
  await chat.waitText(bob.page, 'stubborn');
  await chat.waitText(ada.page, 'stubborn');
  await assertSame(ada.page, bob.page);
});

step('a message whose answer is lost shows once', async () => {
  await ada.page.route('**/api/chat/send', async (route) => {
    await route.fetch();
    await route.abort();
  }, { times: 1 });
  await chat.write(ada.page, 'no answer');
  await chat.waitText(ada.page, 'no answer');
  await chat.waitText(bob.page, 'no answer');
  await assertSame(ada.page, bob.page);
});

step('history comes by pages of ten, and what one reads stays in its place', async () => {
  const contact = await api.contactOf(server, bob, (other) => other.userId === chen.userId);
  for (const number of range(1, 35))
    await chat.sendByRest(server, bob, contact.contactId, `note ${number}\nof\nfour\nlines`);
  const { page } = chen;
  await waitUnread(page, `contact-${bob.userId}`, 35);
  await page.click(id(`contact-${bob.userId}`));
  await chat.waitRows(page, 10);
  const atBottom = await page.$eval(id('messages'), (box) => box.scrollHeight - box.scrollTop - box.clientHeight);
  assert.ok(Math.abs(atBottom) < 2, `stands at the newest, ${atBottom}`);
  for (const rows of [20, 30, 35]) {
    // In one go, or the next page could be there before the place is measured.
    const [key, top] = await page.$eval(id('messages'), (box) => {
      box.scrollTop = 60;
      const row = box.querySelector('[data-row]');
      return [row.dataset.row, row.getBoundingClientRect().top];
    });
    await chat.waitRows(page, rows);
    const now = await page.$eval(`[data-row="${key}"]`, (row) => row.getBoundingClientRect().top);
    assert.ok(Math.abs(now - top) < 2, `row ${key} stood at ${top}, now at ${now}`);
  }
  assert.deepEqual(
    (await chat.texts(page)).map((text) => text.split('\n')[0]),
    range(1, 35).map((number) => `note ${number}`),
  );
  await chat.sendByRest(server, bob, contact.contactId, 'the newest');
  await chat.waitText(page, 'the newest');
  await page.click(id('to-newest'));
  await page.waitForSelector(id('to-newest'), { state: 'detached' });
});

step('after a short break the session goes on: what was missed shows once', async () => {
  const hellos = notifications.hellos.length;
  await notifications.cut();
  for (const text of ['missed 1', 'missed 2', 'missed 3']) {
    await chat.write(ada.page, text);
    await chat.waitText(ada.page, text);
  }
  assert.ok(!(await chat.texts(bob.page)).includes('missed 1'));
  await notifications.mend();
  const session = notifications.hellos[0].split('\n')[0];
  assert.deepEqual(notifications.hellos.slice(hellos), [session], 'the same session');
  await chat.waitText(bob.page, 'missed 3');
  await assertSame(ada.page, bob.page);
});

step('a killed server loses and doubles nothing, also what was missed in pages', async () => {
  const hellos = notifications.hellos.length;
  await notifications.cut();
  await bob.page.click(id(`contact-${chen.userId}`));
  for (const number of range(1, 60)) await chat.sendByRest(server, ada, contactId, `gap ${number}`);
  await chat.waitText(ada.page, 'gap 60');
  await server.crash();
  await chat.write(ada.page, 'while it was dead');
  await ada.page.waitForSelector(`${id('message')}[data-state="failed"]`);
  await server.start();
  await chat.sendByRest(server, ada, contactId, 'after the crash');
  await notifications.mend();
  const greeting = notifications.hellos[hellos];
  assert.notEqual(greeting.split('\n')[0], notifications.hellos[0].split('\n')[0], 'a new session');
  await waitUnread(bob.page, `contact-${ada.userId}`, 61);
  await ada.page.waitForSelector(id('reconnecting'), { state: 'detached' });
  await ada.page.click(id('retry-send'));
  await chat.waitText(ada.page, 'while it was dead');
  await waitUnread(bob.page, `contact-${ada.userId}`, 62);
  await chat.openContact(bob.page, ada.userId);
  await chat.waitText(bob.page, 'while it was dead');
  const wanted = [...range(1, 60).map((number) => `gap ${number}`), 'after the crash', 'while it was dead'];
  for (const { page } of [ada, bob]) assert.deepEqual((await chat.texts(page)).slice(-wanted.length), wanted);
});

step('a conversation that is open while it happens catches up as well', async () => {
  await notifications.cut();
  for (const number of range(1, 55)) await chat.sendByRest(server, ada, contactId, `more ${number}`);
  await server.crash();
  await server.start();
  await notifications.mend();
  await chat.waitText(bob.page, 'more 55');
  await chat.waitText(ada.page, 'more 55');
  const wanted = range(1, 55).map((number) => `more ${number}`);
  for (const { page } of [ada, bob]) assert.deepEqual((await chat.texts(page)).slice(-55), wanted);
  assert.equal(await bob.page.title(), 'ichat');
  await everybody(({ page }) => page.waitForSelector(id('reconnecting'), { state: 'detached' }));
});

step('unread counts outlive the page, count what came while it was closed, and are those of all its tabs', async () => {
  const contact = `contact-${ada.userId}`;
  const { page, context } = bob;
  await page.click(id(`contact-${chen.userId}`));
  await chat.sendByRest(server, ada, contactId, 'seen by nobody');
  await waitUnread(page, contact, 1);
  await page.goto('about:blank');
  await chat.write(ada.page, 'to a closed page');
  await chat.waitText(ada.page, 'to a closed page');
  const tab = await context.newPage();
  for (const shown of [page, tab]) {
    await shown.goto('/');
    await waitUnread(shown, contact, 2);
    await waitLast(shown, contact, 'to a closed page');
    assert.equal(await shown.title(), '(2) ichat');
  }
  await chat.openContact(tab, ada.userId);
  await noUnread(page, contact);
  assert.equal(await page.title(), 'ichat');
  await tab.close();
});

step('three in a group', async () => {
  await everybody(({ page }) => chat.openGroup(page, groupId));
  for (const { name, page } of [ada, bob, chen]) {
    await chat.write(page, `I am ${name}`);
    await everybody((other) => chat.waitText(other.page, `I am ${name}`));
  }
  await assertSame(ada.page, bob.page, chen.page);
  assert.match(await chen.page.locator(id('message')).first().innerText(), /\bAda\n+I am Ada/);
  await ada.page.click(id('show-members'));
  assert.equal(await ada.page.locator(`${id('member-list')} li`).count(), 3);
  await ada.page.keyboard.press('Escape');
});

const entry = (page, status) => page.locator(`${id('call-entry')}[data-status="${status}"]`).last();

step('a call stands in the conversation, lets one come back, and says how long it was', async () => {
  await ada.page.click(id('start-call'));
  await ada.page.click(id('start-group-call'));
  await ui.waitInCall(ada.page);
  await entry(bob.page, 2).waitFor();
  for (const { page } of [bob, chen]) await ui.acceptCall(page);
  await ui.waitStatus(ada.page, 'call.live');
  await ui.hangUp(chen.page);
  await ui.click(chen.page, 'back-home');
  await chat.openGroup(chen.page, groupId);
  await entry(chen.page, 3).waitFor();
  await chen.page.click(id('join-call'));
  await ui.waitInCall(chen.page);
  await ui.hangUp(ada.page);
  await ui.hangUp(bob.page);
  assert.equal(await ui.waitEnded(chen.page), '1');
  for (const { page } of [ada, bob, chen]) {
    await ui.click(page, 'back-home');
    await chat.openGroup(page, groupId);
    await entry(page, 4).waitFor();
    assert.match(await entry(page, 4).innerText(), /^Call, \d+:\d\d$/);
    assert.equal(await page.locator(id('join-call')).count(), 0);
    assert.equal(await page.locator(id('call-entry')).count(), 1);
  }
});

step('a declined call says so', async () => {
  await ui.callContact(ada.page, bob.userId);
  await bob.page.click(id('reject-call'));
  assert.equal(await ui.waitEnded(ada.page), '2');
  await chat.openContact(bob.page, ada.userId);
  await entry(bob.page, 4).waitFor();
  assert.equal(await entry(bob.page, 4).innerText(), 'Call declined');
  await ui.click(ada.page, 'back-home');
});

step('who declined cannot join from the conversation, and is told so', async () => {
  await ui.callGroup(ada.page, 'Friends');
  await ui.waitFor(chen.page, 'incoming-call');
  await bob.page.click(id('reject-call'));
  await chat.openGroup(bob.page, groupId);
  await bob.page.click(id('join-call'));
  assert.equal(await ui.waitEnded(bob.page), 'refused');
  await ui.click(bob.page, 'back-home');
  await ui.hangUp(ada.page);
  await ui.waitFor(chen.page, 'incoming-call', { state: 'detached' });
  await ui.click(ada.page, 'back-home');
});

step('a name and a picture of oneself', async () => {
  await ada.page.click(id('open-profile'));
  await ada.page.setInputFiles(id('avatar-input'), picture(400, 300));
  await ada.page.waitForSelector(`${id('choose-avatar')}[data-avatar^="file/"]`);
  await ada.page.fill(id('profile-nickname'), 'Ada L.');
  await ada.page.click(id('save-profile'));
  await ada.page.waitForSelector(id('save-profile'), { state: 'detached' });
  assert.equal(await ada.page.innerText(id('my-name')), 'Ada L.');
  await bob.page.reload();
  const image = bob.page.locator(`${id(`contact-${ada.userId}`)} img`);
  await image.waitFor();
  assert.match(await bob.page.innerText(id(`contact-${ada.userId}`)), /Ada L\./);
  assert.equal(await bob.page.title(), 'ichat', 'what was read before the reload is read');
  await bob.page.waitForFunction((element) => element.naturalWidth === 256, await image.elementHandle());
});

/** Fills in the dialog for a new password and confirms it. */
async function changePassword(page, oldPassword, newPassword, repeated = newPassword) {
  const entered = { 'old-password': oldPassword, 'new-password': newPassword, 'repeat-password': repeated };
  for (const [field, text] of Object.entries(entered)) await page.fill(id(field), text);
  await page.click(id('save-password'));
}

step('a new password ends the other logins, which go on with their unread counts after the next login', async () => {
  const contact = `contact-${ada.userId}`;
  const tablet = await newPerson(browser, server);
  await ui.logIn(tablet.page, 'chen');
  await ui.waitFor(tablet.page, contact);
  const { page } = chen;
  await page.click(id('open-profile'));
  await page.click(id('change-password'));
  await changePassword(page, 'a wrong one', 'short', 'other');
  await page.getByText('6 to 20 characters').waitFor();
  await page.getByText('The two passwords differ').waitFor();
  await changePassword(page, 'a wrong one', 'new-secret');
  await page.getByText('This is not the present password.').waitFor();
  await changePassword(page, api.PASSWORD, 'new-secret');
  await page.getByText('The password was changed.').waitFor();
  await page.waitForSelector(id('save-password'), { state: 'detached' });
  await ui.waitFor(tablet.page, 'login-form');
  const { contactId } = await api.contactOf(server, ada, (other) => other.userId === chen.userId);
  await chat.sendByRest(server, ada, contactId, 'while you were out');
  await chat.sendByRest(server, ada, contactId, 'and once more');
  await waitLast(page, contact, 'and once more'); // this login is there as before
  await ui.logIn(tablet.page, 'chen', 'new-secret');
  await waitUnread(tablet.page, contact, 2);
  await tablet.page.click(id('logout'));
  await ui.waitFor(tablet.page, 'login-form');
  assert.equal(await tablet.page.evaluate(() => localStorage.getItem('ichat.unread')), null);
  await tablet.context.close();
});

step('Chinese, and a phone: list and conversation are views of their own', async () => {
  const { page } = chen;
  await page.evaluate(() => localStorage.setItem('ichat.language', 'zh'));
  await page.setViewportSize({ width: 390, height: 780 });
  await page.goto('/');
  await page.click(id(`contact-${bob.userId}`));
  await chat.waitText(page, 'the newest');
  assert.equal(await page.getAttribute(id('message-input'), 'placeholder'), '输入消息');
  assert.equal(await page.isVisible(id('contact-list')), false);
  const wide = await page.evaluate(() => document.documentElement.scrollWidth > innerWidth);
  assert.equal(wide, false, 'nothing is wider than the phone');
  await page.click(id('chat-back'));
  assert.equal(await page.isVisible(id('contact-list')), true);
  assert.equal(await page.isVisible(id('conversation')), false);
  await page.click(id('open-profile'));
  await page.click(id('change-password'));
  await changePassword(page, 'a wrong one', 'new-secret');
  await page.getByText('用户名或密码错误').waitFor(); // the server's own words
});
