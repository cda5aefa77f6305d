import { describe, expect, it } from 'vitest';
import { Balancer } from '../../../src/discovery/balancer.js';
import type { BalancerOptions } from '../../../src/discovery/balancer-options.js';
import { roundRobin, weightedTurns } from '../../../src/discovery/balancer-ways.js';
import { VirtualClock } from '../../../src/testing/virtual-clock.js';

interface Instance {
  readonly id: string;
  readonly weight?: number;
  readonly level?: number;
}

const instancesOf = (count: number, facts: Partial<Instance> = {}, prefix = 'i'): Instance[] =>
  Array.from({ length: count }, (_, at) => ({ id: `${prefix}${at}`, ...facts }));

function setUp(options: BalancerOptions<Instance>) {
  const clock = new VirtualClock();
  return { clock, balancer: new Balancer<Instance>({ clock, by: roundRobin(), ...options }) };
}

describe('a balancer that is given another list', () => {
  it('has all instances that it had when one of a list is refused, or cannot be asked', () => {
    let mine = false;
    const [a, b, c] = instancesOf(3) as [Instance, Instance, Instance];
    const priority = ({ level = 0 }: Instance): number => {
      if (mine) throw new Error('mine');
      return level;
    };
    const { balancer } = setUp({ instances: [a, b], priority });
    const pick = balancer.pick();
    const wrong = { id: 'i4', weight: -1 };
    for (const list of [
      [c, wrong],
      [c, b, c],
      [a, b, { ...a }],
      [b, a, b],
      [a, a],
      [wrong, b],
    ]) {
      expect(() => balancer.update(list)).toThrow(/must be/);
      expect(balancer.instances).toEqual([a, b]);
      expect([pick.instance, balancer.pick().instance]).toEqual([a, b]);
      balancer.pick();
    }
    mine = true;
    expect(() => balancer.update([c])).toThrow('mine');
    expect(balancer.instances).toEqual([a, b]);
    mine = false;
    balancer.update([c, a]);
    expect(balancer.instances).toEqual([a, c]);
    expect(balancer.inFlight('i0')).toBeGreaterThan(0);
  });

  it('knows of each in whatever order a list is, also where one has changed in its place', () => {
    const list = instancesOf(6).map(instance => ({ ...instance, weight: 1 }));
    const { balancer } = setUp({ instances: list, by: weightedTurns() });
    const idsOf = () =>
      Array.from({ length: 12 }, () => {
        const pick = balancer.pick();
        pick.done();
        return pick.instance.id;
      }).sort();
    const twice = list.flatMap(({ id }) => [id, id]);
    for (const order of [
      [5, 4, 3, 2, 1, 0],
      [2, 0, 1, 5, 3, 4],
      [0, 1, 2, 3, 4, 5],
    ]) {
      balancer.update(order.map(at => list[at]!));
      expect(idsOf()).toEqual(twice);
    }
    balancer.update(list.filter((_, at) => at !== 2));
    expect(new Set(idsOf())).not.toContain('i2');
    list[3]!.weight = 0;
    balancer.update(list.filter((_, at) => at !== 2));
    expect(new Set(idsOf())).toEqual(new Set(['i0', 'i1', 'i4', 'i5']));
    balancer.update([...instancesOf(1, {}, 'first'), ...list.slice(0, 2)]);
    expect(new Set(idsOf())).toEqual(new Set(['first0', 'i0', 'i1']));
  });

  it('keeps what it knows apart, whoever takes the slot of one that has left', () => {
    const { clock, balancer } = setUp({ instances: instancesOf(1) });
    const slow = balancer.pick();
    clock.advanceSync(50);
    slow.done('failure');
    const open = balancer.pick();
    balancer.update(instancesOf(2, {}, 'other'));
    expect(balancer.snapshot().instances).toMatchObject([
      { id: 'other0', inFlight: 0, costMs: null, health: 1 },
      { id: 'other1', inFlight: 0, costMs: null, health: 1 },
    ]);
    // The last call to who is gone ends: its slot is free, and what came of the call is nobody's.
    open.done('failure');
    balancer.update(instancesOf(3, {}, 'other'));
    expect(balancer.snapshot().instances[2]).toMatchObject({ inFlight: 0, costMs: null, health: 1 });
  });
});
