import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { plainCopy, shortText } from '../../../src/observe/plain-copy.js';

const anything = fc.anything({
  withBigInt: true,
  withBoxedValues: true,
  withDate: true,
  withMap: true,
  withSet: true,
  withNullPrototype: true,
  withObjectString: true,
  withSparseArray: true,
  withTypedArray: true,
  maxDepth: 8,
});
const bounds = { maxDepth: 4, maxValues: 50, maxText: 20 };

function measure(value: unknown, depth = 0): { depth: number; values: number; text: number } {
  if (typeof value === 'string') return { depth, values: 1, text: value.length };
  if (typeof value !== 'object' || value === null) return { depth, values: 1, text: 0 };
  const parts = Object.values(value).map(part => measure(part, depth + 1));
  return {
    depth: Math.max(depth, ...parts.map(part => part.depth)),
    values: 1 + parts.reduce((sum, part) => sum + part.values, 0),
    text: Math.max(0, ...Object.keys(value).map(key => key.length), ...parts.map(part => part.text)),
  };
}

describe('a plain copy', () => {
  it('is JSON, within its bounds, of anything whatsoever', () => {
    fc.assert(
      fc.property(anything, value => {
        const copy = plainCopy(value, bounds);
        if (copy === undefined) return;
        expect(JSON.parse(JSON.stringify(copy))).toEqual(copy);
        const { depth, values, text } = measure(copy);
        expect(depth).toBeLessThanOrEqual(bounds.maxDepth + 1);
        // Each list and object may end in one sign more.
        expect(values).toBeLessThanOrEqual(2 * bounds.maxValues + 2);
        expect(text).toBeLessThanOrEqual(1000);
      }),
    );
  });

  it('of what wants to do harm is a copy all the same', () => {
    const circle: Record<string, unknown> = { name: 'a' };
    circle['self'] = circle;
    expect(JSON.stringify(plainCopy(circle)).length).toBeLessThan(500);
    const harm = {
      get boom() {
        throw new Error('no');
      },
      ok: 1,
    };
    expect(plainCopy(harm)).toEqual({ boom: { error: { name: 'Error', message: 'no' } }, ok: 1 });
    const proxy = new Proxy(
      {},
      {
        ownKeys() {
          throw new RangeError('no keys');
        },
      },
    );
    expect(plainCopy({ proxy })).toEqual({ proxy: { error: { name: 'RangeError', message: 'no keys' } } });
    expect(plainCopy(JSON.parse('{"__proto__":{"a":1},"constructor":2,"b":3}'))).toEqual({ b: 3 });
    expect(plainCopy({ toJSON: () => 'short' })).toBe('short');
    expect(plainCopy({ describe: () => ({ kind: 'x' }) })).toEqual({ kind: 'x' });
    const wide = plainCopy(Array.from({ length: 1_000_000 }, (_, n) => n)) as unknown[];
    expect(wide.length).toBeLessThan(600);
    expect(wide.at(-1)).toBe('…');
    expect(plainCopy(new Error('x'.repeat(1_000_000)))).toMatchObject({ name: 'Error' });
  });

  it('cuts texts at whole characters', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme' }), fc.integer({ min: 1, max: 20 }), (text, most) => {
        const short = shortText(text, most);
        expect(short.length).toBeLessThanOrEqual(most + 1);
        expect(short).not.toMatch(/[\ud800-\udbff](?![\udc00-\udfff])/);
      }),
    );
  });
});
