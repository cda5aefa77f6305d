import { describe, expect, it } from 'vitest';
import { explore, type Liveness, type Machine } from '../../../src/testing/explore.js';

/** A machine drawn as a table: state → event → state. */
function table(
  initial: string,
  rows: Readonly<Record<string, Readonly<Record<string, string>>>>,
  ...liveness: Liveness<string, string>[]
): Machine<string, string> {
  return {
    initial,
    events: state => Object.keys(rows[state] ?? {}),
    step: (state, event) => rows[state]![event]!,
    key: state => state,
    liveness,
  };
}

/** Half-open is left by a verdict only: a probe that never settles wedges the breaker. */
const breaker = {
  closed: { fail: 'open' },
  open: { wait: 'half-open' },
  'half-open': { probe: 'probing' },
  probing: { succeed: 'closed', fail: 'open', hang: 'hung' },
};
const closes: Liveness<string, string> = { name: 'it closes again', to: state => state === 'closed' };

describe('explore, liveness', () => {
  it('finds a dead end by the shortest trace into it', () => {
    expect(() => explore(table('closed', breaker, closes))).toThrow(
      'liveness after 4 events: it closes again: no path of helpful events leads there from here\n' +
        '  1. fail\n  2. wait\n  3. probe\n  4. hang\n  state: hung',
    );
  });

  it('passes once every state has a way out', () => {
    expect(explore(table('closed', { ...breaker, hung: { expire: 'half-open' } }, closes)).states).toBe(5);
  });

  it('counts only on the events that are fair', () => {
    const rows = { ...breaker, hung: { reset: 'closed' } };
    const fair: Liveness<string, string> = { ...closes, by: event => event !== 'reset' };
    expect(explore(table('closed', rows, closes)).states).toBe(5);
    expect(() => explore(table('closed', rows, fair))).toThrow('state: hung');
  });

  it('asks only of the states in `from`', () => {
    const from = (state: string): boolean => state !== 'hung';
    expect(explore(table('closed', breaker, { ...closes, from })).states).toBe(5);
  });

  it('keeps several properties apart', () => {
    const opens: Liveness<string, string> = { name: 'it opens', to: state => state === 'open' };
    const rows = { ...breaker, hung: { reset: 'closed' }, closed: { close: 'shut' } };
    expect(() => explore(table('open', rows, closes, opens))).toThrow('it closes again');
    expect(() => explore(table('open', { ...rows, shut: { back: 'closed' } }, closes, opens))).toThrow(
      'it opens:',
    );
  });

  describe('on every path', () => {
    const every: Liveness<string, string> = { name: 'done', to: state => state === 'done', paths: 'every' };

    it('finds a cycle that goes round for ever', () => {
      const rows = { a: { next: 'b' }, b: { back: 'a', go: 'done' } };
      expect(explore(table('a', rows, { ...every, paths: 'some' })).states).toBe(3);
      expect(() => explore(table('a', rows, every))).toThrow('not every path of helpful events leads there');
    });

    it('finds one path of several that ends early', () => {
      const rows = { a: { left: 'b', right: 'c' }, b: { go: 'done' } };
      expect(() => explore(table('a', rows, { ...every, from: state => state === 'a' }))).toThrow('state: a');
    });

    it('passes when all lead there, not minding events that change nothing or are not helpful', () => {
      const rows = { a: { next: 'b', skip: 'done', noop: 'a' }, b: { go: 'done', crash: 'a' } };
      expect(explore(table('a', rows, { ...every, by: event => event !== 'crash' })).states).toBe(3);
    });
  });
});
