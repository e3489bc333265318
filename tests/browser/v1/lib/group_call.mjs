// A group call of v1 pages on a server and in a browser of its own, for one test file.
import assert from 'node:assert/strict';
import * as api from '../../lib/api.mjs';
import { launchBrowser } from '../../lib/browser.mjs';
import { startServer } from '../../lib/server.mjs';
import * as v1 from './people.mjs';

const FPS = 6; // of the fake cameras: five pages in a mesh are twenty encoders
const NAMES = ['Ada', 'Bob', 'Cai', 'Dee', 'Eve'];

/** The server, the browser, the people in the order of their user ids. `env` configures the server. */
export async function startGroup(count, env) {
  const server = await startServer(env);
  const browser = await launchBrowser({ fps: FPS });
  const users = [];
  for (const name of NAMES.slice(0, count)) users.push(await api.makeUser(server, name));
  const contact = await api.makeGroup(server, users, 'All');
  const people = [];
  for (const [index, login] of users.entries()) people.push(await v1.newV1Person(browser, server, login, index));

  return {
    server,
    browser,
    people,
    contact,
    others: (...persons) => people.filter((other) => !persons.includes(other)),
    /** The first one calls everybody else; gives the callId. */
    call: () => v1.createCall(server, people[0], contact, people.slice(1)),
    async stop() {
      await Promise.all(people.map(v1.closePerson));
      await browser.close();
      const ended = await server.stop();
      assert.equal(ended.code, 0, `ichatd ended cleanly:\n${ended.log}`);
    },
  };
}
