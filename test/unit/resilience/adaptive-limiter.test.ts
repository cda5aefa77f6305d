import { describe, expect, it } from 'vitest';
import { TimeoutError } from '../../../src/kernel/errors.js';
import { pipeline } from '../../../src/kernel/pipeline.js';
import { AdaptiveLimiter } from '../../../src/resilience/adaptive-limiter.js';
import type { AdaptiveLimiterOptions } from '../../../src/resilience/adaptive-limiter-options.js';
import { Timeout } from '../../../src/resilience/timeout.js';
import { policyLaws } from '../../../src/testing/policy-laws.js';
import { VirtualClock } from '../../../src/testing/virtual-clock.js';
import { Gate } from '../../fixtures/gate.js';

function limiterOf(options: AdaptiveLimiterOptions = {}) {
  const clock = new VirtualClock();
  return { clock, gate: new Gate(), limiter: new AdaptiveLimiter({ clock, ...options }) };
}

/** AIMD with windows of two calls: it tells at once what a call counted for. */
const quick = { algorithm: 'aimd', initialLimit: 10, windowSamples: 2, windowMs: 1 } as const;

/** Twice two calls that end after 10 ms, in the way of `end`: a window. Answers with the limit after it. */
async function pair(options: AdaptiveLimiterOptions, end: () => unknown): Promise<number> {
  const { clock, limiter } = limiterOf({ ...quick, initialLimit: 3, ...options });
  const run = () =>
    limiter.execute(() => new Promise(resolve => clock.schedule(10, () => resolve(null))).then(end));
  for (let round = 0; round < 2; round++) {
    const settled = Promise.allSettled([run(), run()]);
    await clock.advance(10);
    await settled;
  }
  return limiter.limit;
}

describe('an adaptive limiter', () => {
  it('refuses at once when the limit is reached, and says that nobody knows until when', async () => {
    const { gate, limiter } = limiterOf({ initialLimit: 2 });
    const calls = ['a', 'b'].map(name => limiter.execute(gate.operation(name)));
    const error = await limiter.execute(gate.operation('c')).catch((reason: unknown) => reason);
    expect(error).toMatchObject({ code: 'ERR_LIMIT_EXCEEDED', policy: 'adaptive-limiter' });
    expect(error).toMatchObject({ message: 'adaptive-limiter: 2 run already', retryAfterMs: undefined });
    expect(limiter.snapshot()).toMatchObject({ inFlight: 2, limit: 2, rejected: 1 });
    gate.end('a');
    await calls[0];
    const fourth = limiter.execute(gate.operation('d'));
    expect(gate.started).toEqual(['a', 'b', 'd']);
    gate.end('d');
    expect(await fourth).toBe('d');
  });

  it('learns from answers, and from nothing that says nothing', async () => {
    const fail = (error: unknown) => () => {
      throw error;
    };
    expect(await pair({}, () => 1)).toBe(4);
    expect(await pair({}, fail(new TimeoutError('late', 10)))).toBe(2);
    expect(await pair({}, fail(new Error('no such row')))).toBe(3);
    expect(await pair({ overload: ({ ok }) => !ok }, fail(new Error('503')))).toBe(2);
    expect(await pair({ classify: () => 'neutral' }, () => 1)).toBe(3);
    expect(await pair({ classify: () => 'slow' }, () => 1)).toBe(4);
    expect(await pair({ classify: () => 'failure' }, () => 1)).toBe(3);
    const overload: AdaptiveLimiterOptions['overload'] = outcome => outcome.ok && outcome.value === 503;
    expect(await pair({ classify: () => 'failure', overload }, () => 503)).toBe(2);
  });

  it('takes no sample of a call that its caller gave up, and of one that took no time (AC6)', async () => {
    const { clock, gate, limiter } = limiterOf({ ...quick, initialLimit: 3 });
    const aborter = new AbortController();
    const calls = ['a', 'b', 'c'].map(name =>
      limiter.execute(gate.operation(name), { signal: aborter.signal }),
    );
    await clock.advance(10);
    aborter.abort();
    for (const name of ['a', 'b', 'c']) gate.fail(name, aborter.signal.reason);
    await Promise.allSettled(calls);
    for (let call = 0; call < 5; call++) await limiter.execute(() => 1);
    expect(limiter.snapshot()).toMatchObject({ inFlight: 0, windows: 0, limit: 3 });
  });

  it('takes what a timeout outside has stopped for a drop, whatever it throws', async () => {
    const { clock, limiter } = limiterOf({ ...quick, initialLimit: 3 });
    const policy = pipeline(new Timeout({ timeoutMs: 10, clock }), limiter);
    const stopped = () =>
      policy.execute(
        ({ signal }) =>
          new Promise((_, reject) => {
            signal.addEventListener('abort', () => reject(new Error('stopped')));
          }),
      );
    for (let round = 0; round < 2; round++) {
      const calls = Promise.allSettled([stopped(), stopped()]);
      await clock.advance(20);
      await calls;
    }
    expect(limiter.limit).toBe(2);
  });

  it('counts a call until its operation ends, also when a timeout outside has answered', async () => {
    const { clock, gate, limiter } = limiterOf({ initialLimit: 1 });
    const policy = pipeline(new Timeout({ timeoutMs: 10, clock }), limiter);
    const call = policy.execute(gate.operation('a'));
    await expect(clock.runUntil(call)).rejects.toMatchObject({ code: 'ERR_TIMEOUT' });
    expect(limiter.snapshot().inFlight).toBe(1);
    gate.end('a');
    await clock.advance(0);
    expect(limiter.snapshot().inFlight).toBe(0);
  });

  it('ignores calls from before a reset (AC6)', async () => {
    const { clock, gate, limiter } = limiterOf({ ...quick, initialLimit: 3 });
    const calls = ['a', 'b', 'c'].map(name => limiter.execute(gate.operation(name)));
    await clock.advance(10);
    limiter.reset(5);
    await clock.advance(10);
    for (const name of ['a', 'b', 'c']) gate.end(name);
    await Promise.all(calls);
    expect(limiter.snapshot()).toMatchObject({ limit: 5, windows: 0 });
    limiter.reset();
    expect(limiter.limit).toBe(3);
    expect(() => limiter.reset(0)).toThrow('AdaptiveLimiter: `limit` must be an integer >= 1 <= 1000, got 0');
  });

  it('does not blame the remote for a blocked event loop, unless that was the smaller part', async () => {
    const held = async (maxLagMs: number, beforeMs: number, blockedMs: number): Promise<number> => {
      const { clock, gate, limiter } = limiterOf({ ...quick, initialLimit: 3, maxLagMs });
      for (let round = 0; round < 4; round++) {
        const call = limiter.execute(gate.operation('early'));
        await clock.advance(beforeMs);
        // The watch is set by whoever is active, as there always is somebody in a process that is busy.
        const later = limiter.execute(gate.operation('later'));
        await clock.suspend(blockedMs);
        for (const name of ['early', 'later']) gate.end(name);
        await Promise.all([call, later]);
      }
      return limiter.snapshot().windows;
    };
    expect(await held(20, 5, 100)).toBe(0);
    expect(await held(Number.POSITIVE_INFINITY, 5, 100)).toBe(2);
    expect(await held(20, 5, 25)).toBe(2);
    // Of these, the calls that take five seconds count, and those that came late do not.
    expect(await held(20, 5_000, 100)).toBe(1);
  });

  it('refuses the less urgent first when the limit is near', async () => {
    const { gate, limiter } = limiterOf({ initialLimit: 10 });
    const reasons: string[] = [];
    limiter.on('rejected', ({ reason }) => reasons.push(reason));
    const admitted = (priority: number): number => {
      let count = 0;
      for (; ; count++) {
        const before = gate.started.length;
        void limiter.execute(gate.operation(`${priority} ${count}`), { priority }).catch(() => {});
        if (gate.started.length === before) return count;
      }
    };
    expect([-9, -5, -2, -1, 0, 1].map(admitted)).toEqual([5, 0, 3, 1, 1, 0]);
    expect(reasons).toEqual(['priority', 'priority', 'priority', 'priority', 'limit', 'limit']);
    const error = await limiter.execute(() => 1, { priority: -1 }).catch((reason: unknown) => reason);
    expect(error).toMatchObject({ message: 'adaptive-limiter: 10 run already' });
  });

  it('keeps each partition its share, whoever else is there', async () => {
    const { gate, limiter } = limiterOf({ initialLimit: 10, partitions: { live: 0.3, batch: 0 } });
    const run = (name: string, key?: string) =>
      void limiter.execute(gate.operation(name), { key }).catch(() => {});
    for (let call = 0; call < 12; call++) run(`batch ${call}`, 'batch');
    for (let call = 0; call < 5; call++) run(`live ${call}`, 'live');
    run('stranger', 'other');
    run('nobody');
    const { inFlight, partitions } = limiter.snapshot();
    expect({ inFlight, partitions }).toEqual({ inFlight: 13, partitions: { live: 3, batch: 10 } });
    gate.end('live 0');
    await Promise.resolve().then(() => {});
    expect(limiter.snapshot().partitions).toEqual({ live: 2, batch: 10 });
  });

  it('asks a function for the partition where there is one', () => {
    const partitionOf: AdaptiveLimiterOptions['partitionOf'] = ({ attributes }) => String(attributes['team']);
    const { gate, limiter } = limiterOf({ partitions: { a: 0.5 }, partitionOf });
    void limiter.execute(gate.operation('1'), { attributes: { team: 'a' }, key: 'b' });
    expect(limiter.snapshot().partitions).toEqual({ a: 1 });
  });

  it('tells of each change of the limit, with what it was', async () => {
    const { clock, limiter } = limiterOf({ ...quick, initialLimit: 3, name: 'db' });
    const seen: object[] = [];
    limiter.on('limitChanged', event => seen.push(event));
    limiter.reset(7);
    limiter.reset(7);
    expect(seen).toEqual([{ policy: 'db', from: 3, to: 7, at: clock.wall() }]);
  });

  it('has a timer while calls are in flight, which comes to an end even if they do not', async () => {
    const { clock, gate, limiter } = limiterOf();
    const call = limiter.execute(gate.operation('a'));
    expect([clock.timers, clock.keepAliveTimers]).toEqual([1, 0]);
    await clock.runAll();
    expect(clock.timers).toBe(0);
    const other = limiter.execute(gate.operation('b'));
    expect(clock.timers).toBe(1);
    gate.end('a');
    gate.end('b');
    await Promise.all([call, other]);
    expect(clock.timers).toBe(0);
  });
});

describe('an adaptive limiter keeps the laws of policies:', () => {
  for (const law of policyLaws(clock => new AdaptiveLimiter({ clock }), { calls: 10, concurrency: 8 })) {
    it(law.name, law.check);
  }
});
