// What a person does and sees in conversations, and a notification socket that breaks when a test says so.
import { request } from './api.mjs';

const id = (name) => `[data-testid="${name}"]`;

async function waitOpen(page) {
  await page.waitForSelector(`${id('messages')}[data-ready="true"]`);
}

export async function openContact(page, userId) {
  await page.click(id(`contact-${userId}`));
  await waitOpen(page);
}

export async function openGroup(page, groupId) {
  await page.click(id(`group-${groupId}`));
  await waitOpen(page);
}

export async function write(page, text) {
  await page.fill(id('message-input'), text);
  await page.press(id('message-input'), 'Enter');
}

export async function sendPicture(page, file) {
  await page.setInputFiles(id('picture-input'), file);
}

/** All rows that stand in the page, in order. */
export const shown = (page) =>
  page.$$eval(id('message'), (rows) =>
    rows.map((row) => ({
      messageId: Number(row.dataset.messageId),
      type: Number(row.dataset.type),
      state: row.dataset.state,
      text: row.querySelector('[data-testid="message-text"]')?.textContent ?? '',
    })),
  );

export const texts = async (page) => (await shown(page)).map((row) => row.text);

/** Waits until a confirmed message of this text stands in the page. */
export const waitText = (page, text) =>
  page.waitForFunction(
    (wanted) =>
      [...document.querySelectorAll('[data-testid="message"][data-state="sent"]')].some(
        (row) => row.querySelector('[data-testid="message-text"]')?.textContent === wanted,
      ),
    text,
  );

/** Waits until the page shows that many rows. */
export const waitRows = (page, count) =>
  page.waitForFunction(
    (wanted) => document.querySelectorAll('[data-testid="message"]').length === wanted,
    count,
  );

/** The last row of the page. */
export const lastRow = (page) => page.locator(id('message')).last();

export const sendByRest = (server, user, contactId, text) =>
  request(server, 'POST', '/chat/send', {
    token: user.token,
    body: { contactId, localId: '', text, image: '', thumbnail: '' },
  });

/** Before the page is loaded: puts the test between it and the notification socket. */
export async function controlNotifications(page) {
  const control = { hellos: [], isCut: false, open: new Set() };
  await page.routeWebSocket(/\/api\/ws\/notification/, (socket) => {
    if (control.isCut) return void socket.close();
    let isFirst = true;
    const server = socket.connectToServer();
    control.open.add(socket);
    const drop = () => {
      control.open.delete(socket);
      server.close();
      socket.close();
    };
    socket.onClose(drop);
    server.onClose(drop);
    server.onMessage((message) => {
      if (isFirst) control.hellos.push(String(message));
      isFirst = false;
      socket.send(message);
    });
    socket.drop = drop;
  });
  return {
    hellos: control.hellos,
    /** Breaks the socket, and any that follows, until `mend`. */
    async cut() {
      control.isCut = true;
      for (const socket of [...control.open]) socket.drop();
      await page.waitForSelector(id('reconnecting'));
    },
    async mend() {
      const count = control.hellos.length;
      control.isCut = false;
      await page.evaluate(() => dispatchEvent(new Event('online'))); // no use in waiting for the next attempt
      await page.waitForSelector(id('reconnecting'), { state: 'detached' });
      if (control.hellos.length === count) throw new Error('no new greeting');
    },
  };
}
