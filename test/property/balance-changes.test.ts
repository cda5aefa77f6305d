import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { BalancedHost, Chooser } from '../../src/core/balance.js';
import { Maglev } from '../../src/core/balance-maglev.js';
import { HashRing } from '../../src/core/balance-ring.js';
import { WeightedTurns } from '../../src/core/balance-turns.js';
import { hash32 } from '../../src/core/hash.js';

interface Host extends BalancedHost {
  weight: number;
}

type Change = readonly [what: 'come' | 'leave' | 'weigh' | 'swap', which: number, weight: number];

/** Two of them have the same hash, by a published collision of FNV-1a. */
const names = ['costarring', 'liquid', ...Array.from({ length: 8 }, (_, at) => `h${at}`)];
const changes = fc.array(
  fc.tuple(
    fc.constantFrom('come', 'come', 'leave', 'weigh', 'swap'),
    fc.nat(99),
    fc.constantFrom(1, 2, 3, 0.5),
  ) as fc.Arbitrary<Change>,
  { minLength: 1, maxLength: 12 },
);

/** Hosts that come, go and change; a slot that is free is taken by the next who comes. */
class Town {
  hosts: readonly Host[] = [];
  readonly #free: number[] = [];
  #slots = 0;

  apply([what, which, weight]: Change): void {
    const at = which % Math.max(1, this.hosts.length);
    const host = this.hosts[at];
    if (what === 'come') this.#come(which, weight);
    else if (host === undefined) return;
    else if (what === 'weigh') host.weight = weight;
    else {
      this.hosts = this.hosts.filter(one => one !== host);
      this.#free.push(host.slot);
      if (what === 'swap') this.#come(which, weight);
    }
  }

  #come(which: number, weight: number): void {
    const left = names.filter(name => this.hosts.every(({ id }) => id !== name));
    if (left.length === 0) return;
    const slot = this.#free.pop() ?? this.#slots++;
    this.hosts = [...this.hosts, { id: left[which % left.length]!, slot, weight, inFlight: 0 }];
  }
}

/** Tells the chooser of each change in turn, and asks after each. */
function follow(
  chooser: Chooser<Host>,
  all: readonly Change[],
  look: (hosts: readonly Host[]) => void,
): void {
  const town = new Town();
  for (const change of all) {
    town.apply(change);
    chooser.reset(town.hosts);
    look(town.hosts);
  }
}

function anew<C extends Chooser<Host>>(chooser: C, hosts: readonly Host[]): C {
  // In another order of slots, too: who has which is of no importance to a key.
  chooser.reset(hosts);
  return chooser;
}

const KEYS = Array.from({ length: 60 }, (_, key) => hash32(`key ${key}`));

/** In which order a key goes to the hosts, where each in turn is refused. */
function orderOf(chooser: Chooser<Host>, key: number): readonly string[] {
  const asked: string[] = [];
  chooser.choose(key, ({ id }) => asked.push(id) > 0);
  return asked;
}

describe('whatever came and went before', () => {
  it('a ring is the one that is laid out at once, also where points fall together (LB10)', () => {
    fc.assert(
      fc.property(changes, fc.constantFrom(1, 7, 40), (all, points) => {
        const ring = new HashRing<Host>(points, Infinity);
        follow(ring, all, hosts => {
          const fresh = anew(
            new HashRing<Host>(points, Infinity),
            hosts.map((host, at) => ({ ...host, slot: hosts.length - at })),
          );
          for (const key of KEYS) expect(orderOf(ring, key)).toEqual(orderOf(fresh, key));
        });
      }),
    );
  });

  it('a Maglev table has who is there, and is soon the one that is filled at once (LB10)', () => {
    const size = 10_007;
    fc.assert(
      fc.property(changes, fc.nat(80), (all, between) => {
        const table = new Maglev<Host>(size, Infinity);
        let last: readonly Host[] = [];
        follow(table, all, hosts => {
          last = hosts;
          for (const key of KEYS.slice(0, between)) {
            const chosen = table.choose(key, undefined);
            if (hosts.length === 0) expect(chosen).toBeUndefined();
            else expect(hosts).toContain(chosen);
          }
        });
        // Twice for the table that was begun before the last change, and for the one after that.
        for (let call = 0; call < 200; call++) table.choose(call, undefined);
        const fresh = anew(new Maglev<Host>(size, Infinity), last);
        for (let place = 0; place < size; place += 7) {
          expect(table.choose(place, undefined)).toBe(fresh.choose(place, undefined));
        }
      }),
      { numRuns: 60 },
    );
  });

  it('the turns of a cycle are those that are laid out at once (LB10)', () => {
    fc.assert(
      fc.property(changes, all => {
        const turns = new WeightedTurns<Host>();
        follow(turns, all, hosts => {
          if (hosts.length === 0) return expect(turns.choose(0, undefined)).toBeUndefined();
          const fresh = anew(new WeightedTurns<Host>(), hosts);
          const length = hosts.reduce((sum, { weight }) => sum + weight, 0) * 2;
          const cycleOf = (chooser: Chooser<Host>, times: number) =>
            Array.from({ length: times }, () => chooser.choose(0, undefined)!.id).join(' ');
          // It goes on from where it was, so it is the same cycle from another point.
          return expect(` ${cycleOf(fresh, 2 * length)} `).toContain(` ${cycleOf(turns, length)} `);
        });
      }),
    );
  });
});
