// Members of a call who use the v1 page, each behind an origin of his own.
import { newPerson } from '../../lib/browser.mjs';
import { request } from '../../lib/api.mjs';
import { startSite } from './site.mjs';

// Far enough apart to be told apart after any codec; the sound's are no multiples of each other.
const COLOURS = [[220, 30, 30], [30, 160, 30], [40, 60, 230], [210, 170, 20], [150, 40, 170]];
const TONES = [310, 470, 710, 1070, 1490];

/** Opens a page for `login` on no call yet. `index` chooses his colour and tone. */
export async function newV1Person(browser, server, login, index) {
  const site = await startSite(server.url);
  const person = await newPerson(browser, { url: site.url }, { login, viewport: { width: 700, height: 300 } });
  const colour = COLOURS[index];
  await person.page.goto('/');
  await person.page.waitForFunction(() => window.__v1);
  return { ...login, ...person, site, colour, tone: TONES[index] };
}

export async function closePerson({ context, site }) {
  await context.close();
  await site.stop();
}

/** Calls everyone of `others` out of the caller's contact row; gives the callId. */
export function createCall(server, caller, contact, others) {
  const body = { contactId: contact.contactId, userIds: others.map(({ userId }) => userId) };
  return request(server, 'POST', '/call', { token: caller.token, body });
}

/** Enters the call as its page does; `devices` takes the sound from the fake microphone instead of the own tone. */
export async function enter({ page, colour, tone }, callId, { devices = false, media, iceServers } = {}) {
  const options = { callId, colour: `rgb(${colour.join()})`, media, iceServers, ...(devices ? {} : { tone }) };
  await page.evaluate((given) => window.__v1.join(given), options);
}

/** Waits for the first states: media that are ready before them reach no connection. */
export const waitStates = ({ page }) => page.waitForFunction(() => Object.keys(window.__v1.states()).length > 0);

/** Microphone and camera. */
export async function turnOn(person) {
  await waitStates(person);
  await setMic(person, true);
  await setVideo(person, 'camera');
}

/** Without a look at what happened in it: checks.mjs has that. */
export async function reloadPage({ page }) {
  await page.reload();
  await page.waitForFunction(() => window.__v1);
}

export const hangUp = ({ page }) => page.evaluate(() => window.__v1.hangup());
export const setMic = ({ page }, on) => page.evaluate((value) => window.__v1.setMic(value), on);
export const setVideo = ({ page }, source) => page.evaluate((value) => window.__v1.setVideo(value), source);
export const stats = async ({ page }) => JSON.parse(await page.evaluate(() => window.__v1.stats()));
export const status = ({ page }) => page.evaluate(() => window.__v1.status());
export const journal = ({ page }) => page.evaluate(() => window.__v1.journal());

export async function waitEnded({ page }) {
  await page.waitForFunction(() => window.__v1.status().endReason !== null);
  return (await page.evaluate(() => window.__v1.status())).endReason;
}

/** Waits until the page was told that `userId` is in `state`. */
export const waitState = ({ page }, userId, state, options) =>
  page.waitForFunction(([id, value]) => window.__v1.states()[id] === value, [userId, state], options);
