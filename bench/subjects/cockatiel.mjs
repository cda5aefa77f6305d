// 3.2.1 is the last release for Node 20; 4.0.0 declares Node 22 and runs on 20.
const releases = {
  'cockatiel 3.2.1': () => import('cockatiel'),
  'cockatiel 4.0.0': () => import('cockatiel4'),
};

const each = build =>
  Object.entries(releases).map(([name, load]) => ({
    name,
    load: async () => {
      const cockatiel = await load();
      return (settings, operation) => {
        const policy = build(cockatiel, settings);
        return () => policy.execute(operation);
      };
    },
  }));

function ruleOf(cockatiel, { consecutive, calls, ratio, windowMs }) {
  if (consecutive !== undefined) return new cockatiel.ConsecutiveBreaker(consecutive);
  if (calls !== undefined) return new cockatiel.CountBreaker({ threshold: ratio, size: calls });
  return new cockatiel.SamplingBreaker({ threshold: ratio, duration: windowMs });
}

const breakerOf = (cockatiel, settings) =>
  cockatiel.circuitBreaker(cockatiel.handleAll, {
    halfOpenAfter: settings.cooldownMs,
    breaker: ruleOf(cockatiel, settings),
  });

const bulkheadOf = (cockatiel, { slots, queue }) => cockatiel.bulkhead(slots, queue);

// `maxAttempts` counts the retries, not the first try.
const retryOf = (cockatiel, { attempts, delayMs }) =>
  cockatiel.retry(cockatiel.handleAll, {
    maxAttempts: attempts - 1,
    backoff: new cockatiel.ConstantBackoff(delayMs),
  });

// Aggressive: it answers the caller at the deadline whatever the operation does, as every other timeout here.
const timeoutOf = (cockatiel, { timeoutMs }) =>
  cockatiel.timeout(timeoutMs, cockatiel.TimeoutStrategy.Aggressive);

export const breaker = each(breakerOf);
export const bulkhead = each(bulkheadOf);
export const retry = each(retryOf);
export const timeout = each(timeoutOf);
export const stack = each((cockatiel, settings) =>
  cockatiel.wrap(
    retryOf(cockatiel, settings),
    breakerOf(cockatiel, settings),
    timeoutOf(cockatiel, settings),
    bulkheadOf(cockatiel, settings),
  ),
);

export const idleBreaker = Object.entries(releases).map(([name, load]) => ({
  name,
  load: async () => {
    const cockatiel = await load();
    return {
      create: () => breakerOf(cockatiel, { calls: 100, ratio: 0.5, cooldownMs: 10_000 }),
      call: policy => policy.execute(async () => 1),
    };
  },
}));
