import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import * as resilience from '../../src/resilience.js';
import { seededRandom } from '../../src/testing/seeded-random.js';
import { VirtualClock } from '../../src/testing/virtual-clock.js';
import { awkwardNames, awkwardNumbers, effort, expectCleanPrototypes } from './effort.js';

interface Made {
  describe?(): object;
  snapshot?(): object;
  execute?(operation: () => unknown, options: object): Promise<unknown>;
}
interface Subject {
  readonly make: (options: object) => Made;
  /** What it cannot be made without. */
  readonly required?: object;
  /** Options that hold numbers, by their paths. */
  readonly numbers: readonly string[];
}

const { AdaptiveThrottle, Bulkhead, Cache, Chaos, CircuitBreaker, Coalesce, Hedge } = resilience;
const { RateLimiter, Retry, RetryBudget, Timeout } = resilience;

const subjects: Readonly<Record<string, Subject>> = {
  AdaptiveThrottle: {
    make: options => new AdaptiveThrottle(options),
    numbers: ['headroom', 'maxRejectRatio', 'minRequests', 'windowMs'],
  },
  Bulkhead: {
    make: options => new Bulkhead(options as never),
    required: { slots: 2 },
    numbers: ['slots', 'queue', 'levels', 'ageMs', 'queueTimeoutMs'],
  },
  Cache: {
    make: options => new Cache(options as never),
    required: { ttlMs: 5 },
    numbers: [
      ...['ttlMs', 'maxEntries', 'staleWhileRevalidateMs', 'staleIfErrorMs'],
      ...['ttlJitterRatio', 'revalidateTimeoutMs'],
    ],
  },
  Chaos: {
    make: options => new Chaos(options),
    required: { latencyMs: 5, outcome: () => 7 },
    numbers: [
      ...['faultRatio', 'latencyRatio', 'latencyMs', 'outcomeRatio', 'truncateRatio', 'truncateAfter'],
      ...['maxAffectedRatio', 'windowCalls'],
    ],
  },
  CircuitBreaker: {
    make: options => new CircuitBreaker(options),
    numbers: [
      ...['consecutiveFailures', 'failureRatio', 'slowRatio', 'minCalls', 'window.calls', 'window.ms'],
      ...['slowMs', 'openMs', 'openMs.initialMs', 'openMs.factor', 'openMs.maxMs', 'openMs.jitterRatio'],
      ...['maxRetryAfterMs', 'probes', 'probesToClose', 'probeLeaseMs'],
    ],
  },
  Coalesce: { make: options => new Coalesce(options), numbers: ['maxKeys'] },
  Hedge: {
    make: options => new Hedge(options),
    required: { idempotent: true },
    numbers: [
      ...['delayMs', 'maxHedges', 'quantile.ratio', 'quantile.minSamples', 'quantile.windowCalls'],
      ...['quantile.minMs', 'quantile.maxMs'],
    ],
  },
  RateLimiter: {
    make: options => new RateLimiter(options as never),
    required: { limit: 2, perMs: 5 },
    numbers: ['limit', 'perMs', 'burst', 'cost', 'maxWaitMs', 'queue'],
  },
  Retry: {
    make: options => new Retry(options),
    numbers: [
      ...['attempts', 'maxElapsedMs', 'maxRetryAfterMs', 'backoff.initialMs', 'backoff.maxMs'],
      ...['backoff.factor'],
    ],
  },
  RetryBudget: {
    make: options => new RetryBudget(options),
    numbers: ['retryRatio', 'reserve', 'minPerSecond', 'windowMs'],
  },
  Timeout: {
    make: options => new Timeout(options as never),
    required: { timeoutMs: 5 },
    numbers: ['timeoutMs'],
  },
};

type Fields = Record<string, unknown>;

/** Puts a value at `a.b`; a part that stands alone is made what it has to be. */
function put(options: Fields, path: string, value: unknown): void {
  const [first, inner] = path.split('.') as [string, string | undefined];
  if (inner === undefined) {
    options[first] = value;
    return;
  }
  const start = first === 'backoff' ? { kind: 'exponential' } : {};
  const before = options[first];
  options[first] = { ...start, ...(typeof before === 'object' ? before : {}), [inner]: value };
}

const numbers = fc.oneof(
  fc.constantFrom(...awkwardNumbers),
  fc.double(),
  fc.integer({ min: 1, max: 50 }),
  fc.double({ min: 0, max: 1, noNaN: true }),
);

/** -0 is 0 in JSON, and to everybody who reads it. */
function withoutMinusZero(facts: unknown): unknown {
  if (typeof facts === 'number') return facts + 0;
  if (typeof facts !== 'object' || facts === null) return facts;
  if (Array.isArray(facts)) return facts.map(withoutMinusZero);
  return Object.fromEntries(Object.entries(facts).map(([name, part]) => [name, withoutMinusZero(part)]));
}

/** The error has to tell whose option it is, and which. */
function told(error: unknown, owner: string, options: Fields): void {
  expect(error instanceof TypeError || error instanceof RangeError).toBe(true);
  const { message } = error as Error;
  expect(message).toContain(owner);
  expect(Object.keys(options).some(name => message.includes(name.split('.')[0]!))).toBe(true);
}

describe.each(Object.entries(subjects))('%s, whatever stands in its numbers,', (owner, subject) => {
  const arbitrary = fc.array(fc.tuple(fc.constantFrom(...subject.numbers), numbers), { maxLength: 4 });

  it('is refused in words that name the option, or works', async () => {
    await fc.assert(
      fc.asyncProperty(arbitrary, async fields => {
        const clock = new VirtualClock();
        const options: Fields = { ...subject.required };
        for (const [path, value] of fields) put(options, path, value);
        const seams = ['Bulkhead', 'Coalesce', 'Hedge', 'RateLimiter', 'RetryBudget', 'Timeout'].includes(
          owner,
        )
          ? { clock }
          : { clock, random: seededRandom(1) };
        let made: Made;
        try {
          made = subject.make({ ...options, ...seams });
        } catch (error) {
          told(error, owner, options);
          return;
        }
        for (const facts of [made.describe?.(), made.snapshot?.()]) {
          // No number that JSON turns into null by itself, and nothing it drops.
          expect(JSON.parse(JSON.stringify(facts ?? {}))).toEqual(withoutMinusZero(facts ?? {}));
        }
        if (made.execute === undefined) return;
        let runs = 0;
        const calls = [1, 2, 3].map(key =>
          made.execute!(() => ++runs, { key: String(key % 2) }).catch((error: unknown) => {
            expect(error).toBeInstanceOf(Error);
          }),
        );
        await clock.runUntil(Promise.all(calls));
        expect(runs).toBeLessThanOrEqual(3);
      }),
      effort(150),
    );
  });

  it('refuses what is no option', () => {
    const unknown = fc.oneof(fc.constantFrom(...awkwardNames), fc.string({ unit: 'binary' }));
    fc.assert(
      fc.property(unknown, fc.anything(), (name, value) => {
        const options = { ...subject.required, ...Object.fromEntries([[name, value]]) };
        if (subject.numbers.includes(name) || ['name', 'key', 'fault'].includes(name)) return;
        expect(() => subject.make(options)).toThrow(TypeError);
        expectCleanPrototypes();
      }),
      effort(50),
    );
  });
});
