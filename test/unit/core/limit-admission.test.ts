import { describe, expect, it } from 'vitest';
import { LimitAdmission, type Partition } from '../../../src/core/limit-admission.js';

const part = (share: number): Partition => ({ name: 'part', share, taken: 0 });

describe('admission near the limit', () => {
  it('lets a partition have its share again that was given back', () => {
    const admission = new LimitAdmission(0.1);
    const partition = part(0.2);
    for (let call = 0; call < 5; call++) expect(admission.take(5, 0, undefined)).toBe(true);
    expect([admission.take(5, 0, partition), admission.take(5, 0, partition)]).toEqual([true, false]);
    admission.release(partition);
    expect([admission.take(5, 0, partition), partition.taken, admission.taken]).toEqual([true, 1, 6]);
  });

  it.each([
    // limit, and how many calls of the priorities 0 and 1, -1, -2, -3, -5 and -9 fit into it
    [1, 1, 1, 1, 1, 1, 1],
    [2, 2, 1, 1, 1, 1, 1],
    [3, 3, 2, 2, 2, 2, 2],
    [5, 5, 4, 4, 3, 3, 3],
    [10, 10, 9, 8, 7, 5, 5],
    [11, 11, 9, 8, 7, 6, 6],
    // In binary 0.7 × 90 is a trace below 63.
    [90, 90, 81, 72, 63, 45, 45],
    [100, 100, 90, 80, 70, 50, 50],
    [1_000_000, 1_000_000, 900_000, 800_000, 700_000, 500_000, 500_000],
  ])('keeps a part of a limit of %i for the urgent, a whole place at least', (limit, most, ...fitting) => {
    const lastTwo = (priority: number, shedRatio: number): boolean[] => {
      const admission = new LimitAdmission(shedRatio);
      const edge = [most, ...fitting][[0, -1, -2, -3, -5, -9].indexOf(Math.min(0, priority))]! - 1;
      for (let call = 0; call < edge; call++) admission.take(limit, 0, undefined);
      return [admission.take(limit, priority, undefined), admission.take(limit, priority, undefined)];
    };
    for (const priority of [1, 0, -1, -2, -3, -5, -9]) {
      expect([priority, ...lastTwo(priority, 0.1)]).toEqual([priority, true, false]);
    }
  });

  it('keeps nothing back where nothing is to be kept', () => {
    const admission = new LimitAdmission(0);
    const taken = Array.from({ length: 6 }, () => admission.take(5, -9, undefined));
    expect(taken).toEqual([true, true, true, true, true, false]);
  });

  it('goes by another ratio from the next call on', () => {
    const admission = new LimitAdmission(0.1);
    for (let call = 0; call < 8; call++) admission.take(10, 0, undefined);
    expect(admission.take(10, -1, undefined)).toBe(true);
    admission.release(undefined);
    admission.amend(0.2);
    expect(admission.take(10, -1, undefined)).toBe(false);
    expect(admission.take(10, 0, undefined)).toBe(true);
  });
});
