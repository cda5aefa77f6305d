/**
 * A call through each policy, by name: `make(keelson, caller)` answers with `call(i)`. What a policy keeps by
 * design (the entries of a cache, a window) is full long before the first measurement.
 */
export const subjects = {
  Timeout({ Timeout }) {
    const policy = new Timeout({ timeoutMs: 60_000 });
    return i => policy.execute(() => i);
  },
  'Timeout, with a signal and a deadline': ({ Timeout }, { signal }) => {
    const policy = new Timeout({ timeoutMs: 60_000 });
    const options = { signal, timeoutMs: 30_000 };
    return i => policy.execute(async context => context.signal.aborted || i, options);
  },
  Retry({ Retry, RetryBudget }) {
    const policy = new Retry({ budget: new RetryBudget() });
    return i => policy.execute(() => i);
  },
  CircuitBreaker({ CircuitBreaker }) {
    const policy = new CircuitBreaker({ window: { ms: 10_000 }, minCalls: 1_000 });
    return i => policy.execute(() => (i % 10 === 0 ? Promise.reject(new Error('busy')) : i));
  },
  'CircuitBreaker that is open': ({ CircuitBreaker }) => {
    const policy = new CircuitBreaker();
    policy.isolate();
    return i => policy.execute(() => i);
  },
  Bulkhead({ Bulkhead }) {
    const policy = new Bulkhead({ slots: 10, queue: 1_000 });
    return i => policy.execute(async () => i);
  },
  'Bulkhead by priority': ({ Bulkhead }, { signal }) => {
    const policy = new Bulkhead({ slots: 10, queue: 1_000, order: 'priority' });
    const options = [0, 1, 2].map(priority => ({ priority, signal }));
    return i => policy.execute(async () => i, options[i % 3]);
  },
  Fallback({ Fallback }) {
    const policy = new Fallback({ value: 0 });
    return i => policy.execute(() => (i % 2 === 0 ? i : Promise.reject(i)));
  },
  Hedge({ Hedge }, { signal }) {
    const policy = new Hedge({ delayMs: 60_000, idempotent: true });
    return i => policy.execute(async () => i, { signal });
  },
  'Hedge that hedges': ({ Hedge, RetryBudget }, { signal }) => {
    const budget = new RetryBudget({ retryRatio: 1, reserve: 1_000_000, minPerSecond: 1_000_000 });
    const policy = new Hedge({ delayMs: 60_000, idempotent: true, budget });
    const operation = ({ attempt }) => (attempt > 1 ? attempt : Promise.reject(new Error('busy')));
    return () => policy.execute(operation, { signal });
  },
  RateLimiter({ RateLimiter }) {
    const policy = new RateLimiter({ limit: 1_000_000, perMs: 1_000 });
    return i => policy.execute(() => i);
  },
  'RateLimiter with a line': ({ RateLimiter }, { signal }) => {
    const policy = new RateLimiter({ limit: 100, perMs: 1, burst: 100, maxWaitMs: 60_000, queue: 1_000 });
    return i => policy.execute(() => i, { signal });
  },
  'RateLimiter, sliding window': ({ RateLimiter }) => {
    const policy = new RateLimiter({ limit: 1_000, perMs: 10, algorithm: 'sliding-window' });
    return i => policy.execute(() => i);
  },
  AdaptiveThrottle({ AdaptiveThrottle }) {
    const policy = new AdaptiveThrottle();
    return i => policy.execute(() => (i % 3 === 0 ? Promise.reject(new Error('busy')) : i));
  },
  'Cache of keys that come and go': ({ Cache }) => {
    const policy = new Cache({ ttlMs: 1, maxEntries: 100, staleWhileRevalidateMs: 5 });
    return i => policy.execute(async () => i, { key: `key ${i % 1_000}` });
  },
  'Cache whose runs fail': ({ Cache }, { signal }) => {
    const policy = new Cache({ ttlMs: 60_000, maxEntries: 100, negativeTtlMs: () => 1 });
    return i => policy.execute(() => Promise.reject(new Error('busy')), { key: `key ${i % 1_000}`, signal });
  },
  Coalesce({ Coalesce }, { signal }) {
    const policy = new Coalesce();
    return i => policy.execute(async () => i, { key: `key ${i >> 2}`, signal });
  },
  Chaos({ Chaos }, { signal }) {
    const policy = new Chaos({ faultRatio: 0.1, latencyRatio: 0.1, latencyMs: 0, random: Math.random });
    return i => policy.execute(async () => i, { signal });
  },
  AdaptiveLimiter({ AdaptiveLimiter }, { signal }) {
    const policy = new AdaptiveLimiter({ initialLimit: 100 });
    return i => policy.execute(async () => i, { signal });
  },
  'AdaptiveLimiter, all let in': ({ AdaptiveLimiter }, { signal }) => {
    const policy = new AdaptiveLimiter({ initialLimit: 1_000, minLimit: 1_000, maxLimit: 2_000 });
    return i => policy.execute(async () => i, { signal });
  },
  'keyed, of keys that come and go': ({ CircuitBreaker, keyed }) => {
    const policy = keyed(() => new CircuitBreaker(), { maxKeys: 100 });
    return i => policy.execute(() => i, { key: `host ${i % 1_000}` });
  },
  'shadow of a bulkhead that is full': ({ Bulkhead, shadow }, { signal }) => {
    const policy = shadow(new Bulkhead({ slots: 10, queue: 10 }), { enforceRatio: 0.5 });
    return i => policy.execute(async () => i, { signal });
  },
  'streamed, read to the end': ({ Bulkhead, streamed }, { signal }) => {
    const policy = streamed(new Bulkhead({ slots: 1_000 }), { firstChunkMs: 60_000, idleChunkMs: 60_000 });
    async function* chunks() {
      yield 1;
      yield 2;
    }
    return async () => {
      let sum = 0;
      for await (const chunk of await policy.execute(async () => chunks(), { signal })) sum += chunk;
      return sum;
    };
  },
  'EventBus, with a listener that fails': ({ EventBus }) => {
    const bus = new EventBus();
    bus.on('placed', () => {});
    bus.on('*', async i => {
      if (i % 10 === 0) throw new Error('no');
    });
    return i => bus.emit('placed', i);
  },
  'InMemoryBus, handled, redelivered, dead': ({ InMemoryBroker, InMemoryBus, topic }) => {
    const broker = new InMemoryBroker({ maxDeadLetters: 1 });
    const bus = new InMemoryBus({ broker });
    const placed = topic('placed', { key: order => order.key });
    const options = { group: 'g', concurrency: 100, order: 'key', failure: { redeliver: [0] } };
    bus.subscribe(placed, options, async ({ data, attempt }) => {
      if (data.n % 100 === 0 && attempt === 1) throw new Error('no');
    });
    return n => bus.publish(placed, { n, key: `key ${n % 50}` });
  },
  'a pipeline of five': ({ Bulkhead, CircuitBreaker, Fallback, pipeline, Retry, Timeout }) => {
    const policy = pipeline(
      new Fallback({ value: 0 }),
      new Retry(),
      new CircuitBreaker(),
      new Bulkhead({ slots: 100, queue: 1_000 }),
      new Timeout({ timeoutMs: 60_000 }),
    );
    return i => policy.execute(() => i);
  },
};
