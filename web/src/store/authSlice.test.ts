import { afterEach, expect, test, vi } from 'vitest';
import '../testing/browser';
import { authReducer, keepAuth, loggedIn } from './authSlice';
import { settingsReducer } from './settingsSlice';

const none = { type: 'none' } as never;
const login = { token: 't', userId: 19 };

afterEach(() => vi.restoreAllMocks());

test('a login is there again after a reload, until it ends', () => {
  keepAuth(authReducer(undefined, loggedIn(login)));
  expect(authReducer(undefined, none)).toEqual(login);
  keepAuth({ token: '', userId: 0 });
  expect(authReducer(undefined, none)).toEqual({ token: '', userId: 0 });
});

test('without the storage of the browser a login lasts as long as the page', () => {
  const blocked = () => {
    throw new DOMException('no', 'SecurityError');
  };
  for (const name of ['getItem', 'setItem', 'removeItem'] as const) vi.spyOn(localStorage, name).mockImplementation(blocked);
  expect(settingsReducer(undefined, none)).toEqual({ language: 'en', quality: 'standard', sound: true });
  const auth = authReducer(authReducer(undefined, none), loggedIn(login));
  keepAuth(auth);
  expect(auth).toEqual(login);
  keepAuth({ token: '', userId: 0 });
});
