import { describe, expect, it } from 'vitest';
import { pipeline } from '../../../src/kernel/pipeline.js';
import { Bulkhead } from '../../../src/resilience/bulkhead.js';
import { CircuitBreaker } from '../../../src/resilience/circuit-breaker.js';
import { keyed } from '../../../src/resilience/keyed.js';
import { Retry } from '../../../src/resilience/retry.js';
import { Timeout } from '../../../src/resilience/timeout.js';
import { policyLaws } from '../../../src/testing/policy-laws.js';
import type { VirtualClock } from '../../../src/testing/virtual-clock.js';
import { boom, ok } from '../../fixtures/breaker.js';

const one = { maxKeys: 4, key: () => 'one' };
const laws = { calls: 10, concurrency: 8 };

describe.each([
  ['breakers', (clock: VirtualClock) => keyed(() => new CircuitBreaker({ clock }), { ...one, clock })],
  ['bulkheads', (clock: VirtualClock) => keyed(() => new Bulkhead({ slots: 1, queue: 20, clock }), one)],
  ['timeouts', (clock: VirtualClock) => keyed(() => new Timeout({ timeoutMs: 60_000, clock }), one)],
  [
    'pipelines',
    (clock: VirtualClock) =>
      keyed(() => pipeline(new CircuitBreaker({ clock }), new Timeout({ timeoutMs: 9e4, clock })), {
        ...one,
        clock,
      }),
  ],
] as const)('keyed %s keep the laws of policies:', (_name, make) => {
  for (const law of policyLaws(make as never, laws)) it(law.name, law.check);
});

describe('the options of keyed', () => {
  it('makes nothing of a factory that fails', async () => {
    const policy = keyed(
      key => {
        if (key === 'bad') throw boom;
        return key === 'odd' ? (new Retry() as never) : new Bulkhead({ slots: 1 });
      },
      { maxKeys: 2 },
    );
    await expect(policy.execute(ok, { key: 'bad' })).rejects.toBe(boom);
    await expect(policy.execute(ok, { key: 'odd' })).rejects.toThrow('the same kind of policy');
    expect(policy.size).toBe(0);
    expect(await policy.execute(ok, { key: 'good' })).toBe('fine');
  });

  it('refuses a guard that admits nobody and has no line, where the first one had', async () => {
    const policy = keyed(
      key => (key === '*' ? new Bulkhead({ slots: 1 }) : { enter: () => undefined, exit() {} }) as never,
      { maxKeys: 2 },
    );
    await expect(policy.execute(ok, { key: 'a' })).rejects.toThrow('has no `wait`');
  });

  it('tells what it makes, and how it was made', () => {
    const policy = keyed(name => new CircuitBreaker({ name }), { maxKeys: 2, name: 'hosts' });
    const told: unknown[] = [];
    policy.on('made', ({ key, instance, policy: name }) => told.push([key, instance.name, name]));
    policy.get('a');
    expect(told).toEqual([['a', 'a', 'hosts']]);
    const description = { kind: 'keyed', name: 'hosts', maxKeys: 2, idleMs: null };
    expect(policy.describe()).toMatchObject({
      ...description,
      policy: { kind: 'circuit-breaker', name: '*' },
    });
    const plain = { enter: () => 1, exit() {} };
    expect(keyed(() => plain, { maxKeys: 1, idleMs: 5 }).describe()).toMatchObject({ idleMs: 5 });
  });

  it.each<[string, unknown]>([
    ...[Number.NaN, -1, 0, 1.5, Infinity, 2 ** 31, '1', null, undefined].map(
      value => ['maxKeys', value] as const,
    ),
    ...[Number.NaN, -1, 0, -Infinity, '1', null].map(value => ['idleMs', value] as const),
    ['key', 'tenant'],
  ] as [string, unknown][])('refuses a bad %s: %s', (option, value) => {
    const make = () => keyed(() => new Timeout({ timeoutMs: 1 }), { maxKeys: 1, [option]: value });
    expect(make).toThrow(new RegExp(`^keyed: \`${option}\` must be`));
  });

  it('refuses an unknown option, and a factory of nothing', () => {
    const timeout = () => new Timeout({ timeoutMs: 1 });
    expect(() => keyed(timeout, { maxKeys: 1, max: 1 } as never)).toThrow('unknown option `max`');
    expect(() => keyed(5 as never, { maxKeys: 1 })).toThrow('the factory must be a function');
    expect(() => keyed(() => 5 as never, { maxKeys: 1 })).toThrow('must answer a policy or a guard');
    expect(() => keyed(() => undefined as never, { maxKeys: 1 })).toThrow('must answer a policy or a guard');
  });

  it('rejects, and never throws, whatever a caller does', async () => {
    const retries = keyed(() => new Retry(), { maxKeys: 1 });
    await expect(retries.execute(5 as never, { key: 'a' })).rejects.toThrow(TypeError);
    await expect(retries.execute(ok, { key: 5 } as never)).rejects.toThrow('`key` must be a string');
    const signal = AbortSignal.abort(boom);
    await expect(retries.execute(ok, { key: 'a', signal })).rejects.toBe(boom);
    expect(retries.size).toBe(0);
  });
});
