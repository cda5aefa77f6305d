import { describe, expect, it } from 'vitest';
import type { StandardSchema } from '../../../src/kernel/standard-schema.js';
import { topic } from '../../../src/messaging/topic.js';

const standard = <T>(validate: (value: unknown) => never): StandardSchema<T, T> => ({
  '~standard': { version: 1, vendor: 'test', validate },
});

const even = standard<number>(((value: unknown) => {
  if (typeof value === 'number' && value % 2 === 0) return { value };
  return { issues: [{ message: 'must be even' }] };
}) as never);

describe('topic', () => {
  it.each([
    ['', {}, 'a topic must be dot separated tokens of A-Z, a-z, 0-9, `_` and `-`, got ""'],
    ['a..b', {}, 'got "a..b"'],
    ['a.*', {}, 'got "a.*"'],
    ['x'.repeat(256), {}, 'a topic must be at most 255 characters long'],
    ['a', { version: 0 }, 'topic: `version` must be an integer >= 1, got 0'],
    ['a', { version: 1.5 }, 'got 1.5'],
    ['a', { schema: {} }, 'topic: `schema` must be a Standard Schema, got an object'],
    ['a', { key: 'id' }, 'topic: `key` must be a function, got "id"'],
    ['a', { kee: 1 }, 'unknown option `kee`'],
    ['a', { version: 2, upcast: { 2: () => 0 } }, '`upcast` must be versions from 1 to 1, got 2'],
    ['a', { version: 2, upcast: { 1: 'x' } }, '`upcast.1` must be a function, got "x"'],
    ['a', { version: 4, upcast: { 1: () => 0, 3: () => 0 } }, '`upcast` must have 2, between 1 and 4'],
  ])('refuses %s with %o', (name, options, message) => {
    expect(() => topic(name, options as never)).toThrow(message);
  });

  it('checks what goes out and what comes in', async () => {
    const numbers = topic('numbers', { schema: even });
    expect(numbers.check(2)).toBe(undefined);
    expect(() => numbers.check(3)).toThrow('numbers: must be even');
    expect(numbers.read(4, 1)).toBe(4);
    expect(() => numbers.read('4', 1)).toThrow('numbers: must be even');
  });

  it('waits for a schema that takes its time', async () => {
    const slow = standard<number>((async (value: unknown) =>
      value === 1 ? { value } : { issues: [{ message: 'must be 1' }] }) as never);
    const ones = topic('ones', { schema: slow });
    await expect(ones.check(1)).resolves.toBe(undefined);
    await expect(ones.check(2)).rejects.toMatchObject({ code: 'ERR_INVALID_MESSAGE' });
    await expect(ones.read(1, 1)).resolves.toBe(1);
    await expect(ones.read(2, 1)).rejects.toThrow('ones: must be 1');
  });

  it('leads old versions up to the present one, and then checks', () => {
    const upcast = { 1: (n: number) => n + 1, 2: (n: number) => n * 10 };
    const numbers = topic('numbers', { schema: even, version: 3, upcast });
    expect([numbers.read(3, 1), numbers.read(3, 2), numbers.read(6, 3)]).toEqual([40, 30, 6]);
    expect(() => numbers.read(3, 4)).toThrow('numbers: version 4 cannot be read, known is 1 to 3');
    expect(() => numbers.read(3, 0)).toThrow('version 0 cannot be read');
    expect(numbers.describe()).toEqual({ topic: 'numbers', version: 3, oldest: 1 });
  });

  it('says which step failed', () => {
    const upcast = {
      1: () => {
        throw new Error('gone');
      },
    };
    const numbers = topic<number>('numbers', { version: 2, upcast });
    expect(() => numbers.read(1, 1)).toThrow('numbers: version 1 cannot be made 2');
    expect(() => topic('only', { version: 2 }).read(1, 1)).toThrow('version 1 cannot be read, known is 2');
  });

  it('keeps to a key that is a text', () => {
    const orders = topic<{ id: string }>('orders', { key: ({ id }) => id });
    expect(orders.keyOf({ id: 'a' })).toBe('a');
    expect(topic('none').keyOf(1 as never)).toBe(undefined);
    expect(() => orders.keyOf({ id: 7 as never })).toThrow('`key` must be a function to a string, got 7');
  });
});
