import { describe, expect, it } from 'vitest';
import { ChangeLog } from '../../../src/core/change-log.js';

const sinceOf = (log: ChangeLog, revision: number) => {
  const touched = log.since(revision);
  return touched && [...touched].sort().join('');
};

describe('a log of changes', () => {
  it('tells what was touched after a revision, each once', () => {
    const log = new ChangeLog(5, 100);
    log.add(['a', 'b']);
    log.add(['a']);
    log.add(['c']);
    expect(log.revision).toBe(8);
    expect([8, 7, 6, 5].map(revision => sinceOf(log, revision))).toEqual(['', 'c', 'ac', 'abc']);
  });

  it('does not know what was before it, what is to come, or what is no number', () => {
    const log = new ChangeLog(5, 100);
    log.add(['a']);
    expect([4, 7, NaN].map(revision => log.since(revision))).toEqual([undefined, undefined, undefined]);
  });

  it('forgets the oldest above its limit, and says so', () => {
    const log = new ChangeLog(0, 3);
    for (const ids of [['a', 'b'], ['c']]) log.add(ids);
    expect(sinceOf(log, 0)).toBe('abc');
    log.add(['d']);
    expect(log.revision).toBe(3);
    expect([0, 1, 2].map(revision => sinceOf(log, revision))).toEqual([undefined, 'cd', 'd']);
    log.add(['e', 'f', 'g', 'h']);
    expect([3, 4].map(revision => sinceOf(log, revision))).toEqual([undefined, '']);
  });
});
