import { describe, expect, it } from 'vitest';
import type { BalancedHost } from '../../../src/core/balance.js';
import { Roster } from '../../../src/core/balance-roster.js';

const host = (id: string, slot: number, weight = 1) => ({ id, slot, weight, inFlight: 0 });

describe('who is there', () => {
  const [a, b, c] = [host('a', 0), host('b', 1), host('c', 3)];

  it('is known by slot, and who came and left since', () => {
    const roster = new Roster<BalancedHost>();
    expect(roster.update([a, c])).toEqual({ left: [], came: [0, 3], any: true });
    expect(roster.bySlot).toStrictEqual([a, undefined, undefined, c]);
    expect(roster.update([a, c, b])).toEqual({ left: [], came: [1], any: true });
    expect(roster.update([c])).toEqual({ left: [0, 1], came: [], any: true });
    expect(roster.bySlot).toEqual([undefined, undefined, undefined, c]);
    expect(roster.update([])).toEqual({ left: [3], came: [], any: true });
  });

  it('may be another one in the same slot', () => {
    const roster = new Roster<BalancedHost>();
    roster.update([a]);
    const d = host('d', 0);
    expect(roster.update([d])).toEqual({ left: [0], came: [0], any: true });
    expect(roster.bySlot[0]).toBe(d);
  });

  it('is as it was only with the same weights and in the same order', () => {
    const roster = new Roster<BalancedHost>();
    const list = [host('a', 0), host('b', 1)];
    roster.update(list);
    const none = { left: [], came: [] };
    expect(new Roster<BalancedHost>().update([])).toEqual({ ...none, any: false });
    expect(roster.update([...list])).toEqual({ ...none, any: false });
    expect(roster.update([list[1]!, list[0]!])).toEqual({ ...none, any: true });
    list.reverse();
    expect(roster.update(list)).toEqual({ ...none, any: false });
    list.reverse();
    expect(roster.update(list)).toEqual({ ...none, any: true });
    list[1]!.weight = 2;
    expect(roster.update(list)).toEqual({ ...none, any: true });
    expect(roster.update(list)).toEqual({ ...none, any: false });
  });
});
