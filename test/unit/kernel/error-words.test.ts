import { expect, it } from 'vitest';
import { errorText } from '../../../src/kernel/error-words.js';

class Hostile extends Error {
  override get message(): string {
    throw new Error('no');
  }
}

it.each<[what: string, thrown: unknown, words: object]>([
  ['an error', new TypeError('no'), { name: 'TypeError', message: 'no' }],
  [
    'one with a code',
    Object.assign(new Error('no'), { code: 'E1' }),
    { name: 'Error', message: 'no', code: 'E1' },
  ],
  [
    'one with a code that is no text',
    Object.assign(new Error('no'), { code: 5 }),
    { name: 'Error', message: 'no' },
  ],
  ['a text', 'no', { name: 'string', message: '"no"' }],
  ['nothing', undefined, { name: 'undefined', message: 'undefined' }],
  ['a symbol', Symbol('s'), { name: 'symbol', message: 'Symbol(s)' }],
  ['an object with a code', { code: 'E2' }, { name: 'object', message: 'an object', code: 'E2' }],
  [
    'one that cannot be read',
    () => new Hostile(),
    { name: 'unknown', message: 'an error that cannot be shown' },
  ],
  [
    'a long one',
    Object.assign(new Error('m'.repeat(5_000)), { name: 'n'.repeat(500), code: 'c'.repeat(500) }),
    { name: 'n'.repeat(200), message: 'm'.repeat(1_000), code: 'c'.repeat(200) },
  ],
])('keeps of %s what is worth keeping', (_, thrown, words) => {
  expect(errorText(thrown instanceof Function ? thrown() : thrown)).toStrictEqual(words);
});
