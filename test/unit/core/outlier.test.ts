import { describe, expect, it } from 'vitest';
import { type OutlierChange, type OutlierRules, Outliers } from '../../../src/core/outlier.js';

const rules: OutlierRules = {
  consecutiveFailures: 3,
  deviations: 1.9,
  failureRatio: 0.85,
  comparison: { minHosts: 5, minRequests: 10 },
  intervalMs: 100,
  baseEjectionMs: 300,
  maxEjectionMs: 700,
  maxEjectedRatio: 0.5,
};
const ids = ['a', 'b', 'c', 'd', 'e', 'f'];

function setUp(changes: Partial<OutlierRules> = {}, hosts: readonly string[] = ids) {
  const outliers = new Outliers({ ...rules, ...changes }, 0);
  outliers.update(hosts);
  const fail = (id: string, times: number, now = 0): OutlierChange | undefined => {
    let change: OutlierChange | undefined;
    for (let failure = 0; failure < times; failure++) change = outliers.record(id, false, now) ?? change;
    return change;
  };
  const requests = (id: string, succeeded: number, failed: number): void => {
    // A success after each failure, so that no row comes of it.
    for (let call = 0; call < Math.max(succeeded, failed); call++) {
      if (call < failed) outliers.record(id, false, 0);
      if (call < succeeded) outliers.record(id, true, 0);
    }
  };
  return { outliers, fail, requests };
}

describe('failures in a row', () => {
  it('eject at once, and a success breaks the row', () => {
    const { outliers, fail } = setUp();
    expect(fail('a', 2)).toBeUndefined();
    outliers.record('a', true, 0);
    expect(fail('a', 2)).toBeUndefined();
    expect(fail('a', 1)).toEqual({
      kind: 'ejected',
      id: 'a',
      because: 'consecutive failures',
      forMs: 300,
      times: 1,
    });
    expect([outliers.isEjected('a'), outliers.isEjected('b'), outliers.ejected]).toEqual([true, false, 1]);
    // What it answers now says nothing.
    expect(fail('a', 9)).toBeUndefined();
    expect(fail('z', 9)).toBeUndefined();
  });

  it('eject for longer each time, up to a limit, and not before that is over (LB9)', () => {
    const { outliers, fail } = setUp({ intervalMs: 1_000_000 });
    let now = 0;
    for (const forMs of [300, 600, 700, 700]) {
      expect(fail('a', 3, now)).toMatchObject({ kind: 'ejected', forMs });
      expect(outliers.sweep(now + forMs - 1)).toEqual([]);
      now += forMs;
      expect(outliers.sweep(now)).toEqual([{ kind: 'readmitted', id: 'a', afterMs: forMs }]);
    }
  });

  it('eject for less again after intervals without an ejection', () => {
    const { outliers, fail } = setUp();
    fail('a', 3);
    outliers.sweep(300);
    fail('a', 3, 300);
    outliers.sweep(900);
    // The interval in which it came back does not count.
    outliers.sweep(1_000);
    expect(fail('a', 3, 1_050)).toMatchObject({ times: 2, forMs: 600 });
  });

  it('are forgiven no interval that the host was out for', () => {
    const { outliers, fail } = setUp();
    fail('a', 3);
    for (const now of [100, 200, 300]) outliers.sweep(now);
    expect(outliers.isEjected('a')).toBe(false);
    expect(fail('a', 3, 310)).toMatchObject({ times: 2, forMs: 600 });
  });

  it.each([
    [600, 2],
    [700, 3],
  ])('count no further than to the longest ejection, of %d ms', (maxEjectionMs, most) => {
    const { outliers, fail } = setUp({ intervalMs: 1_000_000, maxEjectionMs });
    const times = [0, 1, 2, 3, 4].map(at => {
      const change = fail('a', 3, at * 1_000);
      outliers.sweep(at * 1_000 + 999);
      return change?.kind === 'ejected' ? change.times : undefined;
    });
    expect(times).toEqual([1, 2, most, most, most]);
  });

  it('are counted for those that are known alone', () => {
    expect(setUp().outliers.isEjected('z')).toBe(false);
  });

  it('begin anew when the host is back, whatever it was ejected for', () => {
    const { outliers, fail, requests } = setUp();
    for (const id of ids) requests(id, 50, id === 'c' ? 25 : 0);
    fail('c', 2);
    expect(outliers.sweep(100)).toMatchObject([{ id: 'c', because: 'success rate' }]);
    expect(outliers.describe(100)[2]).toMatchObject({ id: 'c', row: 0 });
    outliers.sweep(400);
    expect(fail('c', 2, 400)).toBeUndefined();
  });

  it('begin anew when the host is back', () => {
    const { outliers, fail } = setUp();
    fail('a', 3);
    outliers.sweep(300);
    expect(fail('a', 2, 300)).toBeUndefined();
  });
});

describe('the part that may be ejected', () => {
  it('is never exceeded, and who is spared is told of once for each row (LB9)', () => {
    const { outliers, fail } = setUp();
    const changes = ids.map(id => fail(id, 3)!.kind);
    expect(changes).toEqual(['ejected', 'ejected', 'ejected', 'spared', 'spared', 'spared']);
    expect(fail('d', 2)).toBeUndefined();
    expect(fail('d', 1)).toEqual({ kind: 'spared', id: 'd', because: 'consecutive failures' });
    expect(outliers.ejected).toBe(3);
  });

  it('leaves one that is alone alone', () => {
    expect(setUp({}, ['a']).fail('a', 3)).toMatchObject({ kind: 'spared' });
    expect(setUp({}, ['a', 'b']).fail('a', 3)).toMatchObject({ kind: 'ejected' });
  });

  it('counts those that are there', () => {
    const { outliers, fail } = setUp();
    for (const id of ['a', 'b', 'c']) fail(id, 3);
    outliers.update(['a', 'd', 'e', 'f']);
    expect(outliers.ejected).toBe(1);
    expect(fail('d', 3)).toMatchObject({ kind: 'ejected' });
    outliers.update(['a', 'b', 'd', 'e', 'f']);
    expect(outliers.isEjected('b')).toBe(false);
  });
});

describe('at the end of an interval', () => {
  it('a success rate far below the mean ejects', () => {
    const { outliers, requests } = setUp();
    for (const id of ids) requests(id, 50, id === 'c' ? 25 : 0);
    expect(outliers.sweep(99)).toEqual([]);
    expect(outliers.sweep(100)).toMatchObject([{ kind: 'ejected', id: 'c', because: 'success rate' }]);
  });

  it('too large a part of failures ejects, though all others are as bad', () => {
    const { outliers, requests } = setUp({ consecutiveFailures: Infinity, deviations: Infinity });
    for (const id of ids) requests(id, 1, 9);
    const changes = outliers.sweep(100);
    expect(changes.map(({ kind }) => kind)).toEqual([
      ...['ejected', 'ejected', 'ejected'],
      ...['spared', 'spared', 'spared'],
    ]);
    expect(changes[0]).toMatchObject({ because: 'failure ratio' });
  });

  it('as large a part of failures as is said ejects, to the last one', () => {
    const byRatio = { deviations: Infinity, consecutiveFailures: Infinity };
    for (const failureRatio of [0.2, 0.3, 0.5, 0.7, 0.9]) {
      const { outliers, requests } = setUp({ ...byRatio, failureRatio });
      const failed = Math.round(failureRatio * 10);
      for (const id of ids) requests(id, id === 'a' ? 10 - failed : 10, id === 'a' ? failed : 0);
      expect(outliers.sweep(100)).toMatchObject([{ id: 'a', because: 'failure ratio' }]);
    }
    const { outliers, requests } = setUp({ ...byRatio, failureRatio: 0.5 });
    for (const id of ids) requests(id, 6, id === 'a' ? 5 : 4);
    expect(outliers.sweep(100)).toEqual([]);
  });

  it('five that have had enough requests are enough to compare', () => {
    const { outliers, requests } = setUp();
    for (const id of ids) requests(id, id === 'f' ? 9 : 20, id === 'a' ? 20 : 0);
    expect(outliers.sweep(100)).toMatchObject([{ kind: 'ejected', id: 'a' }]);
  });

  it('and not before, though hosts come back meanwhile', () => {
    const { outliers, fail, requests } = setUp({ baseEjectionMs: 30 });
    fail('f', 3);
    for (const id of ids) requests(id, 50, id === 'c' ? 25 : 0);
    expect(outliers.sweep(30)).toEqual([{ kind: 'readmitted', id: 'f', afterMs: 30 }]);
    expect(outliers.sweep(100)).toMatchObject([{ kind: 'ejected', id: 'c' }]);
    for (const id of ids) requests(id, 50, id === 'd' ? 25 : 0);
    expect(outliers.sweep(199)).toMatchObject([{ kind: 'readmitted', id: 'c' }]);
    expect(outliers.sweep(200)).toMatchObject([{ kind: 'ejected', id: 'd' }]);
  });

  it('and where an ejection ends before the interval does, it ends in time', () => {
    const { outliers, fail } = setUp();
    fail('a', 3, 50);
    for (const now of [100, 200, 300, 349]) expect(outliers.sweep(now)).toEqual([]);
    expect(outliers.sweep(350)).toEqual([{ kind: 'readmitted', id: 'a', afterMs: 300 }]);
  });

  it('what a host did before it was ejected in the same interval counts no more', () => {
    const { outliers, fail, requests } = setUp({ baseEjectionMs: 30 });
    for (const id of ids) requests(id, 50, id === 'c' ? 25 : 0);
    fail('c', 3);
    expect(outliers.sweep(30)).toMatchObject([{ kind: 'readmitted', id: 'c' }]);
    expect(outliers.sweep(100)).toEqual([]);
  });

  it('nobody is compared where too few have had enough requests', () => {
    const { outliers, requests } = setUp({ consecutiveFailures: Infinity });
    for (const id of ids) requests(id, id < 'e' ? 10 : 9, id === 'a' ? 60 : 0);
    expect(outliers.sweep(100)).toEqual([]);
  });

  it('all begin to count anew', () => {
    const { outliers, requests } = setUp();
    for (const id of ids) requests(id, 9, 0);
    outliers.sweep(100);
    for (const id of ids) requests(id, 9, id === 'a' ? 9 : 0);
    expect(outliers.sweep(200)).toEqual([]);
  });

  it('who is ejected is not compared', () => {
    const { outliers, fail, requests } = setUp();
    for (const id of ids) requests(id, 20, 0);
    fail('a', 3);
    expect(outliers.sweep(100)).toEqual([]);
    expect(outliers.describe(100)[0]).toEqual({ id: 'a', row: 0, times: 1, backInMs: 200 });
    expect(outliers.describe(100)[1]).toEqual({ id: 'b', row: 0, times: 0, backInMs: null });
  });
});
