import { describe, expect, it } from 'vitest';
import { Arrivals } from '../../../src/saga/arrivals.js';

describe('arrivals', () => {
  it('tell an answer that was overtaken from one that was not', () => {
    const arrivals = new Arrivals();
    const first = arrivals.ask();
    expect(arrivals.isNews('a', first)).toBe(true);
    arrivals.take('a');
    const second = arrivals.ask();
    expect([arrivals.isNews('a', first), arrivals.isNews('a', second)]).toEqual([false, true]);
    arrivals.take('a');
    expect(arrivals.isNews('a', second)).toBe(false);
    expect(arrivals.isNews('b', first)).toBe(true);
  });

  it('remember what was taken as long as a question from before it is open', () => {
    const arrivals = new Arrivals();
    const [first, second] = [arrivals.ask(), arrivals.ask()];
    arrivals.take('a');
    arrivals.end(first);
    expect(arrivals.isNews('a', second)).toBe(false);
    const third = arrivals.ask();
    arrivals.end(second);
    // Nobody is left who could be told of it too late.
    expect(arrivals.isNews('a', 0)).toBe(false);
    expect(arrivals.isNews('a', third)).toBe(true);
    arrivals.end(third);
    arrivals.take('b');
    expect(arrivals.isNews('b', arrivals.ask())).toBe(true);
  });

  it('keep nothing while there is no question', () => {
    const arrivals = new Arrivals();
    for (let n = 0; n < 100; n++) arrivals.take(`s${n}`);
    const turn = arrivals.ask();
    expect(arrivals.isNews('s99', turn)).toBe(true);
    arrivals.take('s1');
    arrivals.take('s2');
    arrivals.take('s1');
    expect([arrivals.isNews('s1', turn), arrivals.isNews('s2', turn)]).toEqual([false, false]);
    arrivals.end(turn);
    const next = arrivals.ask();
    expect([arrivals.isNews('s1', next), arrivals.isNews('s2', next)]).toEqual([true, true]);
  });
});
