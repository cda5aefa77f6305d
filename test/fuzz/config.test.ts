import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { PipelinePolicy } from '../../src/kernel/pipeline.js';
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
  ...['retryRatio', 'reserve', 'minPerSecond', 'windowMs', 'policy', 'maxKeys', 'idleMs', 'key'],
  ...['enforceRatio', 'firstChunkMs', 'idleChunkMs', 'idleReadMs', 'algorithm', 'initialLimit', 'minLimit'],
  ...['maxLimit', 'partitions', 'partitionOf', 'overload', 'shedRatio', 'maxLagMs'],
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

const flatEntries = fc
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
const around = (inside: fc.Arbitrary<unknown>) =>
  fc
    .tuple(fc.constantFrom('keyed', 'shadow', 'streamed'), fc.oneof(inside, data), flatEntries)
    .map(([kind, policy, { kind: _, ...fields }]) => ({ maxKeys: 5, ...fields, kind, policy }));
/** What stands around others holds entries of its own, mostly. */
const { entries } = fc.letrec<{ entries: Record<string, unknown> }>(tie => {
  const inside = fc.oneof(tie('entries'), fc.array(tie('entries'), { maxLength: 3 }));
  return { entries: fc.oneof({ depthSize: 'small', maxDepth: 6 }, flatEntries, around(inside)) };
});
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
  fallback: { value: data.filter(value => !/"(?:__proto__|constructor)":/.test(JSON.stringify(value))) },
  'adaptive-limiter': {
    algorithm: fc.constantFrom('knee', 'aimd', 'vegas', 'gradient2'),
    initialLimit: fc.integer({ min: 5, max: 9 }),
    maxLimit: fc.integer({ min: 20, max: 99 }),
    partitions: fc.constantFrom({}, { live: 0.5, 'a b': 0.1 }),
    maxLagMs: fc.constantFrom(null, 20),
  },
};
const soundAlone: fc.Arbitrary<Record<string, unknown>> = fc
  .constantFrom(...Object.keys(sound))
  .chain(kind => {
    const required = { bulkhead: ['slots'], timeout: ['timeoutMs'], fallback: ['value'] };
    const requiredKeys = required[kind as keyof typeof required] ?? [];
    return fc.record<Record<string, unknown>>(
      { ...sound[kind], kind: fc.constant(kind) },
      { requiredKeys: ['kind', ...requiredKeys] },
    );
  });

const soundSpans = {
  firstChunkMs: fc.constantFrom(null, 1, 50),
  idleChunkMs: fc.constantFrom(null, 1, 50),
  idleReadMs: fc.constantFrom(1, 50),
};
const { soundEntries } = fc.letrec<{ soundEntries: Record<string, unknown>; soundGuards: object }>(tie => ({
  soundGuards: fc.oneof(
    { depthSize: 'small', maxDepth: 4 },
    fc.record({ kind: fc.constant('bulkhead'), ...sound['bulkhead'] }),
    fc.record({ kind: fc.constant('adaptive-limiter'), ...sound['adaptive-limiter'] }),
    fc.record({
      kind: fc.constant('shadow'),
      enforceRatio: fc.constantFrom(0, 1),
      policy: tie('soundGuards'),
    }),
    fc.record({
      kind: fc.constant('keyed'),
      maxKeys: fc.integer({ min: 1, max: 9 }),
      policy: tie('soundGuards'),
    }),
  ),
  soundEntries: fc.oneof(
    { depthSize: 'small', maxDepth: 4 },
    soundAlone,
    fc.record({
      kind: fc.constant('keyed'),
      name: fc.constantFrom('*', 'of *', 'all'),
      maxKeys: fc.integer({ min: 1, max: 9 }),
      policy: fc.oneof(tie('soundEntries'), fc.array(tie('soundEntries'), { maxLength: 3 })),
    }),
    fc.record({
      kind: fc.constant('shadow'),
      enforceRatio: fc.constantFrom(0, 1),
      policy: tie('soundGuards'),
    }),
    fc.record({
      kind: fc.constant('streamed'),
      ...soundSpans,
      policy: fc.oneof(tie('soundEntries'), fc.array(tie('soundEntries'), { maxLength: 3 })),
    }),
  ),
}));

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

/** An answer, and a stream that is read to its end; 7 once both are over, however they went. */
async function callsOf(policy: PipelinePolicy): Promise<number> {
  const options = { key: 'ann' };
  await policy.execute(() => 7, options).catch(() => {});
  try {
    const words = await policy.execute(async function* () {
      yield 'one';
      yield 'two';
    }, options);
    for await (const _ of words as AsyncIterable<string>);
  } catch {
    // That it is refused, or answered by a fallback with something else, is as good.
  }
  return 7;
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
          expect(await made.clock.runUntil(callsOf(made.policy))).toBe(7);
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
    ['{"kind":"keyed","maxKeys":1,"policy":', '}'],
    ['{"kind":"streamed","policy":[', ']}'],
    ['{"kind":"shadow","policy":', '}'],
  ])('ends however deep it is: %s', (open, close) => {
    for (const depth of [10, 1_000, 100_000]) {
      const value = `${open.repeat(depth)}1${close.repeat(depth)}`;
      for (const around of [`{"kind":"retry","backoff":${value}}`, value]) {
        let config: PipelineConfig;
        try {
          config = JSON.parse(`{"pipeline":[${around}]}`) as PipelineConfig;
        } catch {
          continue; // Too deep for JSON itself.
        }
        expect(build(config)).toBeUndefined();
      }
    }
  });
});
