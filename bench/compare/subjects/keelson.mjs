const events = {
  breaker: ['opened', 'halfOpened', 'closed', 'rejected'],
  retry: ['retried', 'recovered', 'gaveUp'],
};

/** `keelson` is the package itself: the test of the scenarios hands over its sources. */
export function keelson(keelson) {
  return () => {
    const clock = new keelson.VirtualClock();
    const time = {
      stepWall: ms => clock.stepWall(ms),
      advance: ms => clock.advance(ms),
      after: (ms, callback) => clock.schedule(ms, callback),
    };
    return { time, subject: { isOurs: error => error instanceof keelson.ResilienceError, make } };

    function make(settings, times, frozen) {
      const options = optionsOf[settings.kind](settings, clock);
      if (frozen) Object.freeze(options);
      return Array.from({ length: times }, () => policyOf(settings, options));
    }

    function policyOf(settings, options) {
      const { kind, slots, timeoutMs } = settings;
      let policy = makers[kind](keelson, options);
      const breaker = policy;
      if (kind !== 'bulkhead' && slots)
        policy = keelson.pipeline(policy, new keelson.Bulkhead({ slots, clock }));
      if (kind === 'breaker' && timeoutMs) {
        policy = keelson.pipeline(breaker, new keelson.Timeout({ timeoutMs, clock }));
      }
      const it = {
        call: ({ operation, signal, args }) =>
          policy.execute(context => operation(context.signal), {
            signal,
            ...(args.length && { key: args[0] }),
          }),
        state: () => breaker.state,
        listen: hear => {
          for (const event of events[kind]) breaker.on(event, () => hear(event));
        },
        save: () => breaker.snapshot(),
        restore: saved => {
          breaker.restore(saved);
          return it;
        },
      };
      return it;
    }
  };
}

const makers = {
  breaker: ({ CircuitBreaker }, options) => new CircuitBreaker(options),
  bulkhead: ({ Bulkhead }, options) => new Bulkhead(options),
  timeout: ({ Timeout }, options) => new Timeout(options),
  retry: ({ Retry }, options) => new Retry(options),
  coalesce: ({ Coalesce }, options) => new Coalesce(options),
  cache: ({ Cache }, options) => new Cache(options),
};

const optionsOf = {
  breaker: ({ failures, ratio, minCalls, windowMs, openMs, factor }, clock) => ({
    ...{ clock, probes: 1, probeLeaseMs: 1000 },
    openMs: factor === undefined ? openMs : { initialMs: openMs, factor, jitterRatio: 0 },
    ...(failures === undefined
      ? { consecutiveFailures: 1_000_000, failureRatio: ratio, minCalls }
      : { consecutiveFailures: failures }),
    ...(windowMs && { window: { ms: windowMs } }),
  }),
  bulkhead: ({ slots, queue }, clock) => ({ slots, queue, clock }),
  timeout: ({ timeoutMs }, clock) => ({ timeoutMs, clock }),
  retry: ({ attempts, delayMs }, clock) => ({ attempts, backoff: { kind: 'constant', delayMs }, clock }),
  coalesce: (_, clock) => ({ clock }),
  cache: (_, clock) => ({ ttlMs: 60_000, clock }),
};
