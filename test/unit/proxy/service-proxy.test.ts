import { describe, expect, it } from 'vitest';
import { weightedChance } from '../../../src/discovery/balancer-ways.js';
import { pipeline } from '../../../src/kernel/pipeline.js';
import { ServiceProxy } from '../../../src/proxy/service-proxy.js';
import type { ServiceProxyOptions } from '../../../src/proxy/service-proxy-options.js';
import { CircuitBreaker } from '../../../src/resilience/circuit-breaker.js';
import { Hedge } from '../../../src/resilience/hedge.js';
import { Retry } from '../../../src/resilience/retry.js';
import { Timeout } from '../../../src/resilience/timeout.js';
import { seededRandom } from '../../../src/testing/seeded-random.js';
import { settle } from '../../../src/testing/settle.js';
import { VirtualClock } from '../../../src/testing/virtual-clock.js';
import { settledAs } from '../../fixtures/gate.js';

interface Instance {
  readonly id: string;
  readonly zone?: string;
  readonly status?: string;
  readonly weight?: number;
}

const failing = new Error('asleep');
const instancesOf = (count: number): Instance[] =>
  Array.from({ length: count }, (_, at) => ({ id: `i${at}` }));

function setUp(
  options:
    | Partial<ServiceProxyOptions<Instance>>
    | ((clock: VirtualClock) => Partial<ServiceProxyOptions<Instance>>),
) {
  const clock = new VirtualClock();
  const more = typeof options === 'function' ? options(clock) : options;
  const proxy = new ServiceProxy<Instance>({
    service: 'stock',
    instances: instancesOf(3),
    clock,
    random: seededRandom(5),
    ...more,
  });
  const inFlight = () => proxy.snapshot().balancer.instances.reduce((sum, one) => sum + one.inFlight, 0);
  return { clock, proxy, inFlight };
}

describe('a call', () => {
  it('goes to one of the instances, which the operation is told of twice', async () => {
    const { proxy, inFlight } = setUp({});
    const answer = await proxy.call(
      ({ attributes, key }, endpoint) => {
        expect(attributes).toEqual({ who: 'me', endpoint });
        expect(inFlight()).toBe(1);
        return `${endpoint.id.slice(0, 1)} ${key}`;
      },
      { key: 'k', attributes: { who: 'me' } },
    );
    expect(answer).toBe('i k');
    expect(inFlight()).toBe(0);
  });

  it('passes values and errors through untouched, and counts neither for ever (LB4)', async () => {
    const { proxy, inFlight } = setUp({});
    await expect(proxy.call(() => Promise.reject(failing))).rejects.toBe(failing);
    await expect(
      proxy.call(() => {
        throw failing;
      }),
    ).rejects.toBe(failing);
    await expect(proxy.call(7 as never)).rejects.toThrow('must be a function');
    await expect(proxy.call(() => 1, { timeoutMs: -1 })).rejects.toThrow(RangeError);
    expect(inFlight()).toBe(0);
  });

  it('fails with a typed error where there are no instances, and finds those that come', async () => {
    const { proxy } = setUp({ instances: [] });
    await expect(proxy.call(() => 1)).rejects.toMatchObject({ code: 'ERR_NO_ENDPOINT', rejected: true });
    proxy.update(instancesOf(1));
    expect(await proxy.call((_, { id }) => id)).toBe('i0');
  });

  it('ends with its caller, and counts against nobody', async () => {
    const { proxy, inFlight } = setUp({ outliers: { consecutiveFailures: 1 } });
    const caller = new AbortController();
    const fate = settledAs(
      proxy.call(
        ({ signal }) =>
          new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason))),
        { signal: caller.signal },
      ),
    );
    await settle();
    caller.abort(failing);
    await settle();
    expect(fate.is).toBe(failing);
    expect([inFlight(), proxy.outliers!.snapshot().ejected]).toEqual([0, 0]);
    await expect(proxy.call(() => 1, { signal: caller.signal })).rejects.toBe(failing);
  });
});

describe('the attempts of a call', () => {
  it('go to different instances when it is tried again, for as long as there are others', async () => {
    const { clock, proxy } = setUp(clock => ({ policy: new Retry({ attempts: 4, clock }) }));
    const asked: string[] = [];
    const fate = settledAs(
      proxy.call((_, { id }) => {
        asked.push(id);
        throw failing;
      }),
    );
    await clock.advance(60_000);
    expect(fate.is).toBe(failing);
    expect(asked).toHaveLength(4);
    expect(new Set(asked.slice(0, 3)).size).toBe(3);
  });

  it('go to different instances when they run at a time, and leave nothing in flight (LB4)', async () => {
    const { clock, proxy, inFlight } = setUp(clock => ({
      policy: new Hedge({ delayMs: 10, maxHedges: 2, idempotent: true, clock }),
    }));
    const asked: string[] = [];
    const answer = proxy.call(({ attempt, signal }, { id }) => {
      asked.push(id);
      if (attempt === 3) return id;
      return new Promise<string>((_, reject) =>
        signal.addEventListener('abort', () => reject(signal.reason)),
      );
    });
    expect(await clock.runUntil(answer)).toBe(asked[2]);
    expect(new Set(asked).size).toBe(3);
    await settle();
    expect(inFlight()).toBe(0);
    expect(proxy.balancer.snapshot().instances.every(({ health }) => health === 1)).toBe(true);
  });

  it('run through the policy of their instance, and past one that is refused', async () => {
    const breakers = new Map<string, CircuitBreaker>();
    const { proxy } = setUp({
      perInstance: id => {
        const breaker = new CircuitBreaker({ name: id });
        breakers.set(id, breaker);
        return breaker;
      },
    });
    await Promise.all(Array.from({ length: 30 }, () => proxy.call(() => 1)));
    expect([...breakers.keys()].sort()).toEqual(['*', 'i0', 'i1', 'i2']);
    breakers.get('i0')!.isolate();
    breakers.get('i1')!.isolate();
    const asked = await Promise.all(Array.from({ length: 20 }, () => proxy.call((_, { id }) => id)));
    expect(new Set(asked)).toEqual(new Set(['i2']));
    breakers.get('i2')!.isolate();
    let runs = 0;
    await expect(proxy.call(() => runs++)).rejects.toMatchObject({ code: 'ERR_CIRCUIT_OPEN' });
    expect(runs).toBe(0);
    expect(proxy.balancer.snapshot().instances.every(({ health }) => health === 1)).toBe(true);
  });

  it('are not made with another instance when the operation itself was refused something', async () => {
    const { proxy } = setUp({});
    const breaker = new CircuitBreaker();
    breaker.isolate();
    let runs = 0;
    await expect(
      proxy.call(context => {
        runs++;
        return breaker.execute(() => 1, context);
      }),
    ).rejects.toMatchObject({ code: 'ERR_CIRCUIT_OPEN' });
    expect(runs).toBe(1);
  });

  it('count against an instance when a timeout gave them up', async () => {
    const { clock, proxy } = setUp(clock => ({
      instances: instancesOf(2),
      outliers: { consecutiveFailures: 1 },
      policy: pipeline(new Timeout({ timeoutMs: 50, clock })),
    }));
    const fate = settledAs(
      proxy.call(
        ({ signal }) =>
          new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason))),
      ),
    );
    await clock.advance(50);
    expect(fate.is).toMatchObject({ code: 'ERR_TIMEOUT' });
    expect(proxy.outliers!.snapshot().ejected).toBe(1);
  });
});

describe('an instance that fails', () => {
  it('is given nothing for a while, and calls again after it', async () => {
    const { clock, proxy } = setUp({
      balancer: { by: weightedChance() },
      outliers: { consecutiveFailures: 3 },
    });
    const call = () =>
      proxy.call((_, { id }) => (id === 'i0' ? Promise.reject(failing) : id)).catch(() => 'failed');
    for (let times = 0; times < 60; times++) await call();
    expect(proxy.outliers!.isEjected('i0')).toBe(true);
    const after = await Promise.all(Array.from({ length: 60 }, call));
    expect(after).not.toContain('failed');
    clock.advanceSync(30_000);
    expect(await Promise.all(Array.from({ length: 60 }, call))).toContain('failed');
  });

  it('is judged by `classify`, whose own mistakes leave nothing in flight', async () => {
    const { proxy, inFlight } = setUp({
      instances: instancesOf(2),
      outliers: { consecutiveFailures: 1 },
      classify: outcome => {
        if (!outcome.ok) throw new TypeError('mine');
        return outcome.value === 'bad' ? 'failure' : undefined;
      },
    });
    await proxy.call(() => 'good');
    expect(proxy.outliers!.snapshot().ejected).toBe(0);
    await proxy.call(() => 'bad');
    expect(proxy.outliers!.snapshot().ejected).toBe(1);
    await expect(proxy.call(() => Promise.reject(failing))).rejects.toBe(failing);
    expect(inFlight()).toBe(0);
  });

  it('is not found out where that is turned off', async () => {
    const { proxy } = setUp({ outliers: false });
    await proxy.call(() => Promise.reject(failing)).catch(() => {});
    expect(proxy.snapshot().outliers).toBeNull();
    expect(proxy.describe()['outliers']).toBeNull();
  });
});

describe('the instances of a service', () => {
  it('come from a source, which tells when they change, until nobody listens', async () => {
    let tell: (change: { instances: readonly Instance[] }) => void = () => {};
    let listeners = 0;
    const source = {
      instances: instancesOf(1),
      on: (_: 'changed', listener: typeof tell) => {
        tell = listener;
        listeners++;
        return () => {
          listeners--;
        };
      },
    };
    const { proxy } = setUp({ instances: source });
    expect(await proxy.call((_, { id }) => id)).toBe('i0');
    tell({ instances: [{ id: 'other' }] });
    expect(await proxy.call((_, { id }) => id)).toBe('other');
    proxy[Symbol.dispose]();
    expect(listeners).toBe(0);
    setUp({})[`proxy`][Symbol.dispose]();
  });

  it('take nothing when they are not up, or have no weight', async () => {
    const { proxy } = setUp({
      instances: [
        { id: 'a', status: 'starting' },
        { id: 'b', status: 'up' },
        { id: 'c', status: 'draining' },
        { id: 'd', weight: 0 },
      ],
    });
    const asked = await Promise.all(Array.from({ length: 20 }, () => proxy.call((_, { id }) => id)));
    expect(new Set(asked)).toEqual(new Set(['b']));
  });

  it('can be drained: nothing more goes there, and one hears when the last call has ended', async () => {
    const { proxy } = setUp({ instances: instancesOf(2) });
    const ends = new Map<string, () => void>();
    const calls = [0, 1].map(() =>
      proxy.call((_, { id }) => new Promise<void>(resolve => ends.set(id, resolve))),
    );
    await settle();
    const drained = settledAs(proxy.drain('i0'));
    await settle();
    // It leaves the list before its calls have ended.
    proxy.update([{ id: 'i1' }]);
    ends.get('i1')!();
    await settle();
    expect(drained.is).toBe('pending');
    ends.get('i0')!();
    await settle();
    expect(drained.is).toBeUndefined();
    await Promise.all(calls);
    await proxy.drain('nobody');
  });
});
