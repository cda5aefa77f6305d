import { describe, expect, it } from 'vitest';
import { Budget, type BudgetRules } from '../../../src/core/budget.js';

const still: BudgetRules = { retryRatio: 0.2, reserve: 3, minPerSecond: 0 };

/** Withdraws until refused, which comes soon. */
function drain(budget: Budget, nowMs: number): number {
  let taken = 0;
  while (taken < 1_000 && budget.withdraw(nowMs)) taken++;
  return taken;
}

describe('Budget', () => {
  it('starts with its reserve', () => {
    const budget = new Budget(still, 0);
    expect(budget.tokens(0)).toBe(3);
    expect(drain(budget, 0)).toBe(3);
    expect(budget.tokens(0)).toBe(0);
  });

  it('earns one extra attempt from every 1 / retryRatio first tries', () => {
    const budget = new Budget(still, 0);
    drain(budget, 0);
    for (let i = 0; i < 4; i++) budget.deposit();
    expect(budget.withdraw(0)).toBe(false);
    budget.deposit();
    expect(budget.withdraw(0)).toBe(true);
    expect(budget.withdraw(0)).toBe(false);
  });

  it('counts a ratio without a binary form exactly', () => {
    const budget = new Budget({ retryRatio: 0.07, reserve: 10, minPerSecond: 0 }, 0);
    drain(budget, 0);
    for (let i = 0; i < 99; i++) budget.deposit();
    expect(drain(budget, 0)).toBe(6);
    budget.deposit();
    expect(drain(budget, 0)).toBe(1);
  });

  it('banks no more than its reserve, however long all goes well', () => {
    const budget = new Budget(still, 0);
    for (let i = 0; i < 1_000_000; i++) budget.deposit();
    expect(drain(budget, 1e15)).toBe(3);
  });

  it('trickles, so that a quiet client is not left without', () => {
    const budget = new Budget({ retryRatio: 0, reserve: 2, minPerSecond: 0.5 }, 1000);
    drain(budget, 1000);
    expect(budget.withdraw(2999)).toBe(false);
    expect(budget.withdraw(3000)).toBe(true);
    expect(drain(budget, 1e9)).toBe(2);
  });

  it('loses no fraction of the trickle to frequent questions', () => {
    const budget = new Budget({ retryRatio: 0, reserve: 100, minPerSecond: 1 }, 0);
    drain(budget, 0);
    for (let now = 0; now <= 30_000; now += 0.3) budget.tokens(now);
    expect(budget.tokens(30_000)).toBeCloseTo(30, 2);
  });

  it('earns nothing from a clock that stands, steps back or is broken', () => {
    const budget = new Budget({ ...still, minPerSecond: 10 }, 1000);
    drain(budget, 1000);
    for (const now of [1000, 999, -1e9, Number.NaN]) expect(budget.withdraw(now)).toBe(false);
    expect(budget.withdraw(1100)).toBe(true);
  });
});
