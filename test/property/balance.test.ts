import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { BalancedHost } from '../../src/core/balance.js';
import { WeightedChance } from '../../src/core/balance-chance.js';
import { Rendezvous } from '../../src/core/balance-hash.js';
import { Maglev } from '../../src/core/balance-maglev.js';
import { HashRing } from '../../src/core/balance-ring.js';
import { RoundRobin, WeightedTurns } from '../../src/core/balance-turns.js';
import { hash32 } from '../../src/core/hash.js';
import { seededRandom } from '../../src/testing/seeded-random.js';

type Host = BalancedHost & { inFlight: number };
const hostsOf = (weights: readonly number[], prefix = 'h'): Host[] =>
  weights.map((weight, at) => ({ id: `${prefix}${at}`, slot: at, weight, inFlight: 0 }));
const weights = fc.array(fc.integer({ min: 1, max: 9 }), { minLength: 1, maxLength: 12 });

/** How often each was chosen in as many choices as all weights together. */
function countsOf(hosts: readonly Host[], choose: () => Host): number[] {
  const counts = new Map(hosts.map(host => [host, 0]));
  const calls = hosts.reduce((sum, { weight }) => sum + weight, 0);
  for (let call = 0; call < calls; call++) {
    const host = choose();
    counts.set(host, counts.get(host)! + 1);
  }
  return [...counts.values()];
}

describe('turns', () => {
  it('are k for each of n hosts in k times n choices (LB2)', () => {
    fc.assert(
      fc.property(weights, fc.integer({ min: 1, max: 5 }), (all, k) => {
        const hosts = hostsOf(all.map(() => 1));
        const chooser = new RoundRobin<Host>();
        chooser.reset(hosts);
        const counts = Array.from({ length: k }, () => countsOf(hosts, () => chooser.choose(0, undefined)!));
        expect(counts.every(cycle => cycle.every(count => count === 1))).toBe(true);
      }),
    );
  });

  it('are as many as the weights in each cycle, wherever it begins (LB2)', () => {
    fc.assert(
      fc.property(weights, fc.nat(50), (all, skipped) => {
        const hosts = hostsOf(all);
        const chooser = new WeightedTurns<Host>();
        chooser.reset(hosts);
        for (let call = 0; call < skipped; call++) chooser.choose(0, undefined);
        expect(countsOf(hosts, () => chooser.choose(0, undefined)!)).toEqual(all);
      }),
    );
  });

  it('by chance come out as the weights', () => {
    const hosts = hostsOf([1, 2, 3, 4]);
    const chooser = new WeightedChance<Host>(seededRandom(3));
    chooser.reset(hosts);
    const counts = new Map<Host, number>();
    for (let call = 0; call < 100_000; call++) {
      const host = chooser.choose(0, undefined)!;
      counts.set(host, (counts.get(host) ?? 0) + 1);
    }
    for (const host of hosts) expect(Math.abs(counts.get(host)! / 10_000 - host.weight)).toBeLessThan(0.15);
  });
});

const KEYS = Array.from({ length: 4_000 }, (_, key) => hash32(`key-${key}`));

describe('when one of many leaves', () => {
  it.each([
    ['on a ring no other key moves', () => new HashRing<Host>(100, Infinity), 0],
    ['by rendezvous no other key moves', () => new Rendezvous<Host>(Infinity), 0],
    [
      'in a Maglev table one key in a hundred moves needlessly, at most',
      () => new Maglev<Host>(65_537, Infinity),
      0.01,
    ],
  ] as const)('%s (LB5)', (_, make, most) => {
    for (const count of [5, 10, 20]) {
      const hosts = hostsOf(
        Array.from({ length: count }, () => 1),
        `${count}-`,
      );
      const before = make();
      before.reset(hosts);
      const moved = hosts.map(gone => {
        const after = make();
        after.reset(hosts.filter(host => host !== gone));
        const needless = KEYS.filter(key => {
          const owner = before.choose(key, undefined);
          return owner !== gone && after.choose(key, undefined) !== owner;
        });
        return needless.length / KEYS.length;
      });
      const mean = moved.reduce((sum, part) => sum + part, 0) / moved.length;
      expect(mean).toBeLessThanOrEqual(most);
    }
  });
});

describe('a bound', () => {
  it.each([
    ['ring', () => new HashRing<Host>(20, 1.25)],
    ['Maglev table', () => new Maglev<Host>(101, 1.25)],
    ['rendezvous', () => new Rendezvous<Host>(1.25)],
  ] as const)('is kept by each host, whatever comes and goes (%s) (LB6)', (_, make) => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 8 }),
        fc.array(fc.tuple(fc.nat(3), fc.boolean()), { maxLength: 80 }),
        (count, calls) => {
          const hosts = hostsOf(Array.from({ length: count }, () => 1));
          const chooser = make();
          chooser.reset(hosts);
          const open: Host[] = [];
          for (const [key, ends] of calls) {
            const host = ends ? open.shift() : undefined;
            if (host !== undefined) {
              host.inFlight--;
              chooser.busy--;
              continue;
            }
            const chosen = chooser.choose(hash32(`k${key}`), undefined)!;
            const cap = Math.ceil((1.25 * (chooser.busy + 1)) / count);
            chosen.inFlight++;
            chooser.busy++;
            open.push(chosen);
            expect(chosen.inFlight).toBeLessThanOrEqual(cap);
          }
        },
      ),
    );
  });
});
