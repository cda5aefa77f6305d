import { describe, expect, it } from 'vitest';
import { aggregate } from '../../../src/proxy/aggregate.js';
import { mergeAnswers } from '../../../src/proxy/merge-answers.js';

describe('mergeAnswers', () => {
  it('hangs on the order of the parts alone, however they come (AG1)', async () => {
    const late = async (ticks: number, value: object) => {
      for (let tick = 0; tick < ticks; tick++) await undefined;
      return value;
    };
    const texts = new Set<string>();
    for (const [a, b] of [
      [1, 5],
      [5, 1],
    ] as const) {
      const page = aggregate({ a: () => late(a, { x: 1, y: 1 }), b: () => late(b, { y: 2, z: 2 }) });
      texts.add(JSON.stringify(mergeAnswers(Object.values((await page.execute()).data))));
    }
    expect([...texts]).toEqual(['{"x":1,"y":2,"z":2}']);
  });

  it('passes over what is missing', () => {
    expect(mergeAnswers([{ a: 1 }, undefined, { b: 2 }])).toEqual({ a: 1, b: 2 });
    expect(mergeAnswers([])).toEqual({});
  });

  it('names the key that two have, where that is refused', () => {
    const merge = () => mergeAnswers([{ a: { b: 1 } }, { a: { b: 2 } }], { conflict: 'refuse', depth: 1 });
    expect(merge).toThrow('mergeAnswers: more than one of them has `a.b`');
  });

  it('passes on what a rule of yours throws, and what it answers', () => {
    const failing = new Error('mine');
    const records = [{ a: [1] }, { a: [2] }];
    const throwing = () => {
      throw failing;
    };
    expect(() => mergeAnswers(records, { conflict: throwing })).toThrow(failing);
    const both = mergeAnswers(records, {
      conflict: ({ earlier, later }) => [...(earlier as number[]), ...(later as number[])],
    });
    expect(both).toEqual({ a: [1, 2] });
  });

  it.each<[unknown, object, string]>([
    ['abc', {}, '`answers` must be a list, got "abc"'],
    [[7], {}, '`answers` must be a list of objects, got 7'],
    [[[]], {}, '`answers` must be a list of objects'],
    [[], { conflict: 'all' }, "`conflict` must be 'last', 'first', 'refuse' or a function"],
    [[], { depth: -1 }, '`depth` must be an integer'],
    [[], { deep: 1 }, 'unknown option `deep`'],
  ])('refuses %j with %j', (answers, options, message) => {
    expect(() => mergeAnswers(answers as object[], options)).toThrow(message);
  });
});
