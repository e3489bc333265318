import { AxiosError, AxiosHeaders } from 'axios';
import { expect, test } from 'vitest';
import { NETWORK_ERROR, openEnvelope, toApiError } from './http';

test('the envelope gives its data, also when that is empty', () => {
  expect(openEnvelope({ code: 200, status: 'ok', data: [1] })).toEqual([1]);
  expect(openEnvelope({ code: 200, status: 'ok', data: 0 })).toBe(0);
  expect(openEnvelope({ code: 200, status: 'ok', data: null })).toBeNull();
});

test('anything else is an error', () => {
  expect(() => openEnvelope({ code: 1001, status: 'error', message: 'x' })).toThrow('x');
  expect(() => openEnvelope('<html>')).toThrow();
});

test('a failed request keeps the code of the server', () => {
  const config = { headers: new AxiosHeaders() };
  const response = { data: { code: 2002, message: 'm', status: 'error' }, status: 500, statusText: '', headers: {}, config };
  expect(toApiError(new AxiosError('boom', 'E', config, null, response))).toMatchObject({ code: 2002, message: 'm' });
  expect(toApiError(new AxiosError('boom'))).toMatchObject({ code: NETWORK_ERROR });
  expect(toApiError(new Error('odd'))).toMatchObject({ code: NETWORK_ERROR });
});
