// What the client takes from a browser and older nodes lack, for unit tests. Import it first.
const kept = new Map<string, string>();

function randomValues(list: Uint32Array): Uint32Array {
  return list.map(() => Math.floor(Math.random() * 2 ** 32));
}

/** Those that are missing; what node has itself stays. */
function define(name: string, value: object): void {
  if (!(name in globalThis)) Object.defineProperty(globalThis, name, { value, configurable: true });
}

define('localStorage', {
  getItem: (key: string) => kept.get(key) ?? null,
  setItem: (key: string, value: string) => void kept.set(key, value),
  removeItem: (key: string) => void kept.delete(key),
});
define('navigator', { languages: ['en'] });
define('crypto', { getRandomValues: randomValues });
