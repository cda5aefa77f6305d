import { describe, expect, it } from 'vitest';
import { isAtRest, isGrantedBy, isGuard, isPolicy, sharesAnswers } from '../../../src/kernel/is-guard.js';

describe('what a part of a pipeline is', () => {
  const none = [undefined, null, 7, 'text', {}, () => 1];

  it('is a guard when it has both verbs', () => {
    expect(isGuard({ enter: () => 1, exit: () => {} })).toBe(true);
    for (const other of [...none, { enter: () => 1 }, { exit: () => {} }]) expect(isGuard(other)).toBe(false);
  });

  it('is a policy when it executes', () => {
    expect(isPolicy({ execute: () => 1 })).toBe(true);
    for (const other of [...none, { execute: 5 }]) expect(isPolicy(other)).toBe(false);
  });

  it('is at rest unless it says that it is not', () => {
    expect([{}, { atRest: true }, { atRest: false }].map(isAtRest)).toEqual([true, true, false]);
  });

  it('shares no answers unless it says so', () => {
    expect([{}, { sharesAnswers: false }, { sharesAnswers: true }].map(sharesAnswers)).toEqual([
      false,
      false,
      true,
    ]);
  });

  it('gives its own permits, and those of who stands behind it where it says so', () => {
    const [guard, stranger] = [{}, {}];
    const front = { granted: (permit: unknown, behind: object) => permit === 'its' && behind === guard };
    expect(isGrantedBy(guard, 'any', guard)).toBe(true);
    expect(isGrantedBy(front, 'any', front)).toBe(true);
    expect(isGrantedBy(front, 'its', guard)).toBe(true);
    expect(isGrantedBy(front, 'other', guard)).toBe(false);
    expect(isGrantedBy(front, 'its', stranger)).toBe(false);
    expect(isGrantedBy(guard, 'its', stranger)).toBe(false);
    expect(isGrantedBy({ granted: () => 'yes' }, 'its', guard)).toBe(false);
  });
});
