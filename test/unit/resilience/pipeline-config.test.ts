import { describe, expect, it } from 'vitest';
import { pipeline } from '../../../src/kernel/pipeline.js';
import { Bulkhead } from '../../../src/resilience/bulkhead.js';
import { CircuitBreaker } from '../../../src/resilience/circuit-breaker.js';
import type { ConfigExtras } from '../../../src/resilience/config-extras.js';
import { Fallback } from '../../../src/resilience/fallback.js';
import { pipelineFrom } from '../../../src/resilience/pipeline-config.js';
import { Retry } from '../../../src/resilience/retry.js';
import { RetryBudget } from '../../../src/resilience/retry-budget.js';
import { Timeout } from '../../../src/resilience/timeout.js';
import { VirtualClock } from '../../../src/testing/virtual-clock.js';
import { mistakesOf } from '../../fixtures/config.js';

const json = <T>(value: T): T => JSON.parse(JSON.stringify(value)) as T;
const mistakesOfAll = (...entries: unknown[]) => mistakesOf({ pipeline: entries });

describe('a config', () => {
  it('makes the policies that it names, outermost first', () => {
    const made = pipelineFrom({
      $schema: 'node_modules/keelson/schema.json',
      pipeline: [
        { kind: 'timeout', timeoutMs: 5_000, name: 'total' },
        { kind: 'retry', attempts: 4, backoff: { kind: 'constant', delayMs: 5 }, budget: 'reads' },
        { kind: 'circuit-breaker', window: { ms: 10_000 } },
        { kind: 'bulkhead', slots: 5, queueTimeoutMs: null },
      ],
      budgets: { reads: { retryRatio: 0.1 } },
    });
    const budget = new RetryBudget({ name: 'reads', retryRatio: 0.1 });
    const written = pipeline(
      new Timeout({ timeoutMs: 5_000, name: 'total' }),
      new Retry({ attempts: 4, backoff: { kind: 'constant', delayMs: 5 }, budget }),
      new CircuitBreaker({ window: { ms: 10_000 } }),
      new Bulkhead({ slots: 5 }),
    );
    expect(made.describe()).toEqual(written.describe());
  });

  it('gives its budgets to those that name them', async () => {
    const clock = new VirtualClock();
    const entry = { kind: 'retry', attempts: 9, backoff: { kind: 'constant', delayMs: 0 }, budget: 'few' };
    const few = new RetryBudget({ reserve: 2, minPerSecond: 0, retryRatio: 0, clock });
    const both = ['', ''].map(() => pipelineFrom({ pipeline: [entry] }, { clock, budgets: { few } }));
    let ran = 0;
    const calls = both.map(one => one.execute(() => Promise.reject(ran++)).catch(() => {}));
    await clock.advance(10);
    await Promise.all(calls);
    expect(ran).toBe(4);
  });

  it('lends clock and chance to all that know them', async () => {
    const clock = new VirtualClock();
    const waits: number[] = [];
    const made = pipelineFrom(
      { pipeline: [{ kind: 'bulkhead', slots: 1 }, { kind: 'retry', attempts: 2 }, { kind: 'tap' }] },
      {
        clock,
        random: () => 0.5,
        kinds: {
          tap: options => {
            expect(options).toEqual({});
            return { enter: () => waits.push(clock.now()), exit: () => {} };
          },
        },
      },
    );
    const call = made.execute(({ attempt }) => (attempt === 1 ? Promise.reject('busy') : attempt));
    await clock.advance(50);
    await expect(call).resolves.toBe(2);
    expect(waits).toEqual([0, 50]);
  });

  it('names functions, and describes them by those names', async () => {
    const extras: ConfigExtras = {
      classify: { 'any-answer': outcome => (outcome.ok ? 'failure' : undefined) },
      run: { first: () => Promise.reject('none'), second: () => 'stock' },
      trip: { never: () => false },
    };
    const config = {
      pipeline: [
        { kind: 'fallback', run: ['first', 'second'], classify: 'any-answer' },
        { kind: 'circuit-breaker', trip: 'never' },
      ],
    };
    const made = pipelineFrom<string>(config, extras);
    await expect(made.execute(() => 'ours')).resolves.toBe('stock');
    expect(made.describe()).toMatchObject(config);
    expect(pipelineFrom(json(made.describe()), extras).describe()).toEqual(made.describe());
    expect(mistakesOf(made.describe())).toEqual([
      'pipeline[0].run[0] names "first", but extras.run holds nothing',
      'pipeline[0].run[1] names "second", but extras.run holds nothing',
      'pipeline[0].classify names "any-answer", but extras.classify holds nothing',
      'pipeline[1].trip names "never", but extras.trip holds nothing',
    ]);
  });

  it('keeps a null that is an answer', async () => {
    const made = pipelineFrom<null>({ pipeline: [{ kind: 'fallback', value: null }] });
    await expect(made.execute(() => Promise.reject('down'))).resolves.toBe(null);
  });
});

describe('what describe() told', () => {
  const budget = new RetryBudget({ name: 'shared', reserve: 7 });
  const cases = {
    'the defaults': [
      new Timeout({ timeoutMs: 1 }),
      new Retry(),
      new CircuitBreaker(),
      new Bulkhead({ slots: 1 }),
    ],
    'no limits': [
      new Timeout({ timeoutMs: Infinity }),
      new Retry({ attempts: Infinity, maxRetryAfterMs: Infinity }),
    ],
    'a budget that is shared': [new Retry({ budget, idempotent: true }), new Retry({ budget, attempts: 1 })],
    'a breaker of failures in a row': [
      new CircuitBreaker({ consecutiveFailures: 5, window: { ms: 9 }, minCalls: 500 }),
    ],
    'a breaker that times calls': [
      new CircuitBreaker({
        slowMs: 5,
        window: { ms: 7, buckets: 3 },
        openMs: { initialMs: 5 },
        mode: 'observe',
      }),
    ],
    'a line with priorities': [
      new Bulkhead({ slots: 1, queue: 5, order: 'priority', levels: 5, ageMs: Infinity }),
    ],
    'a fallback': [new Fallback({ value: { items: [1, null, 'two'] } })],
    nothing: [],
  } as const;

  it.each(Object.entries(cases))('makes a pipeline that tells the same: %s', (_, parts) => {
    const told = pipeline(...(parts as readonly Timeout[])).describe();
    expect(pipelineFrom(json(told)).describe()).toEqual(told);
  });

  it('keeps one budget for those that shared one', () => {
    const told = json(pipeline(...(cases['a budget that is shared'] as readonly Retry[])).describe());
    (told.pipeline[1] as { budget: { reserve: number } }).budget.reserve = 8;
    expect(mistakesOf(told)).toEqual([
      'pipeline[1].budget must say what was said before of the budget "shared", or have another name',
    ]);
  });

  it('is refused where it tells of values and budgets that are no data', () => {
    const own = { name: 'own', deposit: () => {}, withdraw: () => true };
    const circle: unknown[] = [];
    circle.push(circle);
    const parts = [
      new Fallback({ value: new Map() }),
      new Fallback({ value: circle }),
      new Retry({ budget: own }),
    ];
    expect(mistakesOf(pipeline(...parts).describe())).toEqual([
      'pipeline[0].run[0] names "value", but extras.run holds nothing',
      'pipeline[1].run[0] names "value", but extras.run holds nothing',
      'pipeline[2].budget names "own", which stands neither in budgets nor in extras.budgets',
    ]);
    const extras = { budgets: { own }, run: { value: () => 1 } };
    expect(pipelineFrom(pipeline(...parts).describe(), extras).describe()).toEqual(
      pipeline(...parts).describe(),
    );
  });
});

describe('a config that cannot be', () => {
  it.each<[unknown, string]>([
    [{ kind: 'timeout' }, 'pipeline[0].timeoutMs must be a number > 0, or Infinity, and is missing'],
    [{ kind: 'timeout', timeoutMs: '5' }, 'pipeline[0].timeoutMs must be a number > 0, or Infinity, got "5"'],
    [
      { kind: 'bulkhead', slots: null },
      'pipeline[0].slots must be an integer >= 1, got null, which stands for Infinity',
    ],
    [
      { kind: 'retry', backoff: { kind: 'linear', initialMs: -5 } },
      'pipeline[0].backoff.initialMs must be a number >= 0 <= 9007199254740991, got -5',
    ],
    [{ kind: 'retry', atempts: 3 }, 'pipeline[0].atempts is unknown; did you mean `attempts`?'],
    [
      { kind: 'retry', backoff: { kind: 'exponential', initialMs: 1, fcator: 3 } },
      'pipeline[0].backoff.fcator is unknown; did you mean `factor`?',
    ],
    [
      { kind: 'circuit-breaker', window: { days: 3 } },
      'pipeline[0].window.days is unknown; known are calls, ms, buckets',
    ],
    [{ kind: 'timeout', timeoutMs: 1, clock: 3 }, 'pipeline[0].clock is no data: give it as extras.clock'],
    [{ kind: 'timeout', timeoutMs: 1, name: 3 }, 'pipeline[0].name must be a string, got 3'],
    [
      { kind: 'retry', budget: 'nobody' },
      'pipeline[0].budget names "nobody", which stands neither in budgets nor',
    ],
    [{ kind: 'retry', budget: 5 }, 'pipeline[0].budget must be an object, got 5'],
    [
      { kind: 'retry', budget: { kind: 'purse' } },
      'pipeline[0].budget.kind must be \'retry-budget\', got "purse"',
    ],
    [
      { kind: 'retry', budget: { reserve: 0 } },
      'pipeline[0].budget.reserve must be an integer >= 1 <= 1000000, got 0',
    ],
    [{ kind: 'fallback' }, 'pipeline[0] is refused: Fallback: options must hold either'],
    [{ kind: 'constructor' }, "pipeline[0].kind must be 'adaptive-limiter' or 'adaptive-throttle' or"],
    [{ kind: 'retri' }, 'got "retri"; did you mean \'retry\'?'],
    [{ attempts: 3 }, "or 'timeout', got undefined"],
    [null, 'pipeline[0] must be an object, got null'],
    [
      JSON.parse('{ "kind": "retry", "__proto__": { "attempts": 1 } }'),
      'pipeline[0].__proto__ is no name for data',
    ],
  ])('is told of: %j', (entry, message) => {
    const found = mistakesOfAll(entry);
    expect(found).toHaveLength(1);
    expect(found[0]).toContain(message);
  });

  it.each<[unknown, string]>([
    [null, 'pipeline must be a list of policies, got undefined'],
    [{ pipeline: {} }, 'pipeline must be a list of policies, got an object'],
    [{ pipeline: [], budgets: [] }, 'budgets must be an object, got a list'],
    [{ pipeline: [], budget: {} }, 'budget is unknown; did you mean `budgets`?'],
    [{ pipeline: [], budgets: { 'a b': { reserve: 0 } } }, 'budgets["a b"].reserve must be'],
    [{ pipeline: [], budgets: { a: 5 } }, 'budgets.a must be an object, got 5'],
  ])('is told of as a whole: %j', (config, message) => {
    expect(mistakesOf(config)).toEqual([expect.stringContaining(message)]);
  });

  it('is told of up to fifty unknown fields of a policy, so that thousands take no minutes', () => {
    const unknown = (count: number) =>
      mistakesOfAll({
        kind: 'retry',
        ...Object.fromEntries(Array.from({ length: count }, (_, i) => [`x${i}`, 1])),
      });
    expect(unknown(50)).toHaveLength(50);
    const told = unknown(20_000);
    expect(told).toHaveLength(51);
    expect(told[50]).toBe('pipeline[0] holds more that is unknown');
  });

  it('is told of with all that is wrong', () => {
    const config = {
      pipeline: [
        { kind: 'retry', tries: 3, attempts: 0, backof: 1 },
        { kind: 'bulkhead' },
        { kind: 'timeout', timeoutMs: 1 },
      ],
      budgets: { reads: { ratio: 2 } },
    };
    expect(() => pipelineFrom(config)).toThrow(TypeError);
    expect(mistakesOf(config).map(message => message.split(' ')[0])).toEqual([
      'budgets.reads.ratio',
      'pipeline[0].tries',
      'pipeline[0].backof',
      'pipeline[0].attempts',
      'pipeline[1].slots',
    ]);
    expect(() => pipelineFrom(config)).toThrow(/^5 mistakes:\n- budgets.reads.ratio is unknown/);
  });

  it('is told of in the words of a kind of yours', () => {
    const kinds = {
      valve: () => {
        throw new Error('no valve today');
      },
      odd: () => {
        throw 'odd';
      },
    };
    expect(mistakesOf({ pipeline: [{ kind: 'valve' }, { kind: 'odd' }] }, { kinds })).toEqual([
      'pipeline[0] is refused: no valve today',
      'pipeline[1] is refused: odd',
    ]);
  });

  it('is never hidden by extras that are mistyped', () => {
    expect(() => pipelineFrom({ pipeline: [] }, { clasify: {} } as never)).toThrow(
      'unknown option `clasify`',
    );
  });
});
