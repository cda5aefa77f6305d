import { describe, expect, it } from 'vitest';
import { pipeline } from '../../../src/kernel/pipeline.js';
import { Bulkhead } from '../../../src/resilience/bulkhead.js';
import type { ConfigExtras } from '../../../src/resilience/config-extras.js';
import { Fallback } from '../../../src/resilience/fallback.js';
import { Hedge } from '../../../src/resilience/hedge.js';
import { pipelineFrom } from '../../../src/resilience/pipeline-config.js';
import { Timeout } from '../../../src/resilience/timeout.js';
import { problemsOf } from '../../fixtures/config.js';

const mistakesOf = (entry: unknown, extras?: ConfigExtras): readonly string[] =>
  problemsOf({ pipeline: [entry] }, extras).map(({ message }) => message);
const parsed = (text: string): unknown => JSON.parse(text);
const nested = (depth: number, open: string, close: string, inside = '1') =>
  parsed(`${open.repeat(depth)}${inside}${close.repeat(depth)}`);

describe('a config that is nested deeply', () => {
  it('is refused with the path of the place where it is too deep', () => {
    for (const depth of [99, 20_000]) {
      const value = nested(depth, '{"a":', '}');
      expect(mistakesOf({ kind: 'fallback', value })).toEqual([
        `pipeline[0].value${'.a'.repeat(97)} must not be nested deeper than 100 objects and lists`,
      ]);
    }
    expect(mistakesOf({ kind: 'fallback', value: nested(97, '{"a":', '}') })).toEqual([]);
  });

  it.each([
    ['lists in an option', { kind: 'retry', backoff: nested(20_000, '[', ']') }],
    ['objects in a budget', { kind: 'retry', budget: nested(20_000, '{"reserve":', '}') }],
    ['endpoints', { kind: 'hedge', endpoints: nested(20_000, '[', ']') }],
    ['policies', nested(6_000, '{"kind":"keyed","maxKeys":1,"policy":', '}')],
    ['pipelines', nested(6_000, '{"kind":"streamed","policy":[', ']}')],
    ['kinds', { kind: nested(20_000, '[', ']') }],
    ['fields of a kind of yours', { kind: 'mine', all: nested(20_000, '[{"a":', '}]') }],
  ])('is refused, and not by the stack: %s', (_, entry) => {
    const found = mistakesOf(entry, { kinds: { mine: () => new Bulkhead({ slots: 1 }) } });
    expect(found).toEqual([expect.stringMatching(/^pipeline\[0\].* must not be nested deeper than 100/)]);
  });

  it('is read as far as anybody nests', () => {
    const entry = nested(
      40,
      '{"kind":"keyed","maxKeys":1,"policy":[',
      ']}',
      '{"kind":"timeout","timeoutMs":5}',
    );
    expect(mistakesOf(entry)).toEqual([]);
  });
});

describe('a config that is no tree', () => {
  it('is refused with the path of what stands in itself', () => {
    const value: Record<string, unknown> = { list: [] };
    (value['list'] as unknown[]).push(1, value);
    expect(mistakesOf({ kind: 'fallback', value })).toEqual([
      'pipeline[0].value.list[1] must not stand in itself',
    ]);
    const policy: Record<string, unknown> = { kind: 'keyed', maxKeys: 1 };
    policy['policy'] = [policy];
    expect(mistakesOf(policy)).toEqual(['pipeline[0].policy[0] must not stand in itself']);
  });

  it('may hold one object twice, but not without end', () => {
    const shared = { kind: 'timeout', timeoutMs: 5 };
    expect(problemsOf({ pipeline: [shared, shared, { kind: 'keyed', maxKeys: 1, policy: shared }] })).toEqual(
      [],
    );
    let doubled: unknown = 'lol';
    for (let i = 0; i < 60; i++) doubled = [doubled, doubled];
    expect(mistakesOf({ kind: 'fallback', value: doubled })).toEqual([
      expect.stringMatching(
        /^pipeline\[0\]\.value\[0\].* is one too many: a config holds at most 100000 values$/,
      ),
    ]);
  });

  it('keeps what is more than data as it is', async () => {
    const map = new Map([['a', 1]]);
    const made = pipelineFrom<unknown>({ pipeline: [{ kind: 'fallback', value: map }] });
    await expect(made.execute(() => Promise.reject('down'))).resolves.toBe(map);
    const self: { self?: unknown } = new (class {})();
    self.self = self;
    const read = pipelineFrom<unknown>(
      { pipeline: [{ kind: 'mine', self }] },
      {
        kinds: { mine: ({ self: given }) => new Fallback({ value: given }) as never },
      },
    );
    await expect(read.execute(() => Promise.reject('down'))).resolves.toBe(self);
  });

  it('is not looked for in objects of classes', () => {
    const deep = new (class {
      kind = 'retry';
      backoff = nested(20_000, '{"a":', '}');
    })();
    for (const [config, path] of [
      [{ pipeline: [deep] }, 'pipeline[0]'],
      [{ pipeline: [{ kind: 'keyed', maxKeys: 1, policy: [deep] }] }, 'pipeline[0].policy[0]'],
      [{ pipeline: [], budgets: { reads: deep } }, 'budgets.reads'],
      [{ pipeline: [], budgets: deep }, 'budgets'],
    ] as const) {
      const message = `${path} must be an object, got an object of a class`;
      expect(problemsOf(config)).toEqual([{ path, message }]);
    }
    const backoff = new (class {
      kind = 'linear';
      days = 5;
    })();
    expect(mistakesOf({ kind: 'retry', backoff })).toEqual([
      expect.stringMatching(/^pipeline\[0\] is refused: Retry: `backoff`: unknown option `days`/),
    ]);
    expect(backoff.days).toBe(5);
  });

  it('may be of a class as a whole', () => {
    class Config {
      pipeline = [{ kind: 'bulkhead', slots: 1 }];
    }
    expect(problemsOf(new Config())).toEqual([]);
  });

  it('is taken from another realm', async () => {
    const { runInNewContext } = await import('node:vm');
    const config = runInNewContext('({ pipeline: [{ kind: "bulkhead", slots: 1, queueTimeoutMs: null }] })');
    expect(problemsOf(config)).toEqual([]);
  });
});

describe('names by which objects inherit', () => {
  it.each([
    ['{ "kind": "retry", "__proto__": { "attempts": 1 } }', '.__proto__'],
    ['{ "kind": "retry", "constructor": { "prototype": {} } }', '.constructor'],
    ['{ "kind": "retry", "backoff": { "__proto__": { "polluted": 1 } } }', '.backoff.__proto__'],
    ['{ "kind": "fallback", "value": [{ "__proto__": { "polluted": 1 } }] }', '.value[0].__proto__'],
    ['{ "kind": "adaptive-limiter", "partitions": { "constructor": 0.5 } }', '.partitions.constructor'],
    ['{ "kind": "keyed", "maxKeys": 1, "policy": [{ "__proto__": 1 }] }', '.policy[0].__proto__'],
    ['{ "kind": "mine", "deep": { "constructor": 1 } }', '.deep.constructor'],
  ])('are refused: %s', (entry, path) => {
    const kinds = { mine: () => new Bulkhead({ slots: 1 }) };
    expect(mistakesOf(parsed(entry), { kinds })).toEqual([
      `pipeline[0]${path} is no name for data: objects inherit by it`,
    ]);
  });

  it.each(['__proto__', 'constructor'])('are refused beside the pipeline: %s', name => {
    const whole = parsed(`{ "pipeline": [], "${name}": {}, "budgets": { "${name}": {} } }`);
    expect(problemsOf(whole).map(({ path }) => path)).toEqual([name, `budgets.${name}`]);
  });

  it('name no functions, budgets and kinds that nobody gave', () => {
    for (const name of ['constructor', '__proto__', 'toString', 'hasOwnProperty']) {
      expect(mistakesOf({ kind: name })).toEqual([expect.stringContaining('pipeline[0].kind must be')]);
      expect(
        mistakesOf({ kind: 'retry', classify: name, budget: name }, { classify: {}, budgets: {} }),
      ).toEqual([
        expect.stringContaining(`classify names "${name}", but extras.classify holds nothing`),
        expect.stringContaining(`budget names "${name}", which stands neither in budgets nor`),
      ]);
    }
  });

  it('are not told of values: those that have them are named', () => {
    const odd = parsed('[{ "constructor": "Ferrari" }]');
    const parts = [new Fallback({ value: odd }), new Hedge({ endpoints: odd as object[] })] as const;
    const told = pipeline(...parts).describe();
    expect(told.pipeline).toMatchObject([{ run: ['value'] }, { endpoints: 'endpoints' }]);
    const extras = { run: { value: () => odd }, endpoints: { endpoints: () => odd as object[] } };
    expect(pipelineFrom(told, extras).describe()).toEqual(told);
  });
});

describe('a config with many mistakes', () => {
  it('is told of two hundred', () => {
    const found = problemsOf({ pipeline: Array.from({ length: 20_000 }, () => ({ kind: 'timeuot' })) });
    expect(found).toHaveLength(201);
    expect(found[199]!.message).toMatch(/^pipeline\[199\]\.kind must be .* did you mean 'timeout'\?$/);
    expect(found[200]).toEqual({ path: 'pipeline[200].kind', message: 'there is more that is wrong' });
    const policy = { kind: 'keyed', policy: Array.from({ length: 20_000 }, () => ({ kind: 'timeuot' })) };
    expect(mistakesOf(policy)).toHaveLength(201);
  });

  it('is told once of an option that a kind of yours adds by itself', () => {
    let made = 0;
    const kinds = {
      slow: (options: object) => {
        made++;
        return new Timeout({ ...options, timeoutMs: 5, tries: 3 } as never);
      },
      nested: (options: object) => {
        made++;
        return new Hedge({ ...options, quantile: { tries: 3 } as never });
      },
      random: (options: object) => {
        made++;
        return new Timeout({ ...options, timeoutMs: 5, [`x${Math.random()}`]: 3 } as never);
      },
    };
    expect(mistakesOf({ kind: 'slow', strategi: 1 }, { kinds })).toEqual([
      'pipeline[0].strategi is unknown; did you mean `strategy`?',
      'pipeline[0] is refused: Timeout: unknown option `tries`; known are timeoutMs, strategy, name, clock',
    ]);
    expect(mistakesOf({ kind: 'nested', quantile: { tries: 5 } }, { kinds })).toHaveLength(2);
    expect(mistakesOf({ kind: 'random' }, { kinds })).toHaveLength(1);
    expect(made).toBeLessThan(10);
  });

  it('is told once of an option that a kind of yours writes into what it is given', () => {
    const kinds = {
      writes: (options: Record<string, unknown>) =>
        new Timeout(Object.assign(options, { tries: 3 }) as never),
    };
    expect(mistakesOf({ kind: 'writes' }, { kinds })).toEqual([
      expect.stringContaining('pipeline[0] is refused: Timeout: unknown option `tries`'),
    ]);
    expect(mistakesOf({ kind: 'writes', tries: 5 }, { kinds })).toEqual([
      'pipeline[0].tries is unknown; known are timeoutMs, strategy, name',
      'pipeline[0] holds more that is unknown',
    ]);
  });
});
