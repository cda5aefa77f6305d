import { describe, expect, it } from 'vitest';
import { checkLaws, LawError, law, show } from '../../../src/testing/law.js';

const holds = law('holds', async demand => demand(true, 'nothing', undefined));
const breaks = law('breaks', async demand => demand(1 > 2, 'one to be more than two', { one: 1 }));
const crashes = { name: 'crashes', check: () => Promise.reject(new Error('planted')) };

describe('laws', () => {
  it('say which law is broken, what was expected and what came', async () => {
    const error: unknown = await breaks.check().catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(LawError);
    expect(error).toMatchObject({ law: 'breaks', expected: 'one to be more than two', got: { one: 1 } });
    expect((error as Error).message).toBe('breaks: expected one to be more than two, got {"one":1}');
  });

  it('are all checked, and those that held are told', async () => {
    await expect(checkLaws([holds, holds])).resolves.toEqual({ held: ['holds', 'holds'] });
  });

  it('fail together, each with its own line', async () => {
    const error = (await checkLaws([breaks, holds, crashes]).catch(
      (reason: unknown) => reason,
    )) as AggregateError;
    expect(error).toBeInstanceOf(AggregateError);
    expect(error.errors).toHaveLength(2);
    expect(error.message).toBe(
      '2 of 3 laws are broken\n' +
        '  breaks: expected one to be more than two, got {"one":1}\n' +
        '  crashes: Error: planted',
    );
  });
});

describe('show', () => {
  it.each([
    ['text', '"text"'],
    [undefined, 'undefined'],
    [Symbol('s'), 'Symbol(s)'],
    [new TypeError('t'), 'TypeError: t'],
    [{ a: 1 }, '{"a":1}'],
    [() => {}, 'function (anonymous)'],
    [Object.create(null), 'an object that cannot be printed'],
    [{ loop: 1n }, 'an object that cannot be printed'],
  ])('prints %o', (value, words) => {
    expect(show(value)).toBe(words);
  });
});
