import { describe, expect, it } from 'vitest';
import { type BalancedHost, type Chooser, drawAllowed } from '../../../src/core/balance.js';
import { TwoChoices, WeightedChance } from '../../../src/core/balance-chance.js';
import { capOf, Rendezvous } from '../../../src/core/balance-hash.js';
import { Maglev, primeFrom } from '../../../src/core/balance-maglev.js';
import { HashRing } from '../../../src/core/balance-ring.js';
import { Sticky } from '../../../src/core/balance-sticky.js';
import { RoundRobin, WeightedTurns } from '../../../src/core/balance-turns.js';
import { hash32 } from '../../../src/core/hash.js';
import { seededRandom } from '../../../src/testing/seeded-random.js';

type Host = BalancedHost & { inFlight: number };
const hostsOf = (...weights: number[]): Host[] =>
  weights.map((weight, at) => ({ id: `h${at}`, slot: at, weight, inFlight: 0 }));
const named = (...ids: string[]): Host[] => ids.map((id, slot) => ({ id, slot, weight: 1, inFlight: 0 }));
const random = seededRandom(7);
const ways: Readonly<Record<string, () => Chooser<Host>>> = {
  RoundRobin: () => new RoundRobin(),
  WeightedTurns: () => new WeightedTurns(),
  WeightedChance: () => new WeightedChance(random),
  TwoChoices: () => new TwoChoices(random, slot => slot),
  HashRing: () => new HashRing(16, Number.POSITIVE_INFINITY),
  'HashRing, bounded': () => new HashRing(16, 1.25),
  Maglev: () => new Maglev(101, Number.POSITIVE_INFINITY),
  'Maglev, bounded': () => new Maglev(101, 1.25),
  Rendezvous: () => new Rendezvous(Number.POSITIVE_INFINITY),
  'Rendezvous, bounded': () => new Rendezvous(1.25),
  Sticky: () => new Sticky(new RoundRobin(), 3),
};

function with_(chooser: Chooser<Host>, hosts: readonly Host[]): Chooser<Host> {
  chooser.reset(hosts);
  return chooser;
}

describe.each(Object.keys(ways))('%s', name => {
  const make = ways[name]!;

  it('chooses nobody where there is nobody (LB1)', () => {
    expect(make().choose(1, undefined)).toBeUndefined();
    expect(with_(make(), []).choose(1, () => false)).toBeUndefined();
  });

  it('asks whether somebody may be chosen only about who is there', () => {
    const asked = new Set<Host>();
    const isBarred = (host: Host) => {
      asked.add(host);
      return host === undefined;
    };
    const chooser = make();
    expect(chooser.choose(1, isBarred)).toBeUndefined();
    expect(with_(chooser, []).choose(1, isBarred)).toBeUndefined();
    const hosts = hostsOf(1, 1, 1);
    chooser.reset(hosts);
    for (let key = 0; key < 5; key++) expect(hosts).toContain(chooser.choose(key, isBarred));
    for (const host of asked) expect(hosts).toContain(host);
  });

  it('chooses the only one, unless it is barred', () => {
    const [one] = hostsOf(3);
    const chooser = with_(make(), [one!]);
    expect(chooser.choose(5, undefined)).toBe(one);
    expect(chooser.choose(-5, undefined)).toBe(one);
    expect(chooser.choose(5, () => true)).toBeUndefined();
  });

  it('finds the only one of many that is not barred (LB1)', () => {
    const hosts = hostsOf(...Array.from({ length: 50 }, () => 1));
    const chooser = with_(make(), hosts);
    for (const free of hosts) {
      for (let call = 0; call < 5; call++) {
        expect(chooser.choose(call * 7919, host => host !== free)).toBe(free);
      }
    }
    expect(chooser.choose(1, () => true)).toBeUndefined();
  });

  it('chooses only who is there since it was told', () => {
    const chooser = with_(make(), hostsOf(1, 1, 1, 1));
    for (let call = 0; call < 7; call++) chooser.choose(call, undefined);
    const left = hostsOf(1, 2);
    chooser.reset(left);
    for (let call = 0; call < 20; call++) expect(left).toContain(chooser.choose(call * 7919, undefined));
  });
});

describe.each(['RoundRobin', 'WeightedTurns', 'WeightedChance', 'TwoChoices'])('%s', name => {
  it.each([1, 2, 9])('asks about each of %d once at most beside its four draws', count => {
    const chooser = with_(ways[name]!(), hostsOf(...Array.from({ length: count }, () => 1)));
    let asked = 0;
    const isBarred = () => {
      asked++;
      return true;
    };
    for (let call = 1; call <= 10; call++) {
      expect(chooser.choose(0, isBarred)).toBeUndefined();
      // The last of four draws is the first of those that are looked at.
      expect(asked).toBe(call * (4 + count - 1));
    }
  });
});

describe('drawAllowed', () => {
  it('draws four times before it looks at all, and takes the first draw that is not barred', () => {
    const hosts = ['a', 'b', 'c', 'd'];
    const drawn = ['a', 'a', 'a', 'c'];
    let draws = 0;
    const draw = () => drawn[draws++]!;
    expect(drawAllowed(hosts, host => host === 'a', draw)).toBe('c');
    expect(draws).toBe(4);
    draws = 2;
    expect(drawAllowed(hosts, host => host === 'a', draw)).toBe('c');
    draws = 0;
    expect(drawAllowed(hosts, host => host !== 'b', draw)).toBe('b');
    expect(draws).toBe(4);
  });

  it('looks at all from where the last draw was, when it keeps drawing what is barred', () => {
    const hosts = ['a', 'b', 'c'];
    expect(
      drawAllowed(
        hosts,
        host => host === 'b',
        () => 'b',
      ),
    ).toBe('c');
    expect(
      drawAllowed(
        hosts,
        host => host !== 'b',
        () => 'b',
      ),
    ).toBe('b');
  });
});

describe('the ways by the key', () => {
  it('spread hosts whose names hardly differ', () => {
    for (const chooser of [
      new HashRing<Host>(160, Infinity),
      new Maglev<Host>(4_001, Infinity),
      new Rendezvous<Host>(Infinity),
    ]) {
      const hosts = named('10.0.0.1', '10.0.0.2', '10.0.0.3', '10.0.0.4');
      chooser.reset(hosts);
      const counts = new Map<string, number>();
      for (let key = 0; key < 8_000; key++) {
        const { id } = chooser.choose(hash32(`user-${key}`), undefined)!;
        counts.set(id, (counts.get(id) ?? 0) + 1);
      }
      for (const { id } of hosts) expect(Math.abs(counts.get(id)! / 2_000 - 1)).toBeLessThan(0.25);
    }
  });

  it('give a host twice the keys for twice the weight', () => {
    for (const chooser of [
      new HashRing<Host>(400, Infinity),
      new Maglev<Host>(4_001, Infinity),
      new Rendezvous<Host>(Infinity),
    ]) {
      chooser.reset(hostsOf(1, 2));
      let heavy = 0;
      for (let key = 0; key < 6_000; key++) {
        if (chooser.choose(hash32(`user-${key}`), undefined)!.id === 'h1') heavy++;
      }
      expect(Math.abs(heavy / 6_000 - 2 / 3)).toBeLessThan(0.07);
    }
  });

  it('let nobody have more than its share and a bit (LB6)', () => {
    expect(capOf(1.25, 7, 1, 4)).toBe(3);
    expect(capOf(Infinity, 7, 1, 4)).toBe(Infinity);
  });

  it('keep no bound that nobody can keep, when those with room are barred', () => {
    const hosts = hostsOf(1, 1);
    const ring = with_(new HashRing<Host>(16, 1.25), hosts);
    hosts[0]!.inFlight = 9;
    ring.busy = 9;
    expect(ring.choose(3, undefined)).toBe(hosts[1]);
    expect(ring.choose(3, host => host === hosts[1])).toBe(hosts[0]);
  });

  it('have a table whose size is prime', () => {
    expect([0, 2, 3, 4, 90, 1024].map(primeFrom)).toEqual([2, 2, 3, 5, 97, 1031]);
    const table = with_(new Maglev<Host>(100, Infinity), hostsOf(1, 1, 1)) as Maglev<Host>;
    expect(table.size).toBe(101);
  });
});

describe('two choices', () => {
  it('compare two that differ, each pair as likely as any other (LB3)', () => {
    const hosts = hostsOf(1, 1, 1, 1);
    const pairs = new Map<string, number>();
    let asked: number[] = [];
    const chooser = new TwoChoices<Host>(random, slot => {
      asked.push(slot);
      return 0;
    });
    chooser.reset(hosts);
    for (let call = 0; call < 12_000; call++) {
      asked = [];
      chooser.choose(0, undefined);
      expect(new Set(asked).size).toBe(2);
      const pair = asked.sort().join();
      pairs.set(pair, (pairs.get(pair) ?? 0) + 1);
    }
    expect(pairs.size).toBe(6);
    for (const count of pairs.values()) expect(Math.abs(count - 2_000)).toBeLessThan(250);
  });

  it('take the one that costs less, also of those that are not barred', () => {
    const hosts = hostsOf(1, 1, 1);
    hosts.forEach((host, at) => {
      host.inFlight = at;
    });
    const chooser = with_(new TwoChoices<Host>(random, slot => hosts[slot]!.inFlight), hosts);
    const chosen = new Set(Array.from({ length: 50 }, () => chooser.choose(0, undefined)!.id));
    expect(chosen).toEqual(new Set(['h0', 'h1']));
    expect(chooser.choose(0, host => host === hosts[0])).toBe(hosts[1]);
  });
});
