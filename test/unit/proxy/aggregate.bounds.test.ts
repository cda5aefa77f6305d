import { describe, expect, it } from 'vitest';
import { aggregate } from '../../../src/proxy/aggregate.js';
import { optional, type Part, type Parts, part } from '../../../src/proxy/part.js';
import { settle } from '../../../src/testing/settle.js';

const failing = new Error('asleep');

describe('many parts', () => {
  it('run so many at a time, and no more (AG1)', async () => {
    let running = 0;
    let most = 0;
    const one = async () => {
      most = Math.max(most, ++running);
      await undefined;
      running--;
      return 1;
    };
    const parts = Object.fromEntries(Array.from({ length: 10_000 }, (_, at) => [`p${at}`, () => one()]));
    const { data } = await aggregate(parts, { concurrency: 8 }).execute();
    expect(Object.keys(data)).toHaveLength(10_000);
    expect(Object.keys(data).slice(0, 2)).toEqual(['p0', 'p1']);
    expect(most).toBe(8);
  }, 60_000);

  it('are not begun any more once one has failed', async () => {
    let begun = 0;
    const parts = Object.fromEntries(
      Array.from({ length: 1_000 }, (_, at) => [
        `p${at}`,
        async () => {
          begun++;
          if (at === 3) throw failing;
        },
      ]),
    );
    await expect(aggregate(parts, { concurrency: 4 }).execute()).rejects.toBe(failing);
    await settle();
    expect(begun).toBeLessThan(10);
  });
});

describe('aggregate refuses', () => {
  it.each<[unknown, object, string]>([
    [{}, {}, '`parts` must be an object with at least one part'],
    [null, {}, '`parts` must be an object with at least one part'],
    [JSON.parse('{"__proto__":1}'), {}, '`parts` must be named otherwise'],
    [{ a: 7 }, {}, '`a` must be a function, or what `part` or `optional` made, got 7'],
    [{ a: () => 1 }, { timeoutMs: 0 }, '`timeoutMs` must be a number > 0, or Infinity, got 0'],
    [{ a: () => 1 }, { reserveMs: -1 }, '`reserveMs` must be a number >= 0, got -1'],
    [{ a: () => 1 }, { concurrency: 1.5 }, '`concurrency` must be an integer >= 1 <= 10000, got 1.5'],
    [{ a: () => 1 }, { concurency: 1 }, 'unknown option `concurency`'],
  ])('%j with %j', (parts, options, message) => {
    expect(() => aggregate(parts as Parts, options)).toThrow(message);
  });

  it('parts that need each other in a circle, by their names', () => {
    const order: Part<number, unknown> = part(
      (): Parts => ({ user }),
      () => 1,
    );
    const user = part({ order }, () => 2);
    expect(() => aggregate({ user })).toThrow(
      'aggregate: `needs` must be free of circles, got "user -> order -> user"',
    );
  });

  it('a part that is none', () => {
    expect(() => part(7 as never)).toThrow('part: `run` must be a function, got 7');
    expect(() => part(() => 1, { timeoutMs: 0 })).toThrow('`timeoutMs` must be');
    expect(() => part(() => 1, { policy: {} as never })).toThrow('part: `policy` must be a policy');
    expect(() => optional(7 as never)).toThrow(
      'optional: `part` must be a function, or what `part` made, got 7',
    );
    expect(() => aggregate({ a: part(7 as never, () => 1) })).toThrow(
      'part: `needs` must be an object of parts',
    );
  });
});

describe('aggregate tells', () => {
  it('how it was made', () => {
    const user = part(() => 1, { timeoutMs: 5 });
    const page = aggregate({ user, tips: optional(part({ user }, () => 2)) }, { timeoutMs: Infinity });
    expect(page.describe()).toEqual({
      kind: 'aggregate',
      name: 'aggregate',
      timeoutMs: null,
      reserveMs: 0,
      concurrency: 16,
      parts: [
        { part: 'user', optional: false, needs: [], timeoutMs: 5 },
        { part: 'tips', optional: true, needs: ['user'], timeoutMs: null },
      ],
    });
  });

  it('what it has done', async () => {
    const page = aggregate({ a: optional((_, ok: boolean) => (ok ? 1 : Promise.reject<number>(failing))) });
    await Promise.all([page.execute(true), page.execute(false)]);
    expect(page.snapshot()).toEqual({ name: 'aggregate', running: 0, complete: 1, partial: 1, failed: 0 });
  });
});
