// opossum binds the operation when the breaker is made; its statistics and events cannot be turned off.
const name = 'opossum 10.0.0';

const subject = (optionsOf, lacks = []) => ({
  name,
  lacks,
  load: async () => {
    const { default: CircuitBreaker } = await import('opossum');
    return (settings, operation) => {
      const breaker = new CircuitBreaker(operation, optionsOf(settings));
      return () => breaker.fire();
    };
  },
});

const ruleOf = ({ ratio, windowMs, cooldownMs }) => ({
  errorThresholdPercentage: ratio * 100,
  rollingCountTimeout: windowMs,
  rollingCountBuckets: 10,
  volumeThreshold: 100,
  resetTimeout: cooldownMs,
});

export const breaker = subject(settings => ({ ...ruleOf(settings), timeout: false }));

// Never open: only its count of free places is asked.
export const bulkhead = subject(
  ({ slots }) => ({ timeout: false, errorThresholdPercentage: 100, capacity: slots }),
  ['queue'],
);

export const timeout = subject(({ timeoutMs }) => ({ timeout: timeoutMs, errorThresholdPercentage: 100 }));

export const stack = subject(
  settings => ({
    ...ruleOf({ windowMs: 10_000, ...settings }),
    timeout: settings.timeoutMs,
    capacity: settings.slots,
  }),
  ['queue', 'retry'],
);

export const idleBreaker = {
  name,
  // 7 kB and two interval timers each: a tenth of the instances tells as much.
  share: 0.1,
  load: async () => {
    const { default: CircuitBreaker } = await import('opossum');
    return {
      create: () => new CircuitBreaker(async () => 1, { timeout: false, volumeThreshold: 100 }),
      call: breaker => breaker.fire(),
    };
  },
};
