import { describe, expect, it } from 'vitest';
import { pipeline } from '../../../src/kernel/pipeline.js';
import { Bulkhead } from '../../../src/resilience/bulkhead.js';
import { Cache } from '../../../src/resilience/cache.js';
import { CircuitBreaker } from '../../../src/resilience/circuit-breaker.js';
import { Coalesce } from '../../../src/resilience/coalesce.js';
import { Fallback } from '../../../src/resilience/fallback.js';
import { keyed } from '../../../src/resilience/keyed.js';
import { lint } from '../../../src/resilience/lint.js';
import { Retry } from '../../../src/resilience/retry.js';
import { RetryBudget } from '../../../src/resilience/retry-budget.js';
import { shadow } from '../../../src/resilience/shadow.js';
import { streamed } from '../../../src/resilience/stream-policy.js';
import { Timeout } from '../../../src/resilience/timeout.js';

const retry = () => new Retry({ attempts: 2, idempotent: true, budget: new RetryBudget() });
const each = () => new Timeout({ timeoutMs: 100 });
const breaker = () => new CircuitBreaker({ name: 'breaker' });
const found = (policy: { describe(): unknown }) => lint(policy).map(({ rule, path }) => `${path}: ${rule}`);

describe('lint looks into', () => {
  it('what is kept for each key, and remembers none', () => {
    const keys: string[] = [];
    const make = (key: string) => {
      keys.push(key);
      return pipeline(breaker(), retry(), each());
    };
    const tenants = keyed(make, { maxKeys: 2 });
    expect(found(tenants)).toEqual(['pipeline[0].policy[0]: breaker-outside-retry']);
    expect([keys, tenants.size]).toEqual([['*'], 0]);
    const breakers = keyed(() => breaker(), { maxKeys: 2 });
    expect(found(pipeline(breakers, retry(), each()))).toEqual(['pipeline[0].policy: breaker-outside-retry']);
    expect(found(pipeline(retry(), breakers, each()))).toEqual([]);
  });

  it('a shadow', () => {
    const watched = shadow(new Bulkhead({ slots: 1 }));
    expect(found(pipeline(watched, retry(), each()))).toEqual(['pipeline[0].policy: bulkhead-outside-retry']);
  });

  it('a stream', () => {
    const policy = streamed(pipeline(breaker(), retry()));
    expect(found(pipeline(new Bulkhead({ slots: 1 }), policy))).toEqual([
      'pipeline[1].policy[0]: breaker-outside-retry',
      'pipeline[0]: bulkhead-outside-retry',
    ]);
  });

  it('wrappers of wrappers', () => {
    const policy = keyed(() => streamed(pipeline(shadow(breaker()), retry())), { maxKeys: 1 });
    const path = 'pipeline[0].policy.policy[0].policy';
    expect(found(policy)).toEqual([`${path}: breaker-outside-retry`]);
  });

  it('no description that is a circle', () => {
    const told: Record<string, unknown> = { kind: 'keyed' };
    told['policy'] = told;
    expect(lint({ describe: () => told })).toEqual([]);
    const line: Record<string, unknown> = {};
    line['pipeline'] = [line];
    expect(lint({ describe: () => line })).toEqual([]);
  });
});

describe('lint does not count on', () => {
  it('a timeout that only watches', () => {
    const watched = shadow(each());
    expect(found(pipeline(retry(), watched))).toEqual(['pipeline[0]: no-attempt-timeout']);
    expect(found(pipeline(each(), breaker(), watched))).toEqual(
      ['pipeline[1]: breaker-inside-timeout', 'pipeline[2].policy: timeout-never-fires'].reverse(),
    );
    watched.enforceRatio = 1;
    expect(found(pipeline(retry(), watched))).toEqual([]);
  });
});

describe('a stream', () => {
  it('bounds attempts by its first chunk', () => {
    expect(found(streamed(retry()))).toEqual([]);
    expect(found(pipeline(retry(), streamed(pipeline())))).toEqual([]);
    expect(found(streamed(retry(), { firstChunkMs: Infinity }))).toEqual([
      'pipeline[0].policy: no-attempt-timeout',
    ]);
    const total = new Timeout({ timeoutMs: 1_000 });
    expect(found(streamed(pipeline(total, breaker())))).toEqual([]);
  });

  it('is no wrong place for a fallback', () => {
    expect(found(streamed(new Fallback({ value: null })))).toEqual([]);
  });

  it.each([
    ['coalesced', new Coalesce({ name: 'sharing' })],
    ['cached', new Cache({ ttlMs: 1, name: 'sharing' })],
  ])('must not be %s, on either side', (_, memory) => {
    const outside = pipeline(memory as Coalesce, streamed(pipeline()));
    const [finding, ...others] = lint(outside);
    expect(others).toEqual([]);
    expect(finding).toMatchObject({ rule: 'shared-stream', severity: 'error', path: 'pipeline[0]' });
    expect(finding!.message).toContain("'sharing' shares answers, but a stream of 'streamed' has one reader");
    const told = { kind: 'streamed', policy: memory.describe() };
    expect(found({ describe: () => told })).toEqual(['pipeline[0].policy: shared-stream']);
  });
});

it.each([
  ['a Coalesce', () => new Coalesce()],
  ['a Cache', () => new Cache({ ttlMs: 5 })],
  ['a pipeline with one', () => pipeline(retry(), new Coalesce())],
])('streamed and keyed refuse a policy that shares answers: %s', (_, make) => {
  expect(() => streamed(make() as never)).toThrow('streamed: the policy must not share answers');
  expect(() => keyed(make as never, { maxKeys: 1 })).toThrow(
    /^keyed: the factory must answer what shares no/,
  );
});
