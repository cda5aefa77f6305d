import { describe, expect, it } from 'vitest';
import { type HealthRules, HealthTable } from '../../../src/core/health.js';

const rules: HealthRules = {
  ...{ rise: 2, fall: 3, intervalMs: 100, unhealthyIntervalMs: 40, jitterRatio: 0.5 },
  ...{ maxConcurrent: 2, trusted: true },
};

function setUp(changes: Partial<HealthRules> = {}, hosts: readonly string[] = ['a']) {
  const table = new HealthTable({ ...rules, ...changes });
  table.update(hosts, 0, () => 0);
  let now = 0;
  /** Lets each of these be the result of the next check. */
  const check = (...results: readonly boolean[]) =>
    results.map(ok => {
      now = Math.max(now, table.earliest);
      const turn = table.begin(now);
      return turn && table.end(turn, ok, now, 0)?.kind;
    });
  return { table, check, now: () => now };
}

describe('what is believed of a host', () => {
  it('is what its first check says', () => {
    const { table, check } = setUp();
    expect(table.isHealthy('a')).toBe(true);
    expect(table.describe()).toEqual([{ id: 'a', healthy: true, checked: false, row: 0 }]);
    expect(check(false)).toEqual(['failed']);
    expect(table.isHealthy('a')).toBe(false);
    expect(table.describe()).toEqual([{ id: 'a', healthy: false, checked: true, row: 0 }]);
    const careful = setUp({ trusted: false });
    expect(careful.table.isHealthy('a')).toBe(false);
    expect(careful.check(true)).toEqual(['recovered']);
    expect(careful.table.isHealthy('a')).toBe(true);
  });

  it('changes after so many in a row, and one of the other kind breaks the row', () => {
    const { table, check } = setUp();
    expect(check(true, false, false, true, false, false)).toEqual(Array(6).fill(undefined));
    expect(table.describe()[0]?.row).toBe(2);
    expect(check(false)).toEqual(['failed']);
    expect(check(true, false, true)).toEqual([undefined, undefined, undefined]);
    expect(check(true)).toEqual(['recovered']);
  });

  it('is what one trusts where nobody checks', () => {
    expect(setUp().table.isHealthy('z')).toBe(true);
    expect(setUp({ trusted: false }).table.isHealthy('z')).toBe(false);
  });
});

describe('the time of a check', () => {
  it('is soon for a new host, spread by chance', () => {
    const table = new HealthTable(rules);
    table.update(['a', 'b'], 1_000, () => 0.5);
    expect(table.earliest).toBe(1_025);
    expect(table.begin(1_024)).toBeUndefined();
    expect(table.begin(1_025)?.id).toBe('a');
  });

  it('comes after the end of the one before, less a share by chance, and sooner for one that fails', () => {
    const { table } = setUp();
    const first = table.begin(0)!;
    expect(table.earliest).toBe(Infinity);
    table.end(first, true, 7, 0);
    expect(table.earliest).toBe(107);
    table.end(table.begin(107)!, true, 110, 0.5);
    expect(table.earliest).toBe(110 + 75);
    for (let failure = 0; failure < 3; failure++) table.end(table.begin(table.earliest)!, false, 200, 0);
    expect(table.earliest).toBe(240);
  });

  it('waits for room, and those whose time came first are first', () => {
    const { table } = setUp({}, ['a', 'b', 'c']);
    const turns = [table.begin(0)!, table.begin(0)!];
    expect(table.running).toBe(2);
    expect(table.earliest).toBe(Infinity);
    expect(table.begin(1_000)).toBeUndefined();
    table.end(turns[0]!, true, 1_000, 0);
    expect(table.earliest).toBe(0);
    const third = table.begin(1_000)!;
    expect([turns[0]!.id, turns[1]!.id, third.id].sort()).toEqual(['a', 'b', 'c']);
  });
});

describe('a check', () => {
  it('says nothing twice', () => {
    const { table } = setUp({ fall: 2 });
    const turn = table.begin(0)!;
    table.end(turn, true, 0, 0);
    for (let again = 0; again < 5; again++) expect(table.end(turn, false, 0, 0)).toBeUndefined();
    expect(table.running).toBe(0);
    expect(table.describe()[0]).toMatchObject({ healthy: true, row: 0 });
  });

  it('says nothing of a host that has gone, or has come back as another', () => {
    const { table } = setUp();
    const turn = table.begin(0)!;
    table.update([], 10, () => 0);
    table.update(['a'], 20, () => 0);
    expect(table.end(turn, false, 30, 0)).toBeUndefined();
    expect(table.running).toBe(0);
    expect(table.describe()).toEqual([{ id: 'a', healthy: true, checked: false, row: 0 }]);
    expect(table.earliest).toBe(20);
  });

  it('does not come to a host that has gone, and keeps its time for one that stays', () => {
    const { table } = setUp({}, ['a', 'b']);
    table.update(['b', 'c'], 50, () => 0);
    expect([table.begin(50)?.id, table.begin(50)?.id, table.begin(50)]).toEqual(['b', 'c', undefined]);
    expect(table.describe().map(({ id }) => id)).toEqual(['b', 'c']);
  });

  it('is known as it was when it stays, and its next check comes no sooner', () => {
    const { table, check, now } = setUp();
    expect(check(false)).toEqual(['failed']);
    const next = table.earliest;
    table.update(['a', 'b'], now(), () => 1);
    table.update(['a'], now(), () => 0);
    const known = { id: 'a', healthy: false, checked: true, row: 0 };
    expect([table.describe(), table.isHealthy('a'), table.earliest]).toEqual([[known], false, next]);
    expect(table.begin(next)?.id).toBe('a');
    expect(table.earliest).toBe(Infinity);
  });
});
