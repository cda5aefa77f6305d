import { expect, it } from 'vitest';
import { isUnreached } from '../../../src/kernel/unreached.js';

it.each([
  ...['ECONNREFUSED', 'ENOTFOUND', 'EAI_AGAIN', 'EHOSTUNREACH', 'ENETUNREACH', 'UND_ERR_CONNECT_TIMEOUT'],
])('an error of the code %s came before anything was reached', code => {
  expect(isUnreached(Object.assign(new Error('x'), { code }))).toBe(true);
  expect(isUnreached({ code })).toBe(true);
});

it.each([[undefined], [null], ['ECONNREFUSED'], [{}], [{ code: 'ECONNRESET' }], [{ code: undefined }]])(
  '%o may have reached something',
  error => {
    expect(isUnreached(error)).toBe(false);
  },
);
