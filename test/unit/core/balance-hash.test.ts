import { describe, expect, it } from 'vitest';
import type { BalancedHost } from '../../../src/core/balance.js';
import { type ByKey, capOf, Rendezvous } from '../../../src/core/balance-hash.js';
import { Maglev } from '../../../src/core/balance-maglev.js';
import { HashRing } from '../../../src/core/balance-ring.js';
import { hash32, mix32 } from '../../../src/core/hash.js';
import { fmix32, fnv1a, times32 } from './published-hashes.js';

type Host = BalancedHost & { inFlight: number };
const hostsOf = (...weights: number[]): Host[] =>
  weights.map((weight, at) => ({ id: `h${at}`, slot: at, weight, inFlight: 0 }));
const KEYS = Array.from({ length: 2_000 }, (_, key) => fmix32(key + 1));

describe('the hash of a text', () => {
  it('is FNV-1a, by its published values, mixed as MurmurHash3 does, by its own', () => {
    // MurmurHash3 of nothing at all is its seed, mixed.
    expect([0, 1, 0xffffffff].map(mix32)).toEqual([0, 0x514e28b7, 0x81f16f39]);
    expect(hash32('')).toBe(mix32(0x811c9dc5));
    expect(hash32('a')).toBe(mix32(0xe40c292c));
    expect(hash32('foobar')).toBe(mix32(0xbf9cf968));
    expect([fnv1a('a'), fnv1a('foobar'), fmix32(1)]).toEqual([0xe40c292c, 0xbf9cf968, 0x514e28b7]);
  });

  it('with another seed begins elsewhere', () => {
    expect(hash32('foobar', 0x9747b28c)).toBe(fmix32(fnv1a('foobar', 0x811c9dc5 ^ 0x9747b28c)));
  });
});

describe('the bound of a host', () => {
  it('is its share of what is in flight with one call more, times the factor, rounded up', () => {
    // Half of 8 and a quarter more; an eighth of 8 and a half more; half of 9 and no more.
    expect([capOf(1.25, 7, 2, 4), capOf(1.5, 7, 1, 8), capOf(1, 8, 3, 6)]).toEqual([5, 2, 5]);
  });
});

/** The points of hosts by the definition: those of one are what SplitMix gives from the hash of its name. */
function pointsOf(hosts: readonly Host[], ofOne: number): { hash: number; host: Host }[] {
  const points = hosts.flatMap(host => {
    let state = fmix32(fnv1a(host.id));
    return Array.from({ length: Math.max(1, Math.round(host.weight * ofOne)) }, () => {
      state = (state + 0x9e3779b9) % 2 ** 32;
      return { hash: fmix32(state), host };
    });
  });
  return points.sort((one, other) => one.hash - other.hash);
}

describe('a ring', () => {
  const hosts = hostsOf(1, 2.5, 0.01, 3);
  const points = pointsOf(hosts, 8);
  const ring = new HashRing<Host>(8, Infinity);
  ring.reset(hosts);
  const borders = points.flatMap(({ hash }) => [hash, (hash + 1) % 2 ** 32]);

  it('gives a key to the next point at or behind it, and from the last to the first', () => {
    expect(points).toHaveLength(8 + 20 + 1 + 24);
    const keys = [0, 2 ** 32 - 1, ...borders, ...KEYS.slice(0, 500)];
    const next = keys.map(key => points.find(({ hash }) => hash >= key) ?? points[0]!);
    expect(keys.map(key => ring.choose(key, undefined)!.id)).toEqual(next.map(({ host }) => host.id));
  });

  it('gives a key that is refused to the next host along the ring', () => {
    for (const key of [0, ...borders]) {
      const ahead = points.filter(({ hash }) => hash >= key);
      const order = [...new Set([...ahead, ...points].map(({ host }) => host))];
      const chosen = order.map((_, refused) => ring.choose(key, one => order.indexOf(one) < refused));
      expect(chosen).toEqual(order);
    }
  });
});

describe('a ring with two hosts whose names have the same hash', () => {
  // A published collision of FNV-1a.
  const twins = ['liquid', 'costarring'].map((id, slot) => ({ id, slot, weight: 1, inFlight: 0 }));

  it('gives all keys to the one whose name comes first, in whatever order they came', () => {
    for (const hosts of [twins, [...twins].reverse()]) {
      const ring = new HashRing<Host>(20, Infinity);
      ring.reset(hosts.slice(0, 1));
      ring.reset(hosts);
      for (const key of KEYS.slice(0, 20)) {
        expect(ring.choose(key, undefined)!.id).toBe('costarring');
        expect(ring.choose(key, ({ id }) => id === 'costarring')!.id).toBe('liquid');
      }
      ring.reset(twins.slice(0, 1));
      expect(ring.choose(KEYS[0]!, undefined)!.id).toBe('liquid');
    }
  });
});

describe('a choice by rendezvous', () => {
  const hosts = hostsOf(1, 2, 5, 1);
  const chooser = new Rendezvous<Host>(Infinity);
  chooser.reset(hosts);
  const drawnOf = (host: Host, key: number) =>
    fmix32((fmix32(fnv1a(host.id)) ^ times32(key, 0x9e3779b1)) >>> 0);

  it('gives a key to the host with the highest score, which is its weight by the logarithm of chance', () => {
    for (const key of [0, 2 ** 32 - 1, ...KEYS.slice(0, 300)]) {
      const scores = hosts.map(host => host.weight / -Math.log((drawnOf(host, key) + 0.5) / 2 ** 32));
      expect(chooser.choose(key, undefined)).toBe(hosts[scores.indexOf(Math.max(...scores))]);
    }
  });

  it('does not give a key to a host for which the very least is drawn', () => {
    // The key for which the last host draws 0: its hash, by the inverse of what keys are multiplied with.
    let inverse = 1;
    for (let round = 0; round < 5; round++) {
      const off = (2 - times32(inverse, 0x9e3779b1) + 2 ** 32) % 2 ** 32;
      inverse = times32(inverse, off);
    }
    const key = times32(fmix32(fnv1a('h3')), inverse);
    expect(drawnOf(hosts[3]!, key)).toBe(0);
    expect(['h0', 'h1', 'h2']).toContain(chooser.choose(key, undefined)!.id);
  });

  it('gives three hosts what their weights say', () => {
    const counts = new Map<Host, number>();
    const three = hostsOf(1, 2, 5);
    const among = new Rendezvous<Host>(Infinity);
    among.reset(three);
    for (let key = 0; key < 16_000; key++) {
      const host = among.choose(key, undefined)!;
      counts.set(host, (counts.get(host) ?? 0) + 1);
    }
    // Four times the deviation that chance has here is 250.
    for (const host of three) expect(Math.abs(counts.get(host)! - 2_000 * host.weight)).toBeLessThan(250);
  });

  it('gives all keys to the first of two whose names have the same hash', () => {
    // A published collision of FNV-1a.
    const [costarring, liquid] = ['costarring', 'liquid'].map((id, slot) => ({
      id,
      slot,
      weight: 1,
      inFlight: 0,
    }));
    expect(fnv1a('costarring')).toBe(fnv1a('liquid'));
    const both = new Rendezvous<Host>(Infinity);
    both.reset([costarring!, liquid!]);
    for (const key of KEYS.slice(0, 20)) expect(both.choose(key, undefined)).toBe(costarring);
    both.reset([liquid!, costarring!]);
    for (const key of KEYS.slice(0, 20)) expect(both.choose(key, undefined)).toBe(liquid);
  });
});

const ways: Readonly<Record<string, (factor: number) => ByKey<Host>>> = {
  'a ring': factor => new HashRing(64, factor),
  'a Maglev table': factor => new Maglev(101, factor),
  rendezvous: factor => new Rendezvous(factor),
};

describe.each(Object.keys(ways))('%s', name => {
  const make = ways[name]!;

  it('asks about no host twice, though all are refused', () => {
    const hosts = hostsOf(1, 1, 1, 1, 1);
    const chooser = make(Infinity);
    chooser.reset(hosts);
    for (const key of KEYS.slice(0, 10)) {
      const asked: Host[] = [];
      const refused = (host: Host) => {
        asked.push(host);
        return true;
      };
      expect(chooser.choose(key, refused)).toBeUndefined();
      expect(asked.map(({ id }) => id).sort()).toEqual(['h0', 'h1', 'h2', 'h3', 'h4']);
    }
  });

  it('leaves a key where it is while others are barred', () => {
    const hosts = hostsOf(1, 1, 1, 1, 1);
    const chooser = make(Infinity);
    chooser.reset(hosts);
    const moved = KEYS.slice(0, 200).filter(key => {
      const owner = chooser.choose(key, undefined)!;
      return hosts.some(other => other !== owner && chooser.choose(key, host => host === other) !== owner);
    });
    expect(moved).toEqual([]);
  });

  it('deals the keys of a host that is barred among all others', () => {
    const hosts = hostsOf(1, 1, 1, 1, 1);
    const chooser = make(Infinity);
    chooser.reset(hosts);
    const keys = KEYS.filter(key => chooser.choose(key, undefined) === hosts[0]);
    const counts = new Map<Host, number>();
    for (const key of keys) {
      const host = chooser.choose(key, one => one === hosts[0])!;
      counts.set(host, (counts.get(host) ?? 0) + 1);
    }
    expect(counts.size).toBe(4);
    // A quarter each, were it even.
    for (const count of counts.values()) expect(count / keys.length).toBeGreaterThan(0.1);
  });

  it('keeps its bound among those that are not barred, for as long as one of them has room', () => {
    const hosts = hostsOf(1, 1, 1);
    const chooser = make(1.25);
    chooser.reset(hosts);
    chooser.busy = 9;
    for (const key of KEYS.slice(0, 10)) {
      for (const full of hosts) {
        for (const host of hosts) host.inFlight = host === full ? 9 : 0;
        for (const gone of hosts) {
          const [free] = hosts.filter(host => host !== full && host !== gone);
          if (gone !== full) expect(chooser.choose(key, host => host === gone)).toBe(free);
        }
      }
    }
  });
});
