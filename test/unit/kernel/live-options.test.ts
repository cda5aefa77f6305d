import { describe, expect, it } from 'vitest';
import { updateOptions } from '../../../src/kernel/live-options.js';

class Purse {
  readonly name = 'purse';
}
const circle = (): unknown => {
  const round: Record<string, unknown> = { a: 1 };
  round['self'] = round;
  return round;
};

describe('an option that is updated', () => {
  const changed = (from: unknown, to: unknown): boolean => {
    let told = false;
    updateOptions(
      { owner: 'It', read: () => ({ option: from }), write: () => {}, tell: () => (told = true) } as never,
      {
        option: to,
      } as never,
    );
    return told;
  };
  const same = new Purse();

  it.each([
    [Number.NaN, Number.NaN],
    [{ maxMs: Infinity }, { maxMs: Infinity }],
    [{ a: [1, { b: null }] }, { a: [1, { b: null }] }],
    [Object.create(null), {}],
    [same, same],
  ])('is what it was: %o and %o', (from, to) => expect(changed(from, to)).toBe(false));

  it.each([
    [0, -0],
    [[], {}],
    [null, {}],
    [{}, null],
    [{ a: 1 }, {}],
    [{ a: 1 }, { b: 1 }],
    [{ a: { b: 1 } }, { a: { b: 2 } }],
    [new Purse(), new Purse()],
    [new Purse(), {}],
    [{ budget: new Purse() }, { budget: new Purse() }],
    [circle(), circle()],
  ])('is another one: %o and %o', (from, to) => expect(changed(from, to)).toBe(true));
});
