import { describe, expect, it } from 'vitest';
import type { BalancedHost, Chooser } from '../../../src/core/balance.js';
import { LONGEST_CYCLE, turnsOf, WeightedTurns } from '../../../src/core/balance-turns.js';

type Host = BalancedHost & { inFlight: number };
const hostsOf = (...weights: number[]): Host[] =>
  weights.map((weight, at) => ({ id: `h${at}`, slot: at, weight, inFlight: 0 }));

function with_(chooser: Chooser<Host>, hosts: readonly Host[]): Chooser<Host> {
  chooser.reset(hosts);
  return chooser;
}

describe('turns', () => {
  it('are exact for weights that go into each other, fractions too', () => {
    expect(turnsOf([1, 2, 3])).toEqual([1, 2, 3]);
    expect(turnsOf([0.5, 1.5])).toEqual([1, 3]);
    expect(turnsOf([0.1, 0.2, 0.3])).toEqual([1, 2, 3]);
    expect(turnsOf([5])).toEqual([1]);
  });

  it('are exact for as long as a whole cycle', () => {
    expect(turnsOf([LONGEST_CYCLE - 1, 1])).toEqual([LONGEST_CYCLE - 1, 1]);
    expect(Math.max(...turnsOf([LONGEST_CYCLE, 1]))).toBe(LONGEST_CYCLE / 2);
  });

  it('are as weights that are far apart, and of more hosts than a stack has room for', () => {
    expect(turnsOf([1e300, 1e-300, 1e300])).toEqual([LONGEST_CYCLE / 4, 1, LONGEST_CYCLE / 4]);
    expect(new Set(turnsOf(Array.from({ length: 300_000 }, () => 2)))).toEqual(new Set([1]));
  });

  it('are exact to a millionth of the least weight', () => {
    expect(turnsOf([1_000_000, 1_000_001])).toEqual([1, 1]);
    expect(turnsOf([1_000, 1_000.5])).toEqual([2_000, 2_001]);
  });

  it('are one for a weight next to nothing, and hardly more than none of a cycle', () => {
    // The two weights have a greatest common part, of which the one has two million and the other one.
    for (const weights of [
      [1_000_000, 0.5],
      [0.5, 1_000_000],
    ]) {
      const turns = turnsOf(weights);
      expect(turns[weights.indexOf(0.5)]).toBe(1);
      expect(turns[weights.indexOf(1_000_000)]).toBeGreaterThan(LONGEST_CYCLE / 2 - 2);
    }
  });

  it('are at least one each, and no more than a cycle, for weights that do not', () => {
    const turns = turnsOf([1, 1_000_000, Math.PI]);
    expect(Math.min(...turns)).toBe(1);
    expect(turns.reduce((sum, count) => sum + count, 0)).toBeLessThanOrEqual(LONGEST_CYCLE);
  });

  it('of one host are as far apart as can be', () => {
    const chooser = with_(new WeightedTurns<Host>(), hostsOf(5, 1, 1));
    const cycle = Array.from({ length: 7 }, () => chooser.choose(0, undefined)!.id).join(' ');
    expect(cycle).toBe('h0 h0 h0 h2 h0 h0 h1');
  });

  it('go on from the same part of the cycle when the hosts change', () => {
    const chooser = with_(new WeightedTurns<Host>(), hostsOf(1, 1, 1, 1));
    for (let call = 0; call < 2; call++) chooser.choose(0, undefined);
    chooser.reset(hostsOf(1, 1));
    expect(chooser.choose(0, undefined)!.id).toBe('h1');
  });

  it.each([2 ** 16 - 1, 2 ** 16, 300_000])('stay those of each host when slot %i comes', slot => {
    const few = hostsOf(1, 2, 3);
    const chooser = with_(new WeightedTurns<Host>(), few);
    const far: Host = { id: 'far', slot, weight: 2, inFlight: 0 };
    chooser.reset([...few, far]);
    const ids = Array.from({ length: 8 }, () => chooser.choose(0, undefined)!.id).sort();
    expect(ids).toEqual(['far', 'far', 'h0', 'h1', 'h1', 'h2', 'h2', 'h2']);
    chooser.reset([]);
    expect(chooser.choose(0, undefined)).toBeUndefined();
    chooser.reset(few);
    expect(Array.from({ length: 6 }, () => chooser.choose(0, undefined)!.id).sort()).toEqual(ids.slice(2));
  });

  it('are not laid out again where nothing has changed', () => {
    // A forty-ninth of a cycle times 49 is a little less than one turn.
    const hosts = hostsOf(48, 1);
    const chooser = with_(new WeightedTurns<Host>(), hosts);
    const other = with_(new WeightedTurns<Host>(), hosts);
    const cycles = [chooser, other].map(one =>
      Array.from({ length: 98 }, () => {
        if (one === other) one.reset([...hosts]);
        return one.choose(0, undefined)!.id;
      }),
    );
    expect(cycles[1]).toEqual(cycles[0]);
  });

  it('are those of a cycle that is laid out at once, whoever came to the others and left them', () => {
    const hosts = hostsOf(2, 3, 1, 5, 2);
    const idsOf = (chooser: Chooser<Host>, count: number) =>
      Array.from({ length: count }, () => chooser.choose(0, undefined)!.id);
    const steps = [hosts.slice(1, 4), hosts.slice(1), hosts, hosts.filter((_, at) => at !== 3), hosts];
    const chooser = new WeightedTurns<Host>();
    for (const step of steps) {
      chooser.reset(step);
      const length = step.reduce((sum, { weight }) => sum + weight, 0);
      expect(idsOf(chooser, length)).toEqual(idsOf(with_(new WeightedTurns<Host>(), step), length));
    }
  });
});
