import { describe, expect, it } from 'vitest';
import { pipeline } from '../../../src/kernel/pipeline.js';
import type { Guard, Policy } from '../../../src/kernel/policy.js';
import { Bulkhead } from '../../../src/resilience/bulkhead.js';
import { CircuitBreaker } from '../../../src/resilience/circuit-breaker.js';
import { ConfigError } from '../../../src/resilience/config-error.js';
import type { ConfigExtras } from '../../../src/resilience/config-extras.js';
import { keyed } from '../../../src/resilience/keyed.js';
import type { Keyed } from '../../../src/resilience/keyed-policy.js';
import { pipelineFrom } from '../../../src/resilience/pipeline-config.js';
import { RateLimiter } from '../../../src/resilience/rate-limiter.js';
import { resilientFetch } from '../../../src/resilience/resilient-fetch.js';
import { Retry } from '../../../src/resilience/retry.js';
import { RetryBudget } from '../../../src/resilience/retry-budget.js';
import { type Shadow, shadow } from '../../../src/resilience/shadow.js';
import { streamed } from '../../../src/resilience/stream-policy.js';
import { Timeout } from '../../../src/resilience/timeout.js';
import { VirtualClock } from '../../../src/testing/virtual-clock.js';

type Parts = readonly Guard[];
const json = <T>(value: T): T => JSON.parse(JSON.stringify(value)) as T;
/** The policies that were made. */
const madeOf = <T>(entry: unknown, extras?: ConfigExtras): T =>
  (pipelineFrom({ pipeline: [entry] }, extras) as unknown as { parts: readonly T[] }).parts[0]!;

const timeout = { kind: 'timeout', timeoutMs: 5 };
const bulkhead = { kind: 'bulkhead', slots: 1 };
const keyOf = {
  byTenant: ({ attributes }: { attributes: object }) => String((attributes as never)['tenant']),
};

describe('what describe() told of', () => {
  const budget = new RetryBudget({ name: 'shared' });
  const byTenant = ({ attributes }: { attributes: Readonly<Record<string, unknown>> }) =>
    String(attributes['tenant']);
  const cases: Record<string, Parts> = {
    'a breaker for each key': [keyed(name => new CircuitBreaker({ name }), { maxKeys: 9 })],
    'a pipeline for each key': [
      keyed(name => pipeline(new Retry({ budget }), new Bulkhead({ slots: 2, name: `of ${name}` })), {
        ...{ maxKeys: 9, idleMs: 60, key: byTenant, name: 'tenants' },
      }) as never,
    ],
    'a pipeline of one and of none for each key': [
      keyed(() => pipeline(new Timeout({ timeoutMs: 5 })), { maxKeys: 1 }) as never,
      keyed(() => pipeline(), { maxKeys: 1 }) as never,
    ],
    'keys inside keys': [
      keyed(() => keyed(name => new Timeout({ timeoutMs: 5, name }), { maxKeys: 2 }), { maxKeys: 3 }),
    ],
    'a budget for each key': [
      keyed(key => new Retry({ budget: new RetryBudget({ name: `retries of ${key}` }) }), {
        maxKeys: 5,
      }) as never,
    ],
    shadows: [
      shadow(new RateLimiter({ limit: 5, perMs: 100 })),
      shadow(
        keyed(name => new Bulkhead({ name, slots: 1 }), { maxKeys: 5 }),
        { enforceRatio: 0.5 },
      ),
      shadow(shadow(new Timeout({ timeoutMs: Infinity })), { name: 'twice' }),
    ],
    streams: [
      streamed(new Retry()) as never,
      streamed(pipeline(new Retry(), new Bulkhead({ slots: 1 })), {
        ...{ firstChunkMs: 5, idleChunkMs: Infinity, idleReadMs: 7, name: 'feed' },
      }) as never,
      streamed(keyed(() => new Retry(), { maxKeys: 5 })) as never,
    ],
  };

  it.each(Object.entries(cases))('%s makes the same', (_, parts) => {
    const told = pipeline(...parts).describe();
    const read = json(told);
    expect(pipelineFrom(read, { key: keyOf as never }).describe()).toEqual(told);
    expect(read).toEqual(told);
  });

  it('a resilient fetch makes its pipeline, given its functions', () => {
    const { pipeline: told } = resilientFetch().describe();
    const functions = ['classify', 'onDiscard', 'key', 'retryAfterMs'];
    const named = (option: string) =>
      [...JSON.stringify(told).matchAll(new RegExp(`"${option}":"(\\w+)"`, 'g'))].map(([, name]) => name!);
    const extras = Object.fromEntries(
      functions.map(option => [
        option,
        Object.fromEntries(named(option).map(name => [name, () => undefined])),
      ]),
    );
    expect(functions.flatMap(named)).toContain('originOf');
    expect(pipelineFrom({ pipeline: json(told) }, extras).describe()).toEqual({ pipeline: told });
  });
});

describe('keyed in a config', () => {
  it('makes the policies of each key, and calls them by it', async () => {
    const made = madeOf<Keyed<CircuitBreaker> & Policy>(
      {
        ...{ kind: 'keyed', maxKeys: 2, key: 'byTenant' },
        policy: { kind: 'circuit-breaker', name: 'stock of *' },
      },
      { key: keyOf as never },
    );
    const ends: (() => void)[] = [];
    const call = (tenant: string) =>
      made.execute(() => new Promise<void>(resolve => ends.push(resolve)), { attributes: { tenant } });
    const calls = [call('$&'), call('b')];
    expect(made.get('$&').name).toBe('stock of $&');
    expect(made.get('b')).not.toBe(made.get('$&'));
    expect(made.get('c').name).toBe('stock of *');
    for (const end of ends) end();
    await Promise.all(calls);
    expect(made.snapshot()).toMatchObject({ size: 2, made: 2, overflowed: 1 });
  });

  it('is a guard where its policies are', async () => {
    const each = madeOf<Guard>({ kind: 'keyed', maxKeys: 2, policy: bulkhead });
    expect(typeof each.enter).toBe('function');
    const list = madeOf<Guard>({ kind: 'keyed', maxKeys: 2, policy: [bulkhead] });
    expect(list.enter).toBeUndefined();
  });

  it('names policies after the key of the innermost', () => {
    const made = madeOf<Keyed<Keyed<Bulkhead>>>({
      ...{ kind: 'keyed', maxKeys: 2, name: 'all' },
      policy: { kind: 'keyed', name: 'of *', maxKeys: 2, policy: { ...bulkhead, name: '*' } },
    });
    expect(made.get('a').name).toBe('of a');
    expect(made.get('a').get('b').name).toBe('b');
  });

  it('shares a budget by name, and keeps one for each key that is named after it', async () => {
    const clock = new VirtualClock();
    const budgetOf = (name: string, reserve = 1) => ({ name, reserve, retryRatio: 0, minPerSecond: 0 });
    const attempts = async (budget: unknown, ...keys: string[]) => {
      const retry = { kind: 'retry', attempts: 2, backoff: { kind: 'constant', delayMs: 0 } };
      const policy = [{ ...retry, budget }];
      const made = pipelineFrom({ pipeline: [{ kind: 'keyed', maxKeys: 9, policy }] }, { clock });
      let ran = 0;
      for (const key of keys) {
        await clock.runUntil(made.execute(() => Promise.reject(++ran), { key }).catch(() => 0));
      }
      return ran;
    };
    expect(await attempts(budgetOf('all'), 'a', 'b', 'a')).toBe(4);
    expect(await attempts(budgetOf('of *'), 'a', 'b', 'a')).toBe(5);
  });

  it('finds a budget of its key by name, and one that was updated', () => {
    const retry = { kind: 'retry', budget: { name: 'of *', reserve: 5 } };
    const policy = [retry, { kind: 'retry', budget: 'of *' }, { kind: 'retry', budget: 'all' }];
    const few = new RetryBudget({ name: 'few' });
    const entry = { kind: 'keyed', maxKeys: 9, policy: [...policy, { kind: 'retry', budget: 'few' }] };
    const config = { pipeline: [entry], budgets: { all: { reserve: 7 } } };
    const read = pipelineFrom(config, { budgets: { few } }) as unknown as { parts: Keyed<Policy>[] };
    const [made] = read.parts;
    const budgets = (key: string) =>
      (made!.get(key) as unknown as { describe(): { pipeline: { budget: { name: string } }[] } })
        .describe()
        .pipeline.map(({ budget }) => budget.name);
    expect(budgets('a')).toEqual(['of a', 'of a', 'all', 'few']);
    expect(made!.describe().policy).toMatchObject([{ budget: { name: 'of *' } }, {}, {}, {}]);
  });

  it('is not troubled by an update of what its keys share', () => {
    const budgets: RetryBudget[] = [];
    const mine = ({ budget }: { readonly budget?: unknown }) => {
      budgets.push(budget as RetryBudget);
      return new Retry({ budget: budget as RetryBudget });
    };
    const policy = { kind: 'mine', budget: { name: 'all', reserve: 5 } };
    const made = madeOf<Keyed<Policy>>({ kind: 'keyed', maxKeys: 9, policy }, { kinds: { mine } });
    budgets[0]!.update({ reserve: 9 });
    made.get('a');
    expect(budgets).toHaveLength(2);
    expect(budgets[1]).toBe(budgets[0]);
  });

  it('reads the config once, whatever becomes of it', () => {
    const policy = { ...bulkhead, name: '*' };
    const made = madeOf<Keyed<Bulkhead>>({ kind: 'keyed', maxKeys: 9, policy });
    policy.slots = 0;
    expect(made.get('a').describe()).toMatchObject({ slots: 1, name: 'a' });
  });

  it('makes kinds of yours for each key; what they refuse rejects the call', async () => {
    const names: unknown[] = [];
    const valve = ({ name }: { readonly name?: unknown }) => {
      names.push(name);
      if (name === 'c') throw new Error('no valve for c');
      return new Bulkhead({ slots: 1 });
    };
    const policy = { kind: 'valve', name: '*' };
    const made = madeOf<Keyed<Bulkhead> & Policy>(
      { kind: 'keyed', maxKeys: 9, policy },
      { kinds: { valve } },
    );
    await made.execute(() => 1, { key: 'a' });
    await made.execute(() => 1, { key: 'b' });
    await made.execute(() => 1, { key: 'b' });
    expect(names).toEqual(['*', 'a', 'b']);
    const refused = made.execute(() => 1, { key: 'c' });
    await expect(refused).rejects.toThrow('pipeline[0].policy is refused: no valve for c');
    await expect(refused).rejects.toBeInstanceOf(ConfigError);
  });
});

describe('a shadow in a config', () => {
  it('watches its guard, with the chance and the clock of all', async () => {
    const clock = new VirtualClock();
    const entry = { kind: 'shadow', enforceRatio: 0.5, policy: { ...timeout, name: 'slow' } };
    const draws = [0.6, 0.4];
    const made = madeOf<Shadow & Policy>(entry, { clock, random: () => draws.shift()! });
    expect(made.name).toBe('slow');
    const call = () => made.execute(() => new Promise(resolve => clock.schedule(8, () => resolve('late'))));
    expect(await clock.runUntil(call())).toBe('late');
    await expect(clock.runUntil(call())).rejects.toMatchObject({ code: 'ERR_TIMEOUT' });
    expect(made.snapshot().wouldGiveUp).toBe(1);
  });
});

describe('streamed in a config', () => {
  it('holds a slot until the stream has ended', async () => {
    const made = pipelineFrom({ pipeline: [{ kind: 'streamed', policy: [bulkhead], idleReadMs: null }] });
    const words = (await made.execute(async function* () {
      yield 'one';
      yield 'two';
    })) as AsyncIterable<string>;
    const second = made.execute(async function* () {
      yield 1;
    });
    await expect(second).rejects.toMatchObject({ code: 'ERR_BULKHEAD_FULL' });
    const heard: string[] = [];
    for await (const word of words) heard.push(word);
    expect(heard).toEqual(['one', 'two']);
  });
});
