import { describe, expect, it } from 'vitest';
import type { BalancedHost, Chooser } from '../../../src/core/balance.js';
import { Sticky } from '../../../src/core/balance-sticky.js';
import { RoundRobin } from '../../../src/core/balance-turns.js';

type Host = BalancedHost & { inFlight: number };
const hostsOf = (...weights: number[]): Host[] =>
  weights.map((weight, at) => ({ id: `h${at}`, slot: at, weight, inFlight: 0 }));

function with_(chooser: Chooser<Host>, hosts: readonly Host[]): Chooser<Host> {
  chooser.reset(hosts);
  return chooser;
}

describe('Sticky', () => {
  it('stays with a host for as long as that may be chosen, and remembers so many keys', () => {
    const hosts = hostsOf(1, 1, 1);
    const chooser = with_(new Sticky<Host>(new RoundRobin(), 2), hosts);
    const first = [1, 2].map(key => chooser.choose(key, undefined));
    expect([1, 2, 1].map(key => chooser.choose(key, undefined))).toEqual([first[0], first[1], first[0]]);
    // For this call alone: the key stays where it is.
    expect(chooser.choose(1, host => host === first[0])).not.toBe(first[0]);
    expect(chooser.choose(1, undefined)).toBe(first[0]);
    chooser.choose(-1, undefined);
    const third = chooser.choose(3, undefined);
    // Key 2 was not used for longest and is forgotten; it is given the next in turn.
    expect(chooser.choose(1, undefined)).toBe(first[0]);
    chooser.reset(hosts.filter(host => host !== first[0]));
    expect(chooser.choose(1, undefined)).not.toBe(first[0]);
    expect(third).not.toBe(first[0]);
    expect(chooser.choose(3, undefined)).toBe(third);
    chooser.busy = 4;
    expect(chooser.busy).toBe(4);
  });

  it('forgets the key that was not used for longest when it knows too many', () => {
    const chooser = with_(new Sticky<Host>(new RoundRobin(), 2), hostsOf(1, 1, 1, 1, 1));
    const idOf = (key: number) => chooser.choose(key, undefined)!.id;
    expect([1, 2, 1, 3].map(idOf)).toEqual(['h0', 'h1', 'h0', 'h2']);
    expect([1, 3, 2].map(idOf)).toEqual(['h0', 'h2', 'h3']);
    expect(idOf(1)).toBe('h4');
  });

  it('remembers nothing of a key that nobody could be given', () => {
    const chooser = with_(new Sticky<Host>(new RoundRobin(), 1), hostsOf(1, 1, 1));
    expect(chooser.choose(1, undefined)!.id).toBe('h0');
    expect(chooser.choose(2, () => true)).toBeUndefined();
    expect(chooser.choose(1, undefined)!.id).toBe('h0');
  });

  it('takes 0 for a key like any other', () => {
    const chooser = with_(new Sticky<Host>(new RoundRobin(), 2), hostsOf(1, 1));
    expect([0, 0, 0].map(key => chooser.choose(key, undefined)!.id)).toEqual(['h0', 'h0', 'h0']);
  });

  it('remembers nothing of calls without a key', () => {
    const chooser = with_(new Sticky<Host>(new RoundRobin(), 2), hostsOf(1, 1));
    expect([-1, -1].map(hash => chooser.choose(hash, undefined)!.id)).toEqual(['h0', 'h1']);
  });
});
