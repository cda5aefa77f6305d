import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Budget, type BudgetRules } from '../../src/core/budget.js';
import { explore } from '../../src/testing/explore.js';

type Event = 'first' | 'retry' | number;

const rules = fc.record({
  retryRatio: fc.integer({ min: 0, max: 1000 }).map(thousandths => thousandths / 1000),
  reserve: fc.integer({ min: 1, max: 12 }),
  minPerSecond: fc.constantFrom(0, 1, 3, 10, 250),
});
const log = fc.array(
  fc.oneof(
    { arbitrary: fc.constantFrom<Event>('first', 'retry'), weight: 4 },
    { arbitrary: fc.integer({ min: 0, max: 2000 }), weight: 1 },
  ),
  { maxLength: 200, size: 'max' },
);

describe('a budget over any log of events', () => {
  it('answers as a bucket does that is filled at once and recomputed from the log', () => {
    fc.assert(
      fc.property(rules, log, (given, events) => {
        const budget = new Budget(given, 0);
        const cap = given.reserve * 1000;
        let now = 0;
        let thousandths = cap;
        for (const event of events) {
          if (event === 'first') {
            budget.deposit();
            thousandths = Math.min(cap, thousandths + Math.round(given.retryRatio * 1000));
          } else if (event === 'retry') {
            const allowed = thousandths >= 1000;
            expect(budget.withdraw(now)).toBe(allowed);
            if (allowed) thousandths -= 1000;
          } else {
            now += event;
            thousandths = Math.min(cap, thousandths + event * given.minPerSecond);
          }
        }
        expect(budget.tokens(now)).toBe(thousandths / 1000);
      }),
    );
  });

  it('bounds the retries of every window (RT5)', () => {
    fc.assert(
      fc.property(rules, log, (given, events) => {
        const budget = new Budget(given, 0);
        let now = 0;
        /** For the window that starts at each event: what it may hold at most, less what it held. */
        const slack: number[] = [];
        for (const event of events) {
          slack.push(given.reserve);
          let gain = 0;
          if (event === 'first') {
            budget.deposit();
            gain = given.retryRatio;
          } else if (event === 'retry') {
            gain = budget.withdraw(now) ? -1 : 0;
          } else {
            now += event;
            gain = (event * given.minPerSecond) / 1000;
          }
          for (let i = 0; i < slack.length; i++) slack[i]! += gain;
          expect(Math.min(...slack)).toBeGreaterThanOrEqual(-1e-9);
        }
      }),
    );
  });
});

/**
 * What there is to know of a budget after some events; `excess` is the most that any window has taken unpaid.
 */
interface Walked {
  readonly events: readonly ('first' | 'retry' | 'tick')[];
  readonly balance: number;
  readonly excess: number;
  readonly refused: boolean;
}

const TICK_MS = 10;

/**
 * A budget cannot be cloned, so it is driven afresh; the excess is Lindley's recursion over the same events.
 */
function walk(given: BudgetRules, events: Walked['events']): Walked {
  const budget = new Budget(given, 0);
  let now = 0;
  let excess = 0;
  let refused = false;
  for (const event of events) {
    if (event === 'retry') {
      refused = !budget.withdraw(now);
      if (!refused) excess += 1000;
      continue;
    }
    if (event === 'first') budget.deposit();
    else now += TICK_MS;
    const paid = event === 'first' ? Math.round(given.retryRatio * 1000) : TICK_MS * given.minPerSecond;
    excess = Math.max(0, excess - paid);
  }
  return { events, balance: Math.round(budget.tokens(now) * 1000), excess, refused };
}

describe('a small budget, in every state it can reach', () => {
  it.each<[string, BudgetRules]>([
    ['fed by first tries', { retryRatio: 0.3, reserve: 4, minPerSecond: 0 }],
    ['fed by time', { retryRatio: 0, reserve: 4, minPerSecond: 35 }],
    ['fed by both', { retryRatio: 0.07, reserve: 3, minPerSecond: 13 }],
    ['of one token, earned at once', { retryRatio: 1, reserve: 1, minPerSecond: 0 }],
  ])('keeps 0 <= tokens <= reserve, RT5 for all windows, and never starves: %s', (name, given) => {
    const cap = given.reserve * 1000;
    const seen = explore<Walked, 'first' | 'retry' | 'tick'>({
      maxStates: 2000,
      initial: () => walk(given, []),
      events: () => ['first', 'retry', 'tick'],
      step: (state, event) => walk(given, [...state.events, event]),
      key: state => `${state.balance} ${state.excess} ${state.refused}`,
      always: state => {
        if (state.balance < 0 || state.balance > cap) return `balance ${state.balance}`;
        if (state.excess > cap) return `a window took ${state.excess} more than it was owed`;
        return undefined;
      },
      invariant: (before, event, after) => {
        if (event !== 'retry') return undefined;
        return after.refused === before.balance < 1000
          ? undefined
          : 'refused with a token, or allowed without';
      },
      goals: {
        refused: state => state.refused,
        full: state => state.balance === cap,
        low: s => s.balance < 1000,
      },
      liveness: [
        {
          name: 'an extra attempt',
          to: s => s.balance >= 1000,
          by: event => event !== 'retry',
          paths: 'some',
        },
        { name: 'a full reserve', to: s => s.balance === cap, by: event => event !== 'retry', paths: 'some' },
      ],
    });
    console.info(`budget ${name}: ${seen.states} states, ${seen.transitions} transitions`);
    expect(seen.states).toBeGreaterThan(3);
  });
});
