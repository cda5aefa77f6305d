import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ConfigError } from '../../src/resilience/config-error.js';
import { type PipelineConfig, pipelineFrom } from '../../src/resilience/pipeline-config.js';
import { policyKinds } from '../../src/resilience/policy-kinds.js';
import { seededRandom } from '../../src/testing/seeded-random.js';
import { VirtualClock } from '../../src/testing/virtual-clock.js';
import { awkwardNames, effort, expectCleanPrototypes } from './effort.js';

const options = [
  ...['name', 'clock', 'random', 'kind', 'classify', 'budget', 'value', 'run', 'steps', 'onDiscard', 'trip'],
  ...['slots', 'queue', 'order', 'levels', 'ageMs', 'queueTimeoutMs', 'timeoutMs', 'strategy'],
  ...['attempts', 'backoff', 'maxElapsedMs', 'honourRetryAfter', 'maxRetryAfterMs', 'idempotent'],
  ...['consecutiveFailures', 'failureRatio', 'slowRatio', 'slowMs', 'minCalls', 'window', 'openMs', 'probes'],
  ...['probesToClose', 'probeLeaseMs', 'mode', 'retryAfterMs'],
  ...['initialMs', 'factor', 'maxMs', 'jitterRatio', 'jitter', 'delayMs', 'stepMs', 'calls', 'ms', 'buckets'],
  ...['retryRatio', 'reserve', 'minPerSecond', 'windowMs'],
];
const words = ['fifo', 'lifo', 'priority', 'race', 'cooperative', 'exponential', 'constant', 'linear'];
const texts = fc.oneof(
  fc.constantFrom(
    ...words,
    ...options,
    ...Object.keys(policyKinds),
    'retry-budget',
    'reads',
    ...awkwardNames,
  ),
  fc.string({ unit: 'binary' }),
);
const numbers = fc.oneof(
  fc.integer({ min: 1, max: 20 }),
  fc.constantFrom(0, -1, 0.5, 1.5, 2 ** 31, 1e6, 2 ** 53, 1e308, 5e-324),
  fc.double({ noNaN: true, noDefaultInfinity: true }),
);

/** An object as `JSON.parse` makes it: `__proto__` is a field like any other. */
const record = <T>(entries: readonly (readonly [string, T])[]): Record<string, T> =>
  Object.fromEntries(entries);

/** Any JSON, of the words of configs where that is possible. */
const { data } = fc.letrec<{ data: unknown }>(tie => ({
  data: fc.oneof(
    { depthSize: 'small', withCrossShrink: true },
    numbers,
    texts,
    fc.constantFrom(null, true, false),
    fc.array(tie('data'), { maxLength: 4 }),
    fc
      .array(fc.tuple(fc.oneof(fc.constantFrom(...options), texts), tie('data')), { maxLength: 5 })
      .map(record),
  ),
}));

const entries = fc
  .tuple(
    fc.oneof(
      { weight: 9, arbitrary: fc.constantFrom(...Object.keys(policyKinds)) },
      { weight: 1, arbitrary: data },
    ),
    fc.array(fc.tuple(fc.oneof(fc.constantFrom(...options), texts), fc.oneof(numbers, data)), {
      maxLength: 4,
    }),
  )
  .map(([kind, fields]) => ({ ...record(fields), kind }));
const configs = fc.oneof(
  data,
  fc
    .tuple(
      fc.array(fc.oneof({ weight: 9, arbitrary: entries }, { weight: 1, arbitrary: data }), { maxLength: 4 }),
      fc.array(fc.tuple(fc.constantFrom('pipeline', 'budgets', '$schema', ...awkwardNames), data), {
        maxLength: 2,
      }),
    )
    .map(([pipeline, others]) => ({ ...record(others), pipeline })),
);

/** Options that stand well, so that many pipelines are built. */
const sound: Readonly<Record<string, Readonly<Record<string, fc.Arbitrary<unknown>>>>> = {
  bulkhead: {
    slots: fc.integer({ min: 1, max: 99 }),
    queue: fc.nat(99),
    order: fc.constantFrom('fifo', 'lifo', 'priority'),
    queueTimeoutMs: fc.constantFrom(null, 1, 50),
  },
  timeout: { timeoutMs: fc.constantFrom(null, 1, 50), strategy: fc.constantFrom('race', 'cooperative') },
  retry: {
    attempts: fc.integer({ min: 1, max: 9 }),
    backoff: fc.record({ kind: fc.constantFrom('exponential', 'linear'), initialMs: fc.nat(50) }),
    maxRetryAfterMs: fc.constantFrom(null, 0, 50),
  },
  'circuit-breaker': {
    failureRatio: fc.constantFrom(0.1, 0.5, 1),
    openMs: fc.oneof(
      fc.integer({ min: 1, max: 99 }),
      fc.record({ initialMs: fc.integer({ min: 1, max: 99 }) }),
    ),
    window: fc.oneof(fc.constant({ calls: 9 }), fc.constant({ ms: 1_000, buckets: 4 })),
  },
  fallback: { value: data },
};
const soundEntries = fc.constantFrom(...Object.keys(sound)).chain(kind => {
  const required = { bulkhead: ['slots'], timeout: ['timeoutMs'], fallback: ['value'] };
  const requiredKeys = required[kind as keyof typeof required] ?? [];
  return fc.record<Record<string, unknown>>(
    { ...sound[kind], kind: fc.constant(kind) },
    { requiredKeys: ['kind', ...requiredKeys] },
  );
});

const parsed = (config: unknown): unknown => JSON.parse(JSON.stringify(config));
const allowed = (error: unknown): boolean => error instanceof TypeError || error instanceof RangeError;

function build(config: unknown) {
  const clock = new VirtualClock();
  try {
    return { clock, policy: pipelineFrom(config as PipelineConfig, { clock, random: seededRandom(1) }) };
  } catch (error) {
    if (!allowed(error)) throw error;
    if (error instanceof ConfigError) expect(error.problems.length).toBeGreaterThan(0);
    return undefined;
  }
}

describe('any JSON given to pipelineFrom', () => {
  it('is refused in words or makes a pipeline that ends its calls', async () => {
    let built = 0;
    await fc.assert(
      fc.asyncProperty(
        fc.oneof(
          configs,
          fc.array(soundEntries).map(pipeline => ({ pipeline })),
        ),
        async config => {
          const made = build(parsed(config));
          expectCleanPrototypes();
          if (made === undefined) return;
          built++;
          expect(await made.clock.runUntil(made.policy.execute(() => 7).catch(() => 7))).toBe(7);
          expect(made.clock.timers).toBe(0);
        },
      ),
      effort(1_000),
    );
    // A generator that builds nothing would find nothing.
    expect(built).toBeGreaterThan(100);
  });

  it('is read again as it describes itself', () => {
    fc.assert(
      fc.property(fc.array(soundEntries), pipeline => {
        const made = build(parsed({ pipeline }))!;
        const told = made.policy.describe();
        const again = build(parsed(told));
        expect(again?.policy.describe()).toEqual(told);
      }),
      effort(500),
    );
  });

  it.each([
    ['[', ']'],
    ['{"backoff":', '}'],
    ['{"kind":"retry","budget":', '}'],
  ])('ends however deep it is: %s', (open, close) => {
    for (const depth of [10, 1_000, 100_000]) {
      const value = `${open.repeat(depth)}1${close.repeat(depth)}`;
      let config: PipelineConfig;
      try {
        config = JSON.parse(`{"pipeline":[{"kind":"retry","backoff":${value}}]}`) as PipelineConfig;
      } catch {
        continue; // Too deep for JSON itself.
      }
      expect(build(config)).toBeUndefined();
    }
  });
});
