import { describe, expect, it } from 'vitest';
import { updateOptions } from '../../../src/kernel/live-options.js';

class Purse {
  readonly name = 'purse';
}
const nested = (depth: number): unknown => (depth === 0 ? 1 : { part: nested(depth - 1) });
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
    [nested(33), nested(33)],
  ])('is what it was: %o and %o', (from, to) => expect(changed(from, to)).toBe(false));

  it.each([
    [0, -0],
    [[], {}],
    [null, {}],
    [{}, null],
    [{ a: 1 }, {}],
    [{}, { a: 1 }],
    [undefined, {}],
    [nested(34), nested(34)],
    [{ a: 1 }, { b: 1 }],
    [{ a: { b: 1 } }, { a: { b: 2 } }],
    [new Purse(), new Purse()],
    [new Purse(), {}],
    [{ budget: new Purse() }, { budget: new Purse() }],
    [circle(), circle()],
  ])('is another one: %o and %o', (from, to) => expect(changed(from, to)).toBe(true));
});

describe('an update', () => {
  /** What a primitive is made of, for as long as that goes. */
  function subject() {
    const told: unknown[] = [];
    let options: { readonly slots: number; readonly queue: number } = { slots: 1, queue: 5 };
    const live = {
      owner: 'Bulkhead',
      read: () => options,
      write: (next: typeof options) => {
        if (next.slots < 0) throw new RangeError('slots');
        options = next;
      },
      tell: (changes: unknown) => told.push(changes),
    };
    return { told, options: () => options, update: (patch: object) => updateOptions(live, patch) };
  }

  it('writes all options, and tells of those that changed', () => {
    const { told, options, update } = subject();
    update({ slots: 2, queue: 5 });
    expect(options()).toEqual({ slots: 2, queue: 5 });
    expect(told).toEqual([{ slots: { from: 1, to: 2 } }]);
  });

  it('is put back once, and leaves what was changed besides', () => {
    const { told, options, update } = subject();
    const undo = update({ slots: 2, queue: undefined });
    update({ queue: 9 });
    undo();
    expect(options()).toEqual({ slots: 1, queue: 9 });
    expect(told.at(-1)).toEqual({ slots: { from: 2, to: 1 } });
    update({ slots: 7 });
    undo();
    expect(options()).toEqual({ slots: 7, queue: 9 });
  });

  it('that is refused changes nothing', () => {
    const { told, options, update } = subject();
    expect(() => update({ slots: -1 })).toThrow('slots');
    expect(() => update({ slot: 1 })).toThrow('Bulkhead: unknown option `slot`; known are slots, queue');
    expect([options(), told]).toEqual([{ slots: 1, queue: 5 }, []]);
  });
});
