import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import manifest from '../../package.json' with { type: 'json' };
import { type ConfigExtras, httpDefaults, pipelineFrom } from '../../src/index.js';
import { policyKinds } from '../../src/resilience/policy-kinds.js';
import { programOf } from './program.js';
import { isValid } from './rules/json-schema.js';
import { type Schema, schemaOf } from './rules/schema.js';
import { root } from './tree.js';

const path = `${root}/schema.json`;
const schema = schemaOf(programOf(['src/index.ts']));
const text = `${JSON.stringify(schema, undefined, 2)}\n`;
if (process.env['SCHEMA'] === 'rewrite') writeFileSync(path, text);

const definitions = schema['$defs'] as Record<string, { properties?: Record<string, Schema> }>;
/** What each kind is told besides, so that nothing is missing. */
const bases: Record<string, object> = {
  bulkhead: { slots: 5 },
  cache: { ttlMs: 5 },
  chaos: { latencyMs: 5, outcome: 'named' },
  fallback: { value: 'none' },
  keyed: { maxKeys: 5, policy: { kind: 'bulkhead', slots: 5 } },
  'rate-limiter': { limit: 5, perMs: 5 },
  shadow: { policy: { kind: 'bulkhead', slots: 5 } },
  streamed: { policy: { kind: 'bulkhead', slots: 5 } },
  timeout: { timeoutMs: 5 },
};
const texts = ['', 'named', 'fifo', 'race', 'enforce'];
/** Names are known to the config alone: to the schema each is as good as another. */
const named = <T>(value: T) => Object.fromEntries(texts.map(text => [text, value]));
const functions: ConfigExtras = Object.fromEntries(
  Object.values(policyKinds)
    .flatMap(({ functions = [] }) => functions)
    .map(option => [option, named(() => undefined)]),
);

const builds = (config: unknown): boolean => {
  try {
    pipelineFrom(JSON.parse(JSON.stringify(config)), {
      ...functions,
      budgets: named(fakeBudget),
    } as never);
    return true;
  } catch {
    return false;
  }
};
const fakeBudget = { deposit: () => {}, withdraw: () => true };

const numbers = [-1, 0, 0.5, 1, 1.5, 2, 3, 33, 1_000, 1_001, 1e6, 1e6 + 1, 2 ** 31, 2 ** 53, -0.1];
const others = [null, true, false, ...texts, [], ['named'], {}, { ms: 5 }];
const backoffs = ['constant', 'linear', 'exponential', 'other'].flatMap(kind =>
  [{ delayMs: 5 }, { initialMs: 5 }, { initialMs: 0, factor: 2 }, { initialMs: 1, stepMs: 1 }, {}].flatMap(
    rest =>
      [{}, { jitter: 'full' }, { jitter: 'decorrelated' }, { jitter: 'odd' }].map(jitter => ({
        kind,
        ...rest,
        ...jitter,
      })),
  ),
);
const timeout = { kind: 'timeout', timeoutMs: 5 };
const policies = [
  ...[timeout, [timeout], [], [timeout, { kind: 'retry' }], { kind: 'retry' }, { kind: 'timeout' }],
  ...[[{ kind: 'retri' }], [[timeout]], { pipeline: [timeout] }],
  ...[timeout, { kind: 'retry' }, [timeout]].flatMap(policy => [
    { kind: 'keyed', maxKeys: 5, policy },
    { kind: 'keyed', maxKeys: 0, policy },
    { kind: 'shadow', policy },
    { kind: 'shadow', policy: { kind: 'keyed', maxKeys: 5, policy } },
    { kind: 'streamed', policy },
    { kind: 'streamed', policy: { kind: 'shadow', policy } },
    { kind: 'streamed', slots: 5, policy },
  ]),
];
const shapes = [
  ...backoffs,
  ...policies,
  ...numbers.flatMap(value => [
    { kind: 'constant', delayMs: value },
    { kind: 'linear', initialMs: 0, maxMs: value },
    { kind: 'exponential', initialMs: value },
    { kind: 'exponential', initialMs: 1, factor: value },
    { calls: value },
    { ms: value },
    { ms: 5, buckets: value },
    { calls: value, ms: value },
    { initialMs: value },
    { initialMs: 0.001, maxMs: value },
    { initialMs: 1, factor: value },
    { initialMs: 1, jitterRatio: value },
    { retryRatio: value },
    { reserve: value },
    { minPerSecond: value },
    { ratio: value },
    { windowCalls: value },
    { minSamples: value },
    { minMs: value },
    { maxMs: value },
    [value, value],
    [1, value, value],
  ]),
];

/** Where a rule rests on another option, JSON Schema lets pass what the class refuses. */
const relative = [
  ...['adaptive-limiter initialLimit', 'adaptive-limiter maxLimit', 'adaptive-limiter partitions'],
  ...['chaos latencyMs', 'circuit-breaker minCalls', 'circuit-breaker probesToClose'],
  ...['hedge quantile', 'rate-limiter algorithm', 'rate-limiter burst', 'rate-limiter limit'],
];

/** Definitions of several kinds. */
const unions = ['policy', 'policies', 'guard'];

describe('the schema of configs', () => {
  it('is the one of the package (after a review: npm run schema)', () => {
    expect(existsSync(path) ? readFileSync(path, 'utf8') : '').toBe(text);
  });

  it('knows every kind', () => {
    const known = [...Object.keys(policyKinds), 'retry-budget', ...unions];
    expect(Object.keys(definitions).sort()).toEqual(known.sort());
  });

  const options = Object.entries(definitions).flatMap(([kind, { properties = {} }]) =>
    Object.keys(properties)
      .filter(option => option !== 'kind' && !policyKinds[kind]?.told?.includes(option))
      .map(option => ({ kind, option })),
  );

  it.each(options)('takes what $kind takes for $option, and nothing else', ({ kind, option }) => {
    const wrong: object[] = [];
    for (const value of [...numbers, ...others, ...shapes]) {
      const entry = { kind, ...bases[kind], [option]: value };
      if (kind === 'fallback' && option === 'run') delete (entry as { value?: unknown }).value;
      const config = kind === 'retry-budget' ? { pipeline: [], budgets: { entry } } : { pipeline: [entry] };
      const [says, does] = [isValid(config, schema), builds(config)];
      if (relative.includes(`${kind} ${option}`) && says && !does) continue;
      if (says !== does) wrong.push({ entry, says, does });
    }
    expect(wrong).toEqual([]);
  });

  it.each(options)('has a default for $option of $kind that it takes', ({ kind, option }) => {
    const { default: standard } = definitions[kind]!.properties![option]!;
    if (standard !== undefined) {
      const entry = { kind, ...bases[kind], [option]: standard };
      expect(
        isValid(
          kind === 'retry-budget' ? { pipeline: [], budgets: { entry } } : { pipeline: [entry] },
          schema,
        ),
      ).toBe(true);
    }
    expect(definitions[kind]!.properties![option]!['description']).toMatch(/\w/);
  });

  it('takes what describe() tells, and refuses what nobody knows', () => {
    const { pipeline } = JSON.parse(JSON.stringify(httpDefaults().describe())) as { pipeline: unknown[] };
    expect(isValid({ pipeline, $schema: './schema.json' }, schema)).toBe(true);
    for (const wrong of [
      {},
      { pipeline, budget: {} },
      { pipeline: {} },
      { pipeline: [{ kind: 'retri' }] },
      { pipeline: [{ kind: 'retry', tries: 3 }] },
      { pipeline: [{ kind: 'retry', backoff: { kind: 'constant', delayMs: 1, maxMs: 2 } }] },
      { pipeline: [{ kind: 'timeout' }] },
      { pipeline: [{ kind: 'fallback' }] },
      { pipeline: [{ kind: 'fallback', value: 1, run: 'named' }] },
      { pipeline: [{ timeoutMs: 5 }] },
      { pipeline: [{ kind: 'hedge', delayMs: 5, quantile: {} }] },
    ]) {
      expect.soft({ wrong, valid: isValid(wrong, schema) }).toEqual({ wrong, valid: builds(wrong) });
      expect.soft(isValid(wrong, schema)).toBe(false);
    }
  });

  it('is in the package, under a path of its own', () => {
    expect(manifest.exports['./schema.json']).toBe('./schema.json');
    expect(manifest.files).toContain('schema.json');
  });
});
