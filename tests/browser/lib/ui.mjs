// What a person does in the pages of the client, by the labels and test ids that they carry.
import { PASSWORD } from './api.mjs';

const id = (name) => `[data-testid="${name}"]`;

export async function register(page, username, nickname) {
  await page.goto('/register');
  await page.fill(id('username'), username);
  await page.fill(id('nickname'), nickname);
  await page.fill(id('password'), PASSWORD);
  await page.click(id('submit'));
  await page.waitForSelector(id('home'));
  return page.evaluate(() => Number(localStorage.getItem('loginUserId')));
}

export async function logIn(page, username, password = PASSWORD) {
  if (!page.url().endsWith('/login')) await page.goto('/login');
  await page.fill(id('username'), username);
  await page.fill(id('password'), password);
  await page.click(id('submit'));
  await page.waitForSelector(id('home'));
}

export async function askForContact(page, username, userId) {
  await page.click(id('add-contact'));
  await page.fill(id('search-input'), username);
  await page.press(id('search-input'), 'Enter');
  await page.click(id(`add-${userId}`));
  await page.waitForSelector(id(`asked-${userId}`));
  await page.getByRole('button', { name: 'Close', exact: true }).click();
  await page.waitForSelector(id('search-input'), { state: 'detached' });
}

export async function acceptContact(page, userId) {
  await page.click(id(`accept-${userId}`));
  await page.waitForSelector(id(`contact-${userId}`));
}

export async function makeGroup(page, name, userIds) {
  await page.click(id('new-group'));
  await page.fill(id('group-name'), name);
  for (const userId of userIds) await page.click(id(`pick-${userId}`));
  await page.click(id('create-group'));
  await waitForGroup(page, name);
}

export async function waitForGroup(page, name) {
  await page.waitForSelector(`[data-testid^="group-"]:has-text("${name}")`);
}

export async function callGroup(page, name) {
  await page.click(`[data-testid^="group-"]:has-text("${name}")`);
  await page.click(id('start-call'));
  await page.click(id('start-group-call'));
  await waitInCall(page);
  return Number(new URL(page.url()).pathname.split('/').pop());
}

export async function callContact(page, userId) {
  await page.click(id(`contact-${userId}`));
  await page.click(id('start-call'));
  await waitInCall(page);
}

export async function acceptCall(page) {
  await page.click(id('accept-call'));
  await waitInCall(page);
}

export async function waitInCall(page) {
  await page.waitForSelector(`${id('call-page')}[data-phase="live"]`);
}

export async function hangUp(page) {
  await page.click(id('hangup'));
  await page.waitForSelector(id('call-end'));
}

/** Waits for the end page and gives its reason. */
export async function waitEnded(page) {
  const end = await page.waitForSelector(id('call-end'));
  return end.getAttribute('data-reason');
}

export const waitFor = (page, name, options) => page.waitForSelector(id(name), options);
export const click = (page, name) => page.click(id(name));
export const waitStatus = (page, status, options) =>
  page.waitForSelector(`${id('call-status')}[data-status="${status}"]`, options);
