import { describe, expect, it } from 'vitest';
import { pipeline } from '../../../src/kernel/pipeline.js';
import { AdaptiveThrottle } from '../../../src/resilience/adaptive-throttle.js';
import { Bulkhead } from '../../../src/resilience/bulkhead.js';
import { Cache } from '../../../src/resilience/cache.js';
import { Chaos } from '../../../src/resilience/chaos.js';
import { CircuitBreaker } from '../../../src/resilience/circuit-breaker.js';
import { Coalesce } from '../../../src/resilience/coalesce.js';
import { Hedge } from '../../../src/resilience/hedge.js';
import { httpDefaults } from '../../../src/resilience/http-defaults.js';
import { lint } from '../../../src/resilience/lint.js';
import { lintRules } from '../../../src/resilience/lint-rules.js';
import { RateLimiter } from '../../../src/resilience/rate-limiter.js';
import { resilientFetch } from '../../../src/resilience/resilient-fetch.js';
import { Retry } from '../../../src/resilience/retry.js';
import { RetryBudget } from '../../../src/resilience/retry-budget.js';
import { Timeout } from '../../../src/resilience/timeout.js';

type Told = Readonly<Record<string, unknown>>;

const backoff = { kind: 'constant', delayMs: 100 };
const retry: Told = { kind: 'retry', attempts: 3, idempotent: true, budget: 'shared', backoff };
const hedge: Told = { kind: 'hedge', maxHedges: 2, idempotent: true, budget: 'shared', delayMs: 100 };
const total: Told = { kind: 'timeout', name: 'total', timeoutMs: 2_000 };
const each: Told = { kind: 'timeout', name: 'each', timeoutMs: 500 };
const breaker: Told = { kind: 'circuit-breaker' };
const bulkhead: Told = { kind: 'bulkhead' };
const fallback: Told = { kind: 'fallback' };
const cache: Told = { kind: 'cache' };
const coalesce: Told = { kind: 'coalesce' };
const chaos: Told = { kind: 'chaos', faultRatio: 0.1, enabled: true, maxAffectedRatio: 0.1 };
const limiter: Told = { kind: 'rate-limiter', maxWaitMs: 500 };
const throttle: Told = { kind: 'adaptive-throttle' };

const found = (...parts: Told[]) => lint({ describe: () => ({ pipeline: parts }) });
const said = (parts: readonly Told[]) =>
  found(...parts).map(({ rule, severity, path }) => `${path} ${severity}: ${rule}`);
const whole = [fallback, cache, limiter, total, retry, throttle, breaker, each, bulkhead, chaos];

describe('a pipeline without mistakes', () => {
  it.each<readonly [readonly Told[]]>([
    [whole],
    [[]],
    [[total, hedge, breaker, each]],
    [[limiter, total, hedge, each]],
    [[retry, { ...limiter, maxWaitMs: 0 }, each]],
    [[{ ...retry, attempts: 1 }, limiter, each]],
    [[total, { ...hedge, delayMs: null }, each]],
    [[total, { ...hedge, delayMs: 'learnt' }, each]],
    [[total, { ...hedge, delayMs: undefined, quantile: {} }, each]],
    [[{ ...hedge, delayMs: 5_000 }, each]],
    [[coalesce, each]],
    [[cache, { ...coalesce, key: 'byUser' }, each]],
    [[{ ...coalesce, key: 'byUser' }, coalesce, each]],
    [[{ ...chaos, maxAffectedRatio: 1, enabled: false }]],
    [[{ ...chaos, maxAffectedRatio: 1, enabled: 'canary' }]],
    [[{ ...chaos, maxAffectedRatio: 1, faultRatio: 0 }]],
    [[{ kind: 'anonymous' }, retry, each]],
    [[{ ...retry, attempts: null }, each]],
    [[{ kind: 'timeout', timeoutMs: null }, retry, each]],
    [[{ ...retry, attempts: 1, idempotent: undefined, budget: undefined }, each]],
  ])('is told nothing: %j', parts => expect(said(parts)).toEqual([]));

  it.each([
    ['httpDefaults', httpDefaults()],
    ['httpDefaults with a bulkhead', httpDefaults({ bulkhead: { slots: 5, queue: 5 } })],
    ['httpDefaults that repeats nothing', httpDefaults({ retry: false })],
    ['httpDefaults without a breaker', httpDefaults({ breaker: false })],
    ['resilientFetch', resilientFetch()],
  ])('is %s', (_, made) => expect(lint(made)).toEqual([]));
});

describe('the rule', () => {
  const cases: [rule: string, bad: readonly Told[], message: string, place?: number][] = [
    ['not-idempotent', [{ ...retry, idempotent: undefined }, each], 'say `idempotent: true`'],
    ['not-idempotent', [{ ...hedge, idempotent: undefined }, each], 'say `idempotent: true`'],
    ['not-idempotent', [{ ...retry, idempotent: false }, each], 'take the retry away'],
    [
      'not-idempotent',
      [{ ...hedge, maxHedges: undefined, idempotent: false }, each],
      'say `idempotent: true`',
    ],
    ['nested-repeats', [retry, { ...retry, attempts: 4 }, each], 'makes 3 × 4 = 12 attempts of one call', 1],
    ['nested-repeats', [retry, { ...retry, attempts: null }, each], '3 × ∞ = any number of attempts', 1],
    ['nested-repeats', [retry, hedge, each], '3 × 3 = 9 attempts', 1],
    ['retry-without-budget', [{ ...retry, budget: undefined }, each], 'give it a RetryBudget'],
    ['hedge-without-budget', [{ ...hedge, budget: undefined }, each], 'give it a RetryBudget'],
    ['hedge-too-late', [total, { ...hedge, delayMs: 2_000 }, each], 'waits 2000 ms, but the timeout', 1],
    ['no-attempt-timeout', [total, retry, bulkhead], 'put a timeout inside', 1],
    ['no-attempt-timeout', [retry, { kind: 'timeout', timeoutMs: null }], 'put a timeout inside'],
    [
      'attempts-exceed-total',
      [total, { ...retry, attempts: 4 }, each],
      '4 attempts of 500 ms and the waits between take up to 2300 ms, but the timeout outside is 2000 ms',
      1,
    ],
    [
      'attempts-exceed-total',
      [total, { ...retry, backoff: { kind: 'exponential', initialMs: 300 } }, each],
      'take up to 2400 ms',
      1,
    ],
    ['timeout-never-fires', [each, total], 'the timeout outside ends the call after 500 ms', 1],
    ['timeout-never-fires', [each, { ...each }], 'make this one shorter or take it away', 1],
    ['breaker-outside-retry', [breaker, retry, each], "counts the attempts of 'retry' as one"],
    ['breaker-outside-hedge', [breaker, hedge, each], "sees the winner of 'hedge'"],
    ['throttle-outside-retry', [throttle, retry, each], "counts the attempts of 'retry' as one"],
    ['breaker-sees-nothing', [fallback, { ...breaker, mode: 'disabled' }], "set `mode` to 'enforce'", 1],
    ['breaker-inside-timeout', [total, breaker], 'put a timeout inside', 1],
    ['bulkhead-outside-retry', [bulkhead, retry, each], "holds a slot while 'retry' waits"],
    ['limiter-inside-repeats', [retry, limiter, each], "lets each attempt of 'retry' wait", 1],
    ['limiter-inside-repeats', [retry, { ...limiter, kind: 'shared-rate-limiter' }, each], 'wait in line', 1],
    ['limiter-inside-repeats', [hedge, { ...limiter, maxWaitMs: null }, each], "'hedge' wait in line", 1],
    ['fallback-not-outermost', [total, fallback, each], "does not answer for what 'total' gives up on", 1],
    ['cache-not-outermost', [total, cache], "has to pass 'total' first", 1],
    ['cache-not-outermost', [bulkhead, coalesce], "has to pass 'bulkhead' first", 1],
    ['shared-stream', [cache, { kind: 'streamed' }], "a stream of 'streamed' has one reader"],
    ['shared-twice', [cache, coalesce, each], "shares what 'cache' shares already", 1],
    ['shared-twice', [coalesce, cache, each], "shares what 'cache' shares already"],
    ['shared-twice', [coalesce, { ...coalesce, name: 'second' }], "shares what 'coalesce' shares", 1],
    ['chaos-unbounded', [{ ...chaos, maxAffectedRatio: 1 }], 'may hurt all calls'],
    ['chaos-not-innermost', [chaos, each], "'each' inside is not put to the test"],
  ];

  it.each(cases.map(one => ({ one })))('$one.0 finds $one.1', ({ one }) => {
    const [rule, bad, message, place = 0] = one;
    const [finding, ...more] = found(...bad);
    expect(more).toEqual([]);
    expect(finding).toMatchObject({
      rule,
      path: `pipeline[${place}]`,
      message: expect.stringContaining(message),
    });
    expect(finding!.message).toMatch(/^'\S+' /);
  });

  it('breaker-sees-nothing finds a fallback inside, which is one too far inside as well', () => {
    expect(said([breaker, fallback, each])).toEqual([
      'pipeline[0] error: breaker-sees-nothing',
      'pipeline[1] warning: fallback-not-outermost',
    ]);
  });

  it('not-idempotent weighs more where somebody said that it is not', () => {
    expect(said([{ ...retry, idempotent: undefined }, each])).toEqual([
      'pipeline[0] warning: not-idempotent',
    ]);
    expect(said([{ ...retry, idempotent: false }, each])).toEqual(['pipeline[0] error: not-idempotent']);
  });

  it.each(lintRules)('$rule has a case that it finds', ({ rule }) => {
    expect(cases.map(([name]) => name)).toContain(rule);
  });
});

describe('what is looked at', () => {
  it('is what the newer policies describe as well', () => {
    const made = pipeline(
      new AdaptiveThrottle(),
      new Cache({ ttlMs: 5 }) as unknown as Timeout,
      new Coalesce(),
      new Timeout({ timeoutMs: 50 }),
      new Hedge({ idempotent: true }),
      new RateLimiter({ limit: 5, perMs: 100, maxWaitMs: Infinity }),
      new Timeout({ timeoutMs: 20 }),
      new Chaos({ faultRatio: 0.1 }),
    );
    expect(lint(made).map(({ rule, path }) => `${path} ${rule}`)).toEqual([
      'pipeline[4] hedge-without-budget',
      'pipeline[4] hedge-too-late',
      'pipeline[5] limiter-inside-repeats',
      'pipeline[1] cache-not-outermost',
      'pipeline[2] cache-not-outermost',
      'pipeline[2] shared-twice',
      'pipeline[7] chaos-unbounded',
    ]);
  });

  it('is what the policies describe', () => {
    const budget = new RetryBudget();
    const made = pipeline(
      new CircuitBreaker({ name: 'stock' }),
      new Bulkhead({ slots: 1 }),
      new Timeout({ timeoutMs: 2_000 }),
      new Retry({ budget, name: 'again' }),
      new Timeout({ timeoutMs: 900 }),
      { enter: () => true, exit: () => {} },
    );
    expect(lint(made).map(({ rule, path }) => `${path} ${rule}`)).toEqual([
      'pipeline[3] not-idempotent',
      'pipeline[3] attempts-exceed-total',
      'pipeline[0] breaker-outside-retry',
      'pipeline[1] bulkhead-outside-retry',
    ]);
  });

  it('may be one policy', () => {
    expect(lint(new Retry()).map(({ rule }) => rule)).toEqual([
      'not-idempotent',
      'retry-without-budget',
      'no-attempt-timeout',
    ]);
  });

  it('must describe itself', () => {
    expect(() => lint({ execute: () => {} } as never)).toThrow(
      '`policy` must be something that describes itself',
    );
    expect(() => lint(undefined as never)).toThrow(TypeError);
    expect(lint({ describe: () => 'odd' })).toEqual([]);
  });
});
