import { describe, expect, it } from 'vitest';
import type { Context } from '../../../src/kernel/context.js';
import { aggregate } from '../../../src/proxy/aggregate.js';
import { Loader, type LoaderOptions } from '../../../src/proxy/loader.js';
import { optional, part } from '../../../src/proxy/part.js';
import { Timeout } from '../../../src/resilience/timeout.js';

function setUp(options?: LoaderOptions) {
  const batches: (readonly number[])[] = [];
  const squares = new Loader(async (keys: readonly number[]) => {
    batches.push(keys);
    return keys.map(key => key * key);
  }, options);
  return { batches, squares };
}

const failing = new Error('asleep');

describe('Loader', () => {
  it('asks once for each key, in one batch, for all parts of an answer', async () => {
    const { batches, squares } = setUp();
    const page = aggregate({
      a: context => squares.load(2, context),
      b: context => squares.load(3, context),
      c: part(async context => (await squares.load(2, context)) + 1, {
        policy: new Timeout({ timeoutMs: 9 }),
      }),
      d: async context => squares.load(4, await Promise.resolve(context)),
    });
    expect((await page.execute()).data).toEqual({ a: 4, b: 9, c: 5, d: 16 });
    expect(batches).toEqual([[2, 3, 4]]);
  });

  it('remembers within an answer, and in no other', async () => {
    const { batches, squares } = setUp();
    const first = part(context => squares.load(2, context));
    const second = part({ first }, context => squares.load(2, context));
    const page = aggregate({ second });
    await page.execute();
    await page.execute();
    expect(batches).toEqual([[2], [2]]);
  });

  it('shares what an answer within an answer loads', async () => {
    const { batches, squares } = setUp();
    const inner = aggregate({ a: context => squares.load(2, context) });
    const outer = aggregate({
      inner: context => inner.execute(undefined, context),
      b: context => squares.load(2, context),
    });
    await outer.execute();
    expect(batches).toEqual([[2]]);
  });

  it('cuts what is asked into batches of the size that it was told', async () => {
    const { batches, squares } = setUp({ maxBatch: 2 });
    const all = (context: Context) => Promise.all([1, 2, 3, 4, 5].map(key => squares.load(key, context)));
    expect((await aggregate({ all }).execute()).data.all).toEqual([1, 4, 9, 16, 25]);
    expect(batches).toEqual([[1, 2], [3, 4], [5]]);
  });

  it('asks anew for what it has no room to remember', async () => {
    const { batches, squares } = setUp({ maxKeys: 1 });
    const all = (context: Context) => Promise.all([1, 2, 2, 1].map(key => squares.load(key, context)));
    expect((await aggregate({ all }).execute()).data.all).toEqual([1, 4, 4, 1]);
    expect(batches).toEqual([[1, 2, 2]]);
  });

  it('fails one key by an error in its place, and all by one that is thrown', async () => {
    const some = new Loader((keys: readonly number[]) => keys.map(key => (key === 1 ? failing : key)));
    const page = aggregate({ a: optional(c => some.load(1, c)), b: c => some.load(2, c) });
    const answer = await page.execute();
    expect(answer.data).toEqual({ a: undefined, b: 2 });
    expect(answer.missing).toMatchObject([{ part: 'a', error: failing }]);
    const none = new Loader<number, number>(() => {
      throw failing;
    });
    await expect(aggregate({ a: c => none.load(1, c) }).execute()).rejects.toBe(failing);
  });

  it.each<[unknown, string]>([
    [[1], 'must answer 2 values in a list, got 1 values'],
    [{}, 'must answer 2 values in a list, got object'],
  ])('refuses a batch that answers %j', async (values, message) => {
    const loader = new Loader<number, number>(() => values as number[]);
    const page = aggregate({ a: c => Promise.all([loader.load(1, c), loader.load(2, c)]) });
    await expect(page.execute()).rejects.toThrow(message);
  });

  it('refuses a context of no part, and options that are none', async () => {
    const { squares } = setUp();
    const timeout = new Timeout({ timeoutMs: 9 });
    await expect(timeout.execute(context => squares.load(1, context))).rejects.toThrow(TypeError);
    await expect(squares.load(1, {} as Context)).rejects.toThrow('that of a part of an aggregate');
    expect(() => new Loader(7 as never)).toThrow('`load` must be a function');
    expect(() => new Loader(() => [], { maxBatch: 0 })).toThrow('`maxBatch` must be an integer');
  });
});
