const CALLS = 100_000;

/** Policies that start things beside a call: name, calls, and the program that declares `call(i)`. */
export const leakSubjects: readonly (readonly [string, number, string])[] = [
  [
    'Hedge whose delay never ends, with the signal of the caller',
    CALLS,
    `const policy = new Hedge({ delayMs: 60_000, idempotent: true });
     const call = i => policy.execute(async () => i, { signal: caller.signal });`,
  ],
  [
    'Hedge whose every call is hedged, and whose losers hang until they are told',
    CALLS / 2,
    `const policy = new Hedge({ delayMs: 0, idempotent: true });
     const operation = ({ attempt, signal }) => attempt > 1 ? attempt : new Promise((_, reject) => {
       signal.addEventListener('abort', () => reject(signal.reason));
     });
     const call = () => policy.execute(operation, { signal: caller.signal });`,
  ],
  [
    'RateLimiter whose calls wait or are refused',
    CALLS,
    `const policy = new RateLimiter({ limit: 100, perMs: 1, maxWaitMs: 60_000, queue: 300 });
     const call = i => policy.execute(() => i, { signal: caller.signal });`,
  ],
  [
    'RateLimiter with a sliding window',
    CALLS,
    `const policy = new RateLimiter({ limit: 1_000, perMs: 5, algorithm: 'sliding-window' });
     const call = i => policy.execute(() => i);`,
  ],
  [
    'AdaptiveThrottle that rejects',
    CALLS,
    `const policy = new AdaptiveThrottle({ windowMs: 24 });
     const call = i => policy.execute(() => i % 4 ? Promise.reject(new Error('busy')) : i);`,
  ],
  [
    'Cache of keys that come and go',
    CALLS,
    `const policy = new Cache({ ttlMs: 1, maxEntries: 100, staleWhileRevalidateMs: 2 });
     const call = i => policy.execute(async () => i, { key: 'key ' + i % 1_000, signal: caller.signal });`,
  ],
  [
    'Cache that keeps errors',
    CALLS,
    `const policy = new Cache({ ttlMs: 1_000, maxEntries: 100, negativeTtlMs: () => 1 });
     const call = i => policy.execute(() => Promise.reject(new Error('busy')), { key: 'key ' + i % 1_000 });`,
  ],
  [
    'Coalesce whose callers leave at different times',
    CALLS / 2,
    `const policy = new Coalesce();
     const slow = ({ signal }) => new Promise((resolve, reject) => {
       signal.addEventListener('abort', () => reject(signal.reason));
       setImmediate(resolve, 1);
     });
     const call = i => policy.execute(slow, {
       key: 'key ' + (i >> 2), signal: caller.signal, ...(i % 4 === 3 && { timeoutMs: 1 }),
     });`,
  ],
  [
    'Chaos that fails, waits and answers',
    CALLS,
    `const policy = new Chaos({
       faultRatio: 0.2, latencyRatio: 0.2, latencyMs: 0, outcomeRatio: 0.2, outcome: () => 1,
     });
     const call = i => policy.execute(async () => i, { signal: caller.signal });`,
  ],
];
