import { describe, expect, it } from 'vitest';
import { Balancer } from '../../../src/discovery/balancer.js';
import type { BalancerOptions } from '../../../src/discovery/balancer-options.js';
import {
  hashRing,
  leastBusy,
  maglev,
  peakEwma,
  rendezvous,
  roundRobin,
  sticky,
  weightedChance,
  weightedTurns,
} from '../../../src/discovery/balancer-ways.js';
import { seededRandom } from '../../../src/testing/seeded-random.js';
import { VirtualClock } from '../../../src/testing/virtual-clock.js';

interface Instance {
  readonly id: string;
  readonly weight?: number;
  readonly zone?: string;
  readonly level?: number;
}

const instancesOf = (count: number, facts: Partial<Instance> = {}, prefix = 'i'): Instance[] =>
  Array.from({ length: count }, (_, at) => ({ id: `${prefix}${at}`, ...facts }));

function setUp(options: BalancerOptions<Instance> = {}) {
  const clock = new VirtualClock();
  const balancer = new Balancer<Instance>({ clock, random: seededRandom(5), by: roundRobin(), ...options });
  const share = (
    calls: number,
    of: (instance: Instance) => boolean,
    key?: (call: number) => string,
  ): number => {
    let hits = 0;
    for (let call = 0; call < calls; call++) {
      const pick = balancer.pick(key === undefined ? {} : { key: key(call) });
      if (of(pick.instance)) hits++;
      pick.done();
    }
    return hits / calls;
  };
  return { clock, balancer, share };
}

const ways = [
  ...[roundRobin(), weightedTurns(), weightedChance(), leastBusy(), peakEwma(), hashRing(), maglev()],
  ...[rendezvous(), sticky(leastBusy()), hashRing({ maxLoadRatio: 1.25 })],
];

describe.each(ways)('a balancer by $name', by => {
  it('hands out the very instances that it was given, all of them in time', () => {
    const instances = instancesOf(5);
    const { balancer } = setUp({ instances, by });
    const seen = new Set<Instance>();
    for (let call = 0; call < 300; call++) {
      const pick = balancer.pick({ key: `user ${call}` });
      seen.add(pick.instance);
      pick.done();
    }
    expect([...seen].sort((a, b) => (a.id < b.id ? -1 : 1))).toEqual(instances);
    expect(balancer.instances).toEqual(instances);
  });

  it('counts what is in flight, and forgets it however the call ends, once (LB4)', () => {
    const { balancer } = setUp({ instances: instancesOf(3), by });
    const picks = Array.from({ length: 30 }, () => balancer.pick());
    const inFlight = () => balancer.snapshot().instances.reduce((sum, one) => sum + one.inFlight, 0);
    expect(inFlight()).toBe(30);
    balancer.update(instancesOf(4));
    balancer.eject('i0');
    picks.forEach((pick, at) => {
      pick.done((['success', 'failure', 'neutral', 'slow'] as const)[at % 4]);
      pick.done('failure');
    });
    expect(inFlight()).toBe(0);
    expect(balancer.inFlight('i1')).toBe(0);
  });

  it('chooses nobody who is ejected, about to leave or tried, while there are others (LB1)', () => {
    const { balancer, share } = setUp({ instances: instancesOf(6), by });
    balancer.eject('i0');
    balancer.drain('i1');
    expect(
      share(
        200,
        ({ id }) => id === 'i0' || id === 'i1',
        call => `${call}`,
      ),
    ).toBe(0);
    const avoid = new Set(balancer.instances.filter(({ id }) => id !== 'i4'));
    for (let call = 0; call < 30; call++) {
      const pick = balancer.pick({ avoid, key: `${call}` });
      expect(pick.instance.id).toBe('i4');
      pick.done();
    }
    // Whoever was tried is better than nobody.
    const all = new Set(balancer.instances);
    expect(['i2', 'i3', 'i4', 'i5']).toContain(balancer.pick({ avoid: all }).instance.id);
  });

  it('answers with a typed error where there is nobody (LB1)', () => {
    const { balancer } = setUp({ by, panicRatio: 0 });
    const refused = () => balancer.pick();
    expect(refused).toThrow('balancer: there are no instances');
    balancer.update(instancesOf(2));
    for (const id of ['i0', 'i1']) balancer.eject(id);
    expect(refused).toThrow('balancer: all 2 instances are ejected');
    for (const id of ['i0', 'i1']) balancer.drain(id);
    expect(refused).toThrow('balancer: all 2 instances are about to leave, or not up');
    try {
      refused();
    } catch (error) {
      expect(error).toMatchObject({ code: 'ERR_NO_ENDPOINT', rejected: true, name: 'NoEndpointError' });
    }
    balancer.drain('i0', false);
    balancer.readmit('i0');
    expect(balancer.pick().instance.id).toBe('i0');
  });
});

describe('a key', () => {
  it.each([hashRing(), maglev(), rendezvous(), sticky(leastBusy())])('keeps its instance by $name', by => {
    const { balancer } = setUp({ instances: instancesOf(9), by });
    const owners = new Map<string, string>();
    for (let call = 0; call < 200; call++) {
      const key = `user ${call % 20}`;
      const { id } = balancer.pick({ key }).instance;
      expect(owners.get(key) ?? id).toBe(id);
      owners.set(key, id);
    }
    expect(new Set(owners.values()).size).toBeGreaterThan(3);
  });
});

describe('an instance that fails at once', () => {
  it.each([leastBusy(), peakEwma()])(
    'draws no more calls than the others by $name (LB7, case 73)',
    async by => {
      const { clock, balancer } = setUp({ instances: instancesOf(10), by });
      const open: { at: number; done: () => void }[] = [];
      let failed = 0;
      for (let now = 0; now < 20_000; now += 2) {
        clock.advanceSync(2);
        while (open[0] !== undefined && open[0].at <= now) open.shift()!.done();
        const pick = balancer.pick();
        const fails = pick.instance.id === 'i0';
        if (fails) failed++;
        open.push({ at: now + (fails ? 2 : 20), done: () => pick.done(fails ? 'failure' : 'success') });
        open.sort((a, b) => a.at - b.at);
      }
      expect(failed / 10_000).toBeLessThan(0.05);
    },
  );
});

describe('an instance that was slow', () => {
  it('is tried again after a while, though it is idle (LB8)', () => {
    const { clock, balancer, share } = setUp({ instances: instancesOf(2), by: peakEwma(), decayMs: 1_000 });
    for (let call = 0; call < 20; call++) {
      const pick = balancer.pick();
      clock.advanceSync(pick.instance.id === 'i0' ? 500 : 5);
      pick.done();
    }
    expect(share(20, ({ id }) => id === 'i0')).toBe(0);
    let tried = false;
    for (let call = 0; call < 2_000 && !tried; call++) {
      const pick = balancer.pick();
      tried = pick.instance.id === 'i0';
      clock.advanceSync(5);
      pick.done();
    }
    expect(tried).toBe(true);
  });

  it('is not flooded while nobody knows how long it takes (case 74)', () => {
    const { balancer, clock } = setUp({ instances: instancesOf(10), by: peakEwma() });
    for (let call = 0; call < 200; call++) {
      const pick = balancer.pick();
      clock.advanceSync(10);
      pick.done();
    }
    balancer.update(instancesOf(11));
    Array.from({ length: 100 }, () => balancer.pick());
    expect(balancer.inFlight('i10')).toBeLessThanOrEqual(2);
  });
});

describe('a balancer', () => {
  it('keeps what it knows of those that stay, with their new facts', () => {
    const { balancer } = setUp({ instances: instancesOf(1) });
    const pick = balancer.pick();
    balancer.update([{ id: 'i0', weight: 7 }]);
    expect(balancer.inFlight('i0')).toBe(1);
    const again = balancer.pick();
    expect(again.instance.weight).toBe(7);
    balancer.update([]);
    expect(balancer.inFlight('i0')).toBe(2);
    balancer.update(instancesOf(1));
    pick.done();
    expect(balancer.inFlight('i0')).toBe(1);
    balancer.update([]);
    again.done();
    expect(balancer.inFlight('i0')).toBe(0);
    expect([balancer.eject('i0'), balancer.readmit('i0'), balancer.drain('i0')]).toEqual([
      false,
      false,
      false,
    ]);
  });

  it('tells how it was made, and how it stands', () => {
    const { clock, balancer } = setUp({ instances: instancesOf(3), zone: 'a' });
    balancer.eject('i1');
    balancer.drain('i2');
    const pick = balancer.pick();
    clock.advanceSync(7);
    pick.done();
    expect(balancer.snapshot()).toEqual({
      name: 'balancer',
      panicking: false,
      instances: [
        { id: 'i0', inFlight: 0, costMs: 7, health: 1, state: 'used' },
        { id: 'i1', inFlight: 0, costMs: null, health: 1, state: 'ejected' },
        { id: 'i2', inFlight: 0, costMs: null, health: 1, state: 'idle' },
      ],
    });
    expect(balancer.describe()).toEqual({
      kind: 'balancer',
      name: 'balancer',
      by: 'round robin',
      zone: 'a',
      slowStartMs: 0,
      panicRatio: 0.5,
    });
    expect(new Balancer().describe()).toMatchObject({ by: 'least busy', zone: null });
  });

  it.each<[object, string]>([
    [{ instances: 7 }, '`instances` must be a list, got 7'],
    [{ instances: [7] }, '`instances` must be a list of objects, got 7'],
    [{ instances: [{ id: '' }] }, '`id` must be a string that is not empty'],
    [{ instances: [{ id: 'a', weight: -1 }] }, '`weight` must be a number >= 0, got -1'],
    [{ instances: [{ id: 'a', zone: 7 }] }, '`zone` must be a string, got 7'],
    [{ instances: [{ id: 'a' }, { id: 'a' }] }, '`instances` must be told apart by `id`'],
    [{ by: 'random' }, '`by` must be a way such as `leastBusy()`'],
    [{ zone: 7 }, '`zone` must be a string'],
    [{ priority: 7 }, '`priority` must be a function'],
    [{ instances: [{ id: 'a' }], priority: () => Number.NaN }, '`priority` must be a number, got NaN'],
    [{ instances: [{ id: 'a' }], priority: () => 'first' }, '`priority` must be a number, got "first"'],
    [{ zoneMinInstances: -1 }, '`zoneMinInstances` must be'],
    [{ slowStartMs: -1 }, '`slowStartMs` must be'],
    [{ panicRatio: 2 }, '`panicRatio` must be'],
    [{ decayMs: 0 }, '`decayMs` must be'],
    [{ subset: 7 }, '`subset` must be an object'],
    [{ subset: { caller: 7, size: 1 } }, '`subset.caller` must be a string'],
    [{ subset: { caller: 'a', size: 0 } }, '`subset.size` must be'],
    [{ subset: { caller: 'a', sise: 0 } }, 'unknown option `sise`'],
    [{ zones: 7 }, 'unknown option `zones`'],
  ])('refuses %j', (options, message) => {
    expect(() => new Balancer(options as BalancerOptions)).toThrow(message);
  });

  it.each<[() => unknown, string]>([
    [() => hashRing({ points: 0 }), 'hashRing: `points` must be'],
    [
      () => hashRing({ maxLoadRatio: 1 }),
      'hashRing: `maxLoadRatio` must be a number > 1, or Infinity, got 1',
    ],
    [() => maglev({ places: 1 }), 'maglev: `places` must be'],
    [() => rendezvous({ points: 1 } as object), 'rendezvous: unknown option `points`'],
    [() => sticky(7 as never), 'sticky: `way` must be a way'],
    [() => sticky(leastBusy(), { maxKeys: 0 }), 'sticky: `maxKeys` must be'],
  ])('refuses ways that are none: %s', (make, message) => {
    expect(make).toThrow(message);
  });
});
