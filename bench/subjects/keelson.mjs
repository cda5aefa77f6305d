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

const subject = (names, build, name = 'keelson', optionsOf = undefined) => ({
  name,
  missing: lacking(names),
  load: async () => {
    if (lacking(names) !== undefined) return undefined;
    return (settings, operation) => {
      const policy = build(settings);
      if (optionsOf === undefined) return () => policy.execute(operation);
      return () => policy.execute(operation, optionsOf(settings));
    };
  },
});

function ruleOf({ consecutive, calls, ratio, windowMs }) {
  if (consecutive !== undefined) return { consecutiveFailures: consecutive };
  return { failureRatio: ratio, window: calls === undefined ? { ms: windowMs } : { calls } };
}

const breakerOf = settings => new dist.CircuitBreaker(ruleOf(settings));
// Never below its beginning: under a load that it has not met before it would go down to measure.
const adaptiveOf = ({ limit }) =>
  new dist.AdaptiveLimiter({ initialLimit: limit, minLimit: limit, maxLimit: 10 * limit });
const bulkheadOf = ({ slots, queue }) => new dist.Bulkhead({ slots, queue });
const hedgeOf = ({ delayMs }) => new dist.Hedge({ delayMs, idempotent: true });
// Never below the delay that the others have.
const learntOf = ({ delayMs }) =>
  new dist.Hedge({ quantile: { minMs: delayMs, minSamples: 1 }, idempotent: true });
const cacheOf = ({ ttlMs, entries }) => new dist.Cache({ ttlMs, maxEntries: entries });
const keyed = ({ key }) => ({ key });
const limiterOf = ({ limit, perMs, burst }) => new dist.RateLimiter({ limit, perMs, burst });
const retryOf = ({ attempts }) => new dist.Retry({ attempts });
const timeoutOf = ({ timeoutMs }) => new dist.Timeout({ timeoutMs });

export const adaptive = subject(['AdaptiveLimiter'], adaptiveOf);
export const breaker = subject(['CircuitBreaker'], breakerOf);
export const bulkhead = subject(['Bulkhead'], bulkheadOf);
export const hedge = subject(['Hedge'], hedgeOf);
export const hedgeLearnt = subject(['Hedge'], learntOf, 'keelson, learnt delay');
export const cache = subject(['Cache'], cacheOf, 'keelson', keyed);
export const coalesce = subject(['Coalesce'], () => new dist.Coalesce(), 'keelson', keyed);
export const limiter = subject(['RateLimiter'], limiterOf);
export const retry = subject(['Retry'], retryOf);
export const timeout = subject(['Timeout'], timeoutOf);
export const stack = subject(['pipeline', 'Retry', 'CircuitBreaker', 'Timeout', 'Bulkhead'], settings =>
  dist.pipeline(retryOf(settings), breakerOf(settings), timeoutOf(settings), bulkheadOf(settings)),
);

export const shadowed = subject(['shadow', 'CircuitBreaker'], settings => dist.shadow(breakerOf(settings)));
/** Calls with a key, which is one of many; the second subject has the same breaker without `keyed`. */
const keyedSubject = (name, build) => ({
  ...subject(['keyed', 'CircuitBreaker'], build, name),
  load: async () => {
    if (lacking(['keyed', 'CircuitBreaker']) !== undefined) return undefined;
    return (settings, operation) => {
      const policy = build(settings);
      const calls = Array.from({ length: settings.keys }, (_, index) => ({ key: `tenant-${index}` }));
      let next = 0;
      return () => policy.execute(operation, calls[next++ % calls.length]);
    };
  },
});
export const keyedBreakers = keyedSubject('keelson', settings =>
  dist.keyed(() => breakerOf(settings), { maxKeys: settings.keys }),
);
export const oneBreaker = keyedSubject('keelson, one breaker for all keys', breakerOf);

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

const busSubject = (name, emit, pattern = 'a', options = {}) => ({
  name,
  missing: lacking(['EventBus']),
  load: async () => {
    if (lacking(['EventBus']) !== undefined) return undefined;
    return (settings, operation) => {
      const bus = new dist.EventBus(options);
      for (let i = 0; i < settings.listeners; i++) bus.on(pattern, payload => operation(payload));
      const { payload } = settings;
      return () => emit(bus, payload);
    };
  },
});
export const emit = busSubject('keelson emit', (bus, payload) => bus.emit('a', payload));
export const emitPattern = busSubject(
  'keelson emit, by pattern',
  (bus, payload) => bus.emit('a', payload),
  '*',
);
export const emitSeries = busSubject(
  'keelson emit, in series',
  (bus, payload) => bus.emit('a', payload),
  'a',
  {
    mode: 'series',
  },
);
export const emitSync = busSubject('keelson emitSync', (bus, payload) => bus.emitSync('a', payload));
