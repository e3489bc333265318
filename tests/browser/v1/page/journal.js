// What happened in this page, for the tests: counts by kind, and the latest entries with their times.
const LIMIT = 3000;

export const entries = [];
export const counts = {};

export function note(kind, detail = '') {
  console.debug(`v1 ${Math.round(performance.now())} ${kind} ${detail}`); // kept with a failed test
  counts[kind] = (counts[kind] ?? 0) + 1;
  entries.push({ ms: Math.round(performance.now()), kind, detail: String(detail) });
  if (entries.length > LIMIT) entries.shift();
}

addEventListener('unhandledrejection', ({ reason }) => note('unhandled-rejection', reason));
addEventListener('error', (event) => note('uncaught', event.message));
