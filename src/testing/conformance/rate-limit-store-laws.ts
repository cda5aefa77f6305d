import type { RateRule } from '../../core/allowance.js';
import type { RateLimitDecision, RateLimitStore } from '../../resilience/rate-limit-store.js';
import { type Demand, type Law, law } from '../law.js';

/** A store to be checked. */
export interface RateLimitStoreSubject {
  /** The store. Keys of all laws begin with `law`; give it a prefix of its own where others use it too. */
  readonly store: RateLimitStore;
  /** Lets so much time pass, for the store: moves its clock, or sleeps. */
  readonly advance: (ms: number) => Promise<void>;
  /** The time, in ms, by whatever `advance` moves. @default performance.now() */
  readonly now?: () => number;
  /** Lets go of it, after each law. */
  readonly close?: () => Promise<void>;
}

/** Makes a store, anew for each law. */
export type MakeRateLimitStore = () => RateLimitStoreSubject | Promise<RateLimitStoreSubject>;

/** Ten at once, and one more each hour: nothing comes back while a law is checked. */
const still: RateRule = { limit: 1, perMs: 3_600_000, burst: 10 };
/** Four at once, and one more each ten seconds: what happens meanwhile is of no consequence. */
const slow: RateRule = { limit: 1, perMs: 10_000, burst: 4 };
/** Four at once, and one more each 50 ms: for laws that let time pass. */
const quick: RateRule = { limit: 20, perMs: 1_000, burst: 4 };

type Body = (subject: RateLimitStoreSubject, demand: Demand, key: string) => Promise<void>;

const bodies: Readonly<Record<string, Body>> = {
  'a whole burst passes at once, and nothing after it': async ({ store }, demand, key) => {
    for (let left = 9; left >= 0; left--) {
      const one = await store.take({ key, rule: still, cost: 1, maxWaitMs: 0 });
      demand(one.allowed && one.waitMs === 0, `${9 - left} of 10 to pass at once`, one);
      demand(one.remaining === left, `${left} to remain`, one);
    }
    const over = await store.take({ key, rule: still, cost: 1, maxWaitMs: 0 });
    demand(!over.allowed && over.remaining === 0, 'the eleventh to be refused, and 0 to remain', over);
  },

  'a cost is taken whole or not at all': async ({ store }, demand, key) => {
    const take = (cost: number) => store.take({ key, rule: still, cost, maxWaitMs: 0 });
    const seven = await take(7);
    demand(seven.allowed && seven.remaining === 3, '7 of 10 to pass', seven);
    const four = await take(4);
    demand(!four.allowed && four.remaining === 3, '4 of 3 to be refused, and 3 to remain', four);
    const three = await take(3);
    demand(three.allowed && three.remaining === 0, '3 of 3 to pass', three);
  },

  'a refusal names the time after which the same passes': async (subject, demand, key) => {
    const take = () => subject.store.take({ key, rule: quick, cost: 4, maxWaitMs: 0 });
    await take();
    const refused = await take();
    demand(!refused.allowed, 'a refusal after the burst', refused);
    const waitMs = refused.allowed ? 0 : refused.retryAfterMs;
    demand(waitMs > 0 && waitMs <= 200, 'a wait of up to 200 ms for 4 tokens', refused);
    await subject.advance(waitMs);
    const passed = await take();
    demand(passed.allowed && passed.waitMs === 0, 'the same to pass then', passed);
  },

  'a rest fills the bucket, and never above the burst': async ({ store, advance }, demand, key) => {
    const take = (cost: number) => store.take({ key, rule: quick, cost, maxWaitMs: 0 });
    await take(4);
    await advance(450);
    const all = await take(4);
    demand(all.allowed && all.remaining === 0, '4 to pass after a long rest, and none to be left', all);
    const more = await take(4);
    demand(!more.allowed, 'no 4 more', more);
  },

  'keys do not touch each other, whatever they are': async ({ store }, demand, key) => {
    const tails = ['', ' ', ':', '{a}', '*', '__proto__', 'constructor', 'é', '🚢', '\n', 'a'.repeat(5_000)];
    for (const tail of [...tails, `${'a'.repeat(5_000)}b`]) {
      const one = await store.take({ key: `${key}${tail}`, rule: still, cost: 10, maxWaitMs: 0 });
      demand(one.allowed, `a bucket of its own for ${JSON.stringify(tail.slice(0, 9))}`, one);
    }
  },

  'of many at once exactly as many pass as may': async ({ store }, demand, key) => {
    const asked = Array.from({ length: 50 }, () => store.take({ key, rule: still, cost: 1, maxWaitMs: 0 }));
    const passed = (await Promise.all(asked)).filter(({ allowed }) => allowed).length;
    demand(passed === 10, '10 of 50', passed);
  },

  'who can wait is promised a turn, in the order of asking': async ({ store }, demand, key) => {
    const take = (maxWaitMs: number) => store.take({ key, rule: slow, cost: 4, maxWaitMs });
    await take(0);
    const asked = await Promise.all([take(1e6), take(1e6), take(1e6)]);
    const [first, second, third] = asked.map(waitOf) as [number, number, number];
    demand(first > 20_000 && first <= 40_000, 'the first to wait for 40 s at most', asked);
    demand(second > first + 20_000 && third > second + 20_000, 'each to wait for its own turn', asked);
    demand(third <= 120_000, 'the third to wait for 120 s at most', asked);
  },

  'who cannot wait so long takes nothing': async ({ store }, demand, key) => {
    const take = (maxWaitMs: number) => store.take({ key, rule: still, cost: 10, maxWaitMs });
    await take(0);
    const refused = await take(1_000);
    demand(!refused.allowed, 'ten hours to be too long', refused);
    const promised = await take(10 * 3_600_000);
    demand(promised.allowed && promised.waitMs > 0, 'the refusal to have taken nothing', promised);
  },

  'what was promised is kept from those who come later': async ({ store, advance }, demand, key) => {
    const take = (cost: number, maxWaitMs: number) => store.take({ key, rule: slow, cost, maxWaitMs });
    await take(3, 0);
    await take(2, 1e6);
    await advance(20);
    const overtaking = await take(1, 0);
    demand(!overtaking.allowed && overtaking.remaining === 0, 'nobody to overtake', overtaking);
  },

  'a refund gives back what was taken, never above the burst': async ({ store }, demand, key) => {
    const take = (cost: number) => store.take({ key, rule: still, cost, maxWaitMs: 0 });
    await take(10);
    await store.refund({ key, rule: still, cost: 4 });
    const five = await take(5);
    demand(!five.allowed && five.remaining === 4, '4 to be back', five);
    await store.refund({ key, rule: still, cost: 1_000 });
    const all = await take(10);
    demand(all.allowed && all.remaining === 0, 'a full bucket, not more', all);
  },

  'a refund of a promise shortens the waits to come': async ({ store }, demand, key) => {
    const take = () => store.take({ key, rule: slow, cost: 4, maxWaitMs: 1e6 });
    await take();
    const first = await take();
    await store.refund({ key, rule: slow, cost: 4 });
    const second = await take();
    demand(waitOf(second) <= waitOf(first), 'the second to wait no longer than the first', second);
  },

  'a refund of what nobody took changes nothing': async ({ store }, demand, key) => {
    await store.refund({ key, rule: still, cost: 5 });
    const all = await store.take({ key, rule: still, cost: 10, maxWaitMs: 0 });
    demand(all.allowed && all.remaining === 0, 'a full bucket', all);
  },

  'another rule applies at once, and what was taken stays taken': async ({ store }, demand, key) => {
    const take = (rule: RateRule, cost: number) => store.take({ key, rule, cost, maxWaitMs: 0 });
    await take(still, 6);
    const fewer = await take({ ...still, burst: 8 }, 3);
    demand(!fewer.allowed && fewer.remaining === 2, '6 of 8 to be taken', fewer);
    const other = await take({ limit: 2, perMs: 7_200_000, burst: 8 }, 2);
    demand(other.allowed && other.remaining === 0, '2 to be left by another rate', other);
    const more = await take({ ...still, burst: 20 }, 12);
    demand(more.allowed && more.remaining === 0, '8 of 20 to be taken', more);
  },

  'no more passes than the burst and the rate let': async ({ store, advance, now }, demand, key) => {
    const time = now ?? (() => performance.now());
    const startMs = time();
    let passed = 0;
    for (let round = 0; round < 12; round++) {
      const answers = [1, 2, 3].map(cost => store.take({ key, rule: quick, cost, maxWaitMs: 0 }));
      (await Promise.all(answers)).forEach(({ allowed }, at) => {
        if (allowed) passed += at + 1;
      });
      await advance(25);
    }
    const most = quick.burst + ((time() - startMs) * quick.limit) / quick.perMs;
    demand(passed <= most, `no more than ${most}`, passed);
    // 275 ms give back five, of which costs that did not fit may have left one or two.
    demand(passed >= quick.burst + 3, 'no less than what came back', passed);
  },
};

function waitOf(decision: RateLimitDecision): number {
  return decision.allowed ? decision.waitMs : Number.NaN;
}

/**
 * What every `RateLimitStore` has to keep, as a list of checks for any test runner. Each makes a store of its
 * own and uses keys that no other one has used.
 *
 * @example
 * ```ts
 * import { InMemoryRateLimitStore } from 'keelson';
 * import { checkLaws, rateLimitStoreLaws, VirtualClock } from 'keelson/testing';
 *
 * const laws = rateLimitStoreLaws(() => {
 *   const clock = new VirtualClock();
 *   const store = new InMemoryRateLimitStore({ clock });
 *   return { store, advance: ms => clock.advance(ms), now: () => clock.now() };
 * });
 * const { held } = await checkLaws(laws);
 * held.length; // => 14
 * ```
 */
export function rateLimitStoreLaws(make: MakeRateLimitStore): readonly Law[] {
  return Object.entries(bodies).map(([name, body], at) =>
    law(name, async demand => {
      const subject = await make();
      try {
        await body(subject, demand, `law ${at}`);
      } finally {
        await subject.close?.();
      }
    }),
  );
}
