import { describe, expect, it, vi } from 'vitest';
import { pipeline } from '../../../src/kernel/pipeline.js';
import { Bulkhead } from '../../../src/resilience/bulkhead.js';
import { CircuitBreaker } from '../../../src/resilience/circuit-breaker.js';
import { keyed } from '../../../src/resilience/keyed.js';
import { Retry } from '../../../src/resilience/retry.js';
import { type ShadowOptions, shadow } from '../../../src/resilience/shadow.js';
import { Timeout } from '../../../src/resilience/timeout.js';
import { checkLaws } from '../../../src/testing/law.js';
import { policyLaws } from '../../../src/testing/policy-laws.js';
import { seededRandom } from '../../../src/testing/seeded-random.js';
import { settle } from '../../../src/testing/settle.js';
import { VirtualClock } from '../../../src/testing/virtual-clock.js';
import { boom, breakerOf, fail, ok, pending } from '../../fixtures/breaker.js';
import { Gate } from '../../fixtures/gate.js';

const guards = {
  'a breaker': (clock: VirtualClock) => new CircuitBreaker({ consecutiveFailures: 1000, clock }),
  'a bulkhead': (clock: VirtualClock) => new Bulkhead({ slots: 1, queue: 20, clock }),
  'a timeout': (clock: VirtualClock) => new Timeout({ timeoutMs: 60_000, clock }),
};

describe.each(Object.entries(guards))('a shadow of %s keeps the laws of policies', (_name, make) => {
  it.each([0, 0.5, 1])('with %d in force', async enforceRatio => {
    await checkLaws(policyLaws(clock => shadow(make(clock), { enforceRatio, random: seededRandom(7) })));
  });
});

describe('a shadow', () => {
  it('lets the calls through that an open breaker rejects, and judges by none of them', async () => {
    const { breaker, clock } = breakerOf();
    const policy = shadow(breaker);
    const told: unknown[] = [];
    policy.on('wouldReject', event => told.push(event));
    for (let i = 0; i < 2; i++) await policy.execute(fail).catch(() => {});
    expect(breaker.state).toBe('open');
    expect(await policy.execute(ok, { key: 'a' })).toBe('fine');
    await expect(policy.execute(fail)).rejects.toBe(boom);
    expect(policy.snapshot()).toMatchObject({ wouldReject: 2, wouldWait: 0, wouldGiveUp: 0 });
    const error = expect.objectContaining({ code: 'ERR_CIRCUIT_OPEN' });
    expect(told[0]).toEqual({ policy: 'stock', at: clock.wall(), key: 'a', error });
    expect(breaker.explain().totals).toMatchObject({ failure: 2, success: 0 });
    // Its probes are calls like others.
    await clock.advance(100);
    await policy.execute(ok);
    expect(breaker.state).toBe('closed');
  });

  it('lets the calls through that a bulkhead refuses or makes wait, without a slot', async () => {
    const line = new Bulkhead({ slots: 1, queue: 1 });
    const policy = shadow(line, { name: 'line' });
    const told: unknown[] = [];
    policy.on('wouldWait', event => told.push(event));
    const gate = new Gate();
    const calls = ['a', 'b', 'c'].map(name => policy.execute(gate.operation(name)));
    expect(gate.started).toEqual(['a', 'b', 'c']);
    expect(line.snapshot()).toMatchObject({ taken: 1, waiting: 0 });
    expect(policy.snapshot()).toMatchObject({ wouldReject: 0, wouldWait: 2 });
    expect(told).toEqual([1, 2].map(() => ({ policy: 'line', at: expect.any(Number), key: undefined })));
    gate.end('b');
    gate.end('c');
    await calls[2];
    expect(line.snapshot().taken).toBe(1);
    gate.end('a');
    await Promise.all(calls);
    expect(line.atRest && policy.atRest).toBe(true);
  });

  it('does not end the calls that a timeout gives up on, nor shortens their deadline', async () => {
    const clock = new VirtualClock();
    for (const strategy of ['race', 'cooperative'] as const) {
      const timeout = new Timeout({ timeoutMs: 50, strategy, clock });
      const policy = shadow(timeout);
      const told: unknown[] = [];
      policy.on('wouldGiveUp', ({ error }) => told.push(error));
      const remote = pending();
      const seen: unknown[] = [];
      const call = policy.execute(({ signal, deadline, remainingMs }) => {
        seen.push(deadline, remainingMs, signal);
        return remote.operation();
      });
      await clock.advance(60);
      remote.resolve('late');
      expect(await call).toBe('late');
      expect(seen[0]).toBe(Infinity);
      expect((seen[2] as AbortSignal).aborted).toBe(false);
      expect(told).toEqual([expect.objectContaining({ code: 'ERR_TIMEOUT', timeoutMs: 50 })]);
      expect(policy.snapshot().wouldGiveUp).toBe(1);
      expect(timeout.snapshot()).toMatchObject({ running: 0, timedOut: 1 });
    }
    expect(clock.timers).toBe(0);
  });

  it('is as good as the timeout where it is in force, and leaves its neighbours alone', async () => {
    const clock = new VirtualClock();
    const policy = shadow(new Timeout({ timeoutMs: 50, clock }), { enforceRatio: 1 });
    const bulkhead = new Bulkhead({ slots: 1, queue: 1, clock });
    const call = pipeline(policy, bulkhead).execute(pending().operation);
    await expect(clock.runUntil(call)).rejects.toMatchObject({ code: 'ERR_TIMEOUT' });
    const watched = pipeline(shadow(new Timeout({ timeoutMs: 50, clock })), bulkhead);
    const waiting = watched.execute(ok, { timeoutMs: 500 });
    await expect(clock.runUntil(waiting)).rejects.toMatchObject({ code: 'ERR_DEADLINE' });
  });

  it('lets a call through whose deadline has passed', async () => {
    const policy = shadow(new Timeout({ timeoutMs: 50 }));
    expect(await policy.execute(ok, { timeoutMs: 0 })).toBe('fine');
    expect(policy.snapshot().wouldReject).toBe(1);
  });

  it('goes live for one key after the other, and never back', async () => {
    const closed = { enter: () => undefined, refusal: () => boom, exit() {} };
    const policy = shadow(closed);
    const refused = async (key: string) => (await policy.execute(ok, { key }).catch(() => 0)) === 0;
    const keys = Array.from({ length: 200 }, (_, index) => `tenant-${index}`);
    let before: string[] = [];
    for (const ratio of [0, 0.1, 0.25, 0.5, 0.9, 1]) {
      policy.enforceRatio = ratio;
      const now: string[] = [];
      for (const key of keys) {
        expect(await refused(key)).toBe(await refused(key));
        if (await refused(key)) now.push(key);
      }
      expect(Math.abs(now.length / keys.length - ratio)).toBeLessThan(0.1);
      expect(before.filter(key => !now.includes(key))).toEqual([]);
      before = now;
    }
    expect(before).toHaveLength(200);
  });

  it('goes by chance for calls without a key, and asks for it only then', async () => {
    const random = vi.fn(() => 0.3);
    const options: ShadowOptions = { enforceRatio: 0.3, random };
    const policy = shadow(
      {
        enter: () => {
          throw boom;
        },
        exit() {},
      },
      options,
    );
    expect(await policy.execute(ok)).toBe('fine');
    policy.enforceRatio = 0.31;
    await expect(policy.execute(ok)).rejects.toBe(boom);
    expect(random).toHaveBeenCalledTimes(2);
    policy.enforceRatio = 0;
    expect(await policy.execute(ok)).toBe('fine');
    expect(random).toHaveBeenCalledTimes(2);
    const free = shadow({ enter: () => 1, exit() {} }, options);
    await free.execute(ok);
    expect(random).toHaveBeenCalledTimes(2);
  });

  it('makes calls wait where it is in force', async () => {
    const policy = shadow(new Bulkhead({ slots: 1, queue: 2 }), { enforceRatio: 1 });
    const gate = new Gate();
    const caller = new AbortController();
    const first = policy.execute(gate.operation('a'));
    const left = policy.execute(gate.operation('b'), { signal: caller.signal });
    const second = policy.execute(gate.operation('c'));
    expect(gate.started).toEqual(['a']);
    caller.abort(boom);
    await expect(left).rejects.toBe(boom);
    gate.end('a');
    await first;
    await settle();
    gate.end('c');
    expect(await second).toBe('c');
    expect(policy.guard.snapshot()).toMatchObject({ taken: 0, waiting: 0 });
  });

  it('counts as a refusal whatever a guard throws, in `refusal` too', async () => {
    const throwing = {
      enter: () => {
        throw undefined;
      },
      exit() {},
    };
    const late = {
      enter: () => undefined,
      refusal: () => {
        throw boom;
      },
      exit() {},
    };
    for (const guard of [throwing, late, { ...throwing, givesUp: true }, { ...late, givesUp: true }]) {
      const policy = shadow(guard);
      expect(await policy.execute(ok)).toBe('fine');
      expect(policy.snapshot()).toMatchObject({ wouldReject: 1, wouldWait: 0 });
    }
  });

  it('stands around a keyed guard, and a keyed guard around it', async () => {
    const clock = new VirtualClock();
    const make = () => new Bulkhead({ slots: 1, queue: 1, clock });
    for (const policy of [
      shadow(keyed(make, { maxKeys: 2 })),
      keyed(() => shadow(make()), { maxKeys: 2 }),
      shadow(shadow(keyed(() => new Timeout({ timeoutMs: 9, clock }), { maxKeys: 2 }))),
    ]) {
      const remote = pending();
      const calls = [1, 2, 3].map(() => policy.execute(remote.operation, { key: 'a' }));
      await clock.advance(20);
      remote.resolve('now');
      expect(await Promise.all(calls)).toEqual(['now', 'now', 'now']);
    }
  });

  it('is described with its guard', () => {
    const policy = shadow(new Timeout({ timeoutMs: 5, name: 'slow' }), { enforceRatio: 0.5 });
    expect(policy.describe()).toMatchObject({
      kind: 'shadow',
      name: 'slow',
      enforceRatio: 0.5,
      policy: { kind: 'timeout' },
    });
    const own = shadow({ enter: () => 1, exit() {} });
    expect(own.describe()).toMatchObject({ name: 'shadow', policy: { kind: 'Object' } });
    expect(own.atRest).toBe(true);
  });

  it.each([Number.NaN, -1, -0.01, 1.01, Infinity, -Infinity, 2 ** 31, '1', null])(
    'refuses a share of %s, made with it or set to it',
    enforceRatio => {
      const timeout = new Timeout({ timeoutMs: 5 });
      const message = /^shadow: `enforceRatio` must be a number >= 0 <= 1/;
      expect(() => shadow(timeout, { enforceRatio } as never)).toThrow(message);
      const policy = shadow(timeout, { enforceRatio: 0.5 });
      expect(() => {
        policy.enforceRatio = enforceRatio as never;
      }).toThrow(message);
      expect(policy.enforceRatio).toBe(0.5);
    },
  );

  it('refuses what is no guard, no source of chance, no option', () => {
    expect(() => shadow(new Retry() as never)).toThrow('must be a guard');
    const timeout = new Timeout({ timeoutMs: 5 });
    expect(() => shadow(timeout, { random: 5 as never })).toThrow('shadow: `random` must be a function');
    expect(() => shadow(timeout, { ratio: 1 } as never)).toThrow('unknown option `ratio`');
  });
});
