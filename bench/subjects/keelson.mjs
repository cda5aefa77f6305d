// keelson is measured as it is shipped: the built files, through their front door.
const built = new URL('../../dist/index.js', import.meta.url);

let dist;
let missing;
try {
  dist = await import(built);
} catch (error) {
  if (error.code !== 'ERR_MODULE_NOT_FOUND') throw error;
  missing = 'dist/ is not built: run `npm run build`';
}

function lacking(names) {
  if (dist === undefined) return missing;
  const absent = names.filter(name => dist[name] === undefined);
  return absent.length === 0 ? undefined : `dist/index.js does not export ${absent.join(', ')}`;
}

const subject = (names, build, name = 'keelson') => ({
  name,
  missing: lacking(names),
  load: async () => {
    if (lacking(names) !== undefined) return undefined;
    return (settings, operation) => {
      const policy = build(settings);
      return () => policy.execute(operation);
    };
  },
});

function ruleOf({ consecutive, calls, ratio, windowMs }) {
  if (consecutive !== undefined) return { consecutiveFailures: consecutive };
  return { failureRatio: ratio, window: calls === undefined ? { ms: windowMs } : { calls } };
}

const breakerOf = settings => new dist.CircuitBreaker(ruleOf(settings));
const adaptiveOf = ({ limit }) => new dist.AdaptiveLimiter({ initialLimit: limit, maxLimit: 10 * limit });
const bulkheadOf = ({ slots, queue }) => new dist.Bulkhead({ slots, queue });
const retryOf = ({ attempts }) => new dist.Retry({ attempts });
const timeoutOf = ({ timeoutMs }) => new dist.Timeout({ timeoutMs });

export const adaptive = subject(['AdaptiveLimiter'], adaptiveOf);
export const breaker = subject(['CircuitBreaker'], breakerOf);
export const bulkhead = subject(['Bulkhead'], bulkheadOf);
export const retry = subject(['Retry'], retryOf);
export const timeout = subject(['Timeout'], timeoutOf);
export const stack = subject(['pipeline', 'Retry', 'CircuitBreaker', 'Timeout', 'Bulkhead'], settings =>
  dist.pipeline(retryOf(settings), breakerOf(settings), timeoutOf(settings), bulkheadOf(settings)),
);

export const idleBreaker = {
  name: 'keelson',
  missing: lacking(['CircuitBreaker']),
  load: async () => {
    if (lacking(['CircuitBreaker']) !== undefined) return undefined;
    return {
      create: () => new dist.CircuitBreaker({ failureRatio: 0.5, window: { calls: 100 } }),
      call: breaker => breaker.execute(async () => 1),
    };
  },
};
