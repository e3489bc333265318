// Tests of one file that build on each other: after a failure the rest is skipped, and the pages are kept as pictures.
import { mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';

const OUT = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '../out');

/** `context()` gives what to keep of a failure: the people with their pages, and the server. */
export function makeSteps(prefix, context) {
  let broken = false;
  return (name, run, options = {}) =>
    test(name, options, async (t) => {
      if (broken) return t.skip('an earlier step failed');
      try {
        await run(t);
      } catch (error) {
        broken = true;
        await keep(prefix, context()).catch((reason) => t.diagnostic(`no pictures: ${reason}`));
        throw error;
      }
    });
}

async function keep(prefix, { people, server }) {
  await mkdir(OUT, { recursive: true });
  await writeFile(path.join(OUT, `${prefix}-server.log`), server?.log() ?? '');
  for (const [index, { page, console }] of people.entries()) {
    await writeFile(path.join(OUT, `${prefix}-${index}.log`), console.join('\n'));
    if (!page.isClosed()) await page.screenshot({ path: path.join(OUT, `${prefix}-${index}.png`), timeout: 5_000 });
  }
}
