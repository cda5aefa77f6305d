import { describe, expect, it } from 'vitest';
import { Balancer } from '../../../src/discovery/balancer.js';
import type { BalancerOptions } from '../../../src/discovery/balancer-options.js';
import { roundRobin, weightedChance } from '../../../src/discovery/balancer-ways.js';
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

describe('an instance that is new', () => {
  it('is given less at first, and its share when it is warm (case 74)', () => {
    const { clock, balancer, share } = setUp({
      instances: instancesOf(9),
      by: weightedChance(),
      slowStartMs: 1_000,
    });
    expect(share(900, ({ id }) => id === 'i0')).toBeGreaterThan(0.07);
    balancer.update(instancesOf(10));
    const isNew = ({ id }: Instance) => id === 'i9';
    expect(share(2_000, isNew)).toBeLessThan(0.03);
    clock.advanceSync(500);
    expect(Math.abs(share(4_000, isNew) - 0.055)).toBeLessThan(0.025);
    clock.advanceSync(500);
    expect(share(4_000, isNew)).toBeGreaterThan(0.08);
  });

  it('is new again when it was ejected', () => {
    const { clock, balancer, share } = setUp({
      instances: instancesOf(4),
      by: weightedChance(),
      slowStartMs: 1_000,
    });
    balancer.eject('i0');
    clock.advanceSync(5_000);
    balancer.readmit('i0');
    expect(share(1_000, ({ id }) => id === 'i0')).toBeLessThan(0.1);
    expect(balancer.readmit('i0')).toBe(true);
  });
});

describe('panic', () => {
  it('uses the ejected as well when too few are left, and tells of it', () => {
    const { balancer, share } = setUp({ instances: instancesOf(4) });
    const told: unknown[] = [];
    balancer.on('panicked', ({ left, of }) => told.push(['panicked', left, of]));
    balancer.on('calmed', ({ left, of }) => told.push(['calmed', left, of]));
    for (const id of ['i0', 'i1']) balancer.eject(id);
    expect(share(40, ({ id }) => id < 'i2')).toBe(0);
    balancer.eject('i2');
    expect(share(40, ({ id }) => id < 'i3')).toBe(0.75);
    expect(balancer.snapshot().panicking).toBe(true);
    balancer.readmit('i2');
    expect(share(40, ({ id }) => id < 'i2')).toBe(0);
    expect(told).toEqual([
      ['panicked', 1, 4],
      ['calmed', 2, 4],
    ]);
  });
});

describe('zones and priorities', () => {
  it('keep calls near for as long as those near can take them, and spill the rest', () => {
    const near = instancesOf(3, { zone: 'a' }, 'a');
    const { balancer, share } = setUp({
      instances: [...near, ...instancesOf(3, { zone: 'b' }, 'b')],
      zone: 'a',
    });
    const isNear = ({ zone }: Instance) => zone === 'a';
    expect(share(100, isNear)).toBe(1);
    balancer.eject('a0');
    balancer.update([...near, ...instancesOf(5, { zone: 'b' }, 'b')]);
    expect(Math.abs(share(4_000, isNear) - 4 / 7)).toBeLessThan(0.05);
    for (const { id } of near) balancer.eject(id);
    expect(share(100, isNear)).toBe(0);
  });

  it('use the next priority for what the first cannot take', () => {
    const instances = [...instancesOf(4, { level: 0 }, 'a'), ...instancesOf(4, { level: 1 }, 'b')];
    const { balancer, share } = setUp({ instances, priority: ({ level = 0 }) => level });
    const isFirst = ({ level }: Instance) => level === 0;
    expect(share(100, isFirst)).toBe(1);
    for (const id of ['a0', 'a1']) balancer.eject(id);
    expect(Math.abs(share(4_000, isFirst) - 0.7)).toBeLessThan(0.05);
    // Whoever was tried is not tried again while there is another one, in whichever group.
    const avoid = new Set(balancer.instances.filter(({ id }) => id !== 'b3'));
    expect(balancer.pick({ avoid }).instance.id).toBe('b3');
  });

  it('go on in turn within a group when the instances change', () => {
    const { balancer } = setUp({ instances: instancesOf(3) });
    expect(balancer.pick().instance.id).toBe('i0');
    balancer.update(instancesOf(4));
    expect(balancer.pick().instance.id).toBe('i1');
  });
});

describe('a subset', () => {
  it('is of the size that it was told, the same for the same caller, and changes little', () => {
    const subsetFor = (caller: string, count: number) => {
      const { balancer } = setUp({ instances: instancesOf(count), subset: { caller, size: 5 } });
      return new Set(Array.from({ length: 50 }, () => balancer.pick().instance.id));
    };
    expect(subsetFor('me', 30)).toEqual(subsetFor('me', 30));
    expect(subsetFor('me', 30).size).toBe(5);
    expect(subsetFor('me', 3).size).toBe(3);
    expect(subsetFor('me', 30)).not.toEqual(subsetFor('you', 30));
    expect([...subsetFor('me', 31)].filter(id => subsetFor('me', 30).has(id)).length).toBeGreaterThanOrEqual(
      4,
    );
  });
});
