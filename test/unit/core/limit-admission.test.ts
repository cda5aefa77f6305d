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
