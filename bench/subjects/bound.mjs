import { BoundAdaptive } from './bounds/adaptive.mjs';
import { BoundBreaker, SharedErrorBreaker } from './bounds/breaker.mjs';
import { BoundBulkhead, ScopedBulkhead } from './bounds/bulkhead.mjs';
import { BoundCache, BoundSingleFlight } from './bounds/cache.mjs';
import { cached, precise } from './bounds/clock.mjs';
import { BoundHedge, ScopedHedge } from './bounds/hedge.mjs';
import { BoundRate } from './bounds/rate.mjs';
import { BoundRetry } from './bounds/retry.mjs';
import { BoundStack } from './bounds/stack.mjs';
import { StackOfPolicies } from './bounds/stack-of-policies.mjs';
import { BoundTimeout } from './bounds/timeout.mjs';
import { windowOf } from './bounds/windows.mjs';

// A bound has no events, classification, metrics or cancellation: a floor to stand on, not a product.
const subject = (name, make, lacks = []) => ({ name, lacks, load: async () => make });

const calling = policy => operation => () => policy.execute(operation);

export const bare = subject('bare', (_settings, operation) => () => operation());

const adaptiveOn =
  now =>
  ({ limit }, operation) =>
    calling(new BoundAdaptive(limit, now))(operation);

export const adaptive = subject('bound', adaptiveOn(precise));
export const adaptiveCachedClock = subject('bound, cached clock', adaptiveOn(cached));

const breakerOn =
  (now, Breaker = BoundBreaker) =>
  (settings, operation) =>
    calling(new Breaker(windowOf(settings, now), settings.cooldownMs))(operation);

export const breaker = subject('bound', breakerOn(precise));
export const breakerCachedClock = subject('bound, cached clock', breakerOn(cached));
export const breakerSharedError = subject('bound, shared error', breakerOn(precise, SharedErrorBreaker));

const bulkheadOf = Bulkhead => (settings, operation) =>
  calling(new Bulkhead(settings.slots, settings.queue))(operation);

export const bulkhead = subject('bound', bulkheadOf(BoundBulkhead));
export const bulkheadScoped = subject('bound, async context kept', bulkheadOf(ScopedBulkhead));

const hedgeOn =
  (now, Hedge = BoundHedge) =>
  (settings, operation) =>
    calling(new Hedge(settings.delayMs, now))(operation);

export const hedge = subject('bound', hedgeOn(precise));
export const hedgeCachedClock = subject('bound, cached clock', hedgeOn(cached));
export const hedgeScoped = subject('bound, async context kept', hedgeOn(cached, ScopedHedge));
export const cache = subject('bound', (settings, operation) => {
  const policy = new BoundCache(settings.ttlMs, cached);
  return () => policy.execute(operation, settings.key);
});

export const coalesce = subject('bound', (settings, operation) => {
  const policy = new BoundSingleFlight();
  return () => policy.execute(operation, settings.key);
});
const rateOn = now => (settings, operation) => calling(new BoundRate(settings, now))(operation);

export const rate = subject('bound', rateOn(precise));
export const rateCachedClock = subject('bound, cached clock', rateOn(cached));

export const retry = subject('bound', (settings, operation) =>
  calling(new BoundRetry(settings.attempts, settings.delayMs))(operation),
);

export const retryWrapped = subject('bound, wrapped once', (settings, operation) =>
  new BoundRetry(settings.attempts, settings.delayMs).wrap(operation),
);

const timeoutOn = now => (settings, operation) =>
  calling(new BoundTimeout(settings.timeoutMs, now))(operation);

export const timeout = subject('bound', timeoutOn(precise));
export const timeoutCachedClock = subject('bound, cached clock', timeoutOn(cached));

const stackOn =
  (now, Stack = BoundStack) =>
  (settings, operation) =>
    calling(new Stack(settings, windowOf(settings, now), now))(operation);

export const stack = subject('bound', stackOn(precise), ['queue']);
export const stackCachedClock = subject('bound, cached clock', stackOn(cached), ['queue']);
export const stackOfPolicies = subject('bound, of policies', stackOn(cached, StackOfPolicies), ['queue']);

export const idleBreaker = {
  name: 'bound',
  load: async () => ({
    create: () => new BoundBreaker(windowOf({ calls: 100, ratio: 0.5 }), 10_000),
    call: breaker => breaker.execute(async () => 1),
  }),
};
