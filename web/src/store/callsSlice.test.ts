import { expect, test } from 'vitest';
import type { Message } from '../api/types';
import { callMessage, callSettled, callsReducer, membersOf } from './callsSlice';

const ME = 20;

function message(callId: number, status: number, members = '[19,20]', callerId = 19): Message {
  const call = { callId, callerId, messageId: 1, members, status, endReason: 0, handled: false };
  return { messageId: 1, roomId: 5, type: 3, call } as unknown as Message;
}

const run = (...actions: Parameters<typeof callsReducer>[1][]) => actions.reduce(callsReducer, undefined)!;
const arrives = (...args: Parameters<typeof message>) => callMessage({ message: message(...args), me: ME });
const ringing = (state: ReturnType<typeof run>) => state.ringing.map((call) => call.callId);

test('a call rings when ready, once, and stops at its end', () => {
  expect(ringing(run(arrives(7, 1)))).toEqual([]);
  expect(ringing(run(arrives(7, 1), arrives(7, 2), arrives(7, 3)))).toEqual([7]);
  expect(ringing(run(arrives(7, 2), arrives(7, 4)))).toEqual([]);
});

test('a call already active rings as well', () => {
  expect(ringing(run(arrives(7, 3)))).toEqual([7]);
});

test('own calls and calls of others do not ring', () => {
  expect(ringing(run(arrives(7, 2, '[20,19]', ME)))).toEqual([]);
  expect(ringing(run(arrives(7, 2, '[19,21]')))).toEqual([]);
});

test('what was answered here or elsewhere does not ring again', () => {
  expect(ringing(run(arrives(7, 2), callSettled(7), arrives(7, 3)))).toEqual([]);
  expect(ringing(run(callSettled(7), arrives(7, 2), arrives(8, 2)))).toEqual([8]);
});

test.each([
  ['[1,2,3]', [1, 2, 3]],
  ['', []],
  ['{}', []],
  ['[1,"x"]', [1]],
])('members %j', (members, expected) => {
  expect(membersOf({ members })).toEqual(expected);
});
