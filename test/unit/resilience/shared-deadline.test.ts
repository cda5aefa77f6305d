import { describe, expect, it } from 'vitest';
import type { CallContext, Context } from '../../../src/kernel/context.js';
import { pipeline } from '../../../src/kernel/pipeline.js';
import type { Policy } from '../../../src/kernel/policy.js';
import { Bulkhead } from '../../../src/resilience/bulkhead.js';
import { Cache } from '../../../src/resilience/cache.js';
import { Coalesce } from '../../../src/resilience/coalesce.js';
import { Hedge } from '../../../src/resilience/hedge.js';
import { RateLimiter } from '../../../src/resilience/rate-limiter.js';
import { Retry } from '../../../src/resilience/retry.js';
import { Timeout } from '../../../src/resilience/timeout.js';
import { VirtualClock } from '../../../src/testing/virtual-clock.js';
import { settledAs } from '../../fixtures/gate.js';

const key = 'k';
const sharing: [string, (clock: VirtualClock) => Policy][] = [
  ['Coalesce', clock => new Coalesce({ clock })],
  ['Cache', clock => new Cache({ clock, ttlMs: 1_000 }) as Policy],
];

describe.each(sharing)('a run that %s shares', (name, share) => {
  const policy = name.toLowerCase();

  /** Two callers of one key, the first with 50 ms, the second with 500, through what `inner` makes. */
  const twoCallers = (
    inner: (clock: VirtualClock) => Policy,
    operation: (clock: VirtualClock) => unknown,
  ) => {
    const clock = new VirtualClock();
    const whole = pipeline(share(clock), inner(clock));
    const short = settledAs(whole.execute(() => operation(clock), { key, timeoutMs: 50 }));
    const long = settledAs(whole.execute(() => operation(clock), { key, timeoutMs: 500 }));
    return { clock, short, long };
  };
  const later = (clock: VirtualClock, ms: number) =>
    new Promise(resolve => clock.schedule(ms, () => resolve('answer')));
  const busy = (clock: VirtualClock) => {
    const line = new Bulkhead({ slots: 1, queue: 5, clock });
    void line.execute(() => later(clock, 200));
    return line;
  };

  it.each<[string, (clock: VirtualClock) => Policy]>([
    ['the line of a bulkhead', busy],
    ['the line behind a timeout', clock => pipeline(new Timeout({ timeoutMs: 400, clock }), busy(clock))],
    [
      'the line of a rate limiter',
      clock => {
        const limiter = new RateLimiter({ limit: 1, perMs: 200, maxWaitMs: 1_000, clock });
        void limiter.execute(() => 'first');
        return limiter;
      },
    ],
  ])('waits in %s for the caller who has the most time', async (_, inner) => {
    const { clock, short, long } = twoCallers(inner, () => 'answer');
    await clock.advance(50);
    expect(short.is).toMatchObject({ code: 'ERR_TIMEOUT', policy });
    expect(long.is).toBe('pending');
    await clock.advance(150);
    expect(long.is).toBe('answer');
    expect(clock.timers).toBe(0);
  });

  it.each<[string, (clock: VirtualClock) => Policy]>([
    ['a timeout', clock => new Timeout({ timeoutMs: 1_000, clock })],
    ['an attempt of a retry', clock => new Retry({ clock })],
    ['an attempt of a hedge', clock => new Hedge({ clock, idempotent: true, delayMs: 300 })],
  ])('lasts in %s for the caller who has the most time', async (_, inner) => {
    const { clock, short, long } = twoCallers(inner, one => later(one, 200));
    await clock.advance(50);
    expect([short.is, long.is]).toEqual([expect.objectContaining({ code: 'ERR_TIMEOUT' }), 'pending']);
    await clock.advance(150);
    expect(long.is).toBe('answer');
    expect(clock.timers).toBe(0);
  });

  it('is ended by a timeout inside for all, and by that alone', async () => {
    const { clock, short, long } = twoCallers(
      one => new Timeout({ timeoutMs: 40, clock: one }),
      one => later(one, 200),
    );
    await clock.advance(40);
    const own = { code: 'ERR_TIMEOUT', policy: 'timeout', timeoutMs: 40 };
    expect([short.is, long.is]).toEqual([expect.objectContaining(own), expect.objectContaining(own)]);
    await clock.advance(160);
    expect(clock.timers).toBe(0);
  });

  it('leaves the line when its last caller leaves, and takes no slot', async () => {
    const clock = new VirtualClock();
    const line = busy(clock);
    const whole = pipeline(share(clock), line);
    const calls = [50, 70].map(timeoutMs => settledAs(whole.execute(() => 'never', { key, timeoutMs })));
    await clock.advance(60);
    expect(line.snapshot()).toMatchObject({ taken: 1, waiting: 1 });
    await clock.advance(10);
    expect(line.snapshot()).toMatchObject({ taken: 1, waiting: 0 });
    expect(calls.map(({ is }) => (is as { code: string }).code)).toEqual(['ERR_TIMEOUT', 'ERR_TIMEOUT']);
  });

  it('does not hand the deadline of an outer timeout to those who join', async () => {
    const clock = new VirtualClock();
    const shared = pipeline(share(clock), busy(clock));
    const short = settledAs(
      pipeline(new Timeout({ timeoutMs: 50, clock, name: 'short' }), shared).execute(() => 'a', { key }),
    );
    const long = settledAs(
      pipeline(new Timeout({ timeoutMs: 500, clock }), shared).execute(() => 'b', { key }),
    );
    await clock.advance(50);
    expect([short.is, long.is]).toEqual([expect.objectContaining({ policy: 'short' }), 'pending']);
    await clock.advance(150);
    expect(long.is).toBe('a');
  });
});

it('a run in the background is given up at its own time, unless somebody has joined it', async () => {
  const clock = new VirtualClock();
  const options = { ttlMs: 10, staleWhileRevalidateMs: 100, revalidateTimeoutMs: 300, clock };
  const cache = new Cache<string>(options);
  cache.set(key, 'old');
  await clock.advance(20);
  const signals: AbortSignal[] = [];
  const slow = ({ signal }: { readonly signal: AbortSignal }) => {
    signals.push(signal);
    return new Promise<string>(resolve => clock.schedule(400, () => resolve('new')));
  };
  expect(await cache.execute(slow, { key })).toBe('old');
  await clock.advance(200);
  const joined = settledAs(cache.execute(slow, { key, timeoutMs: 1_000 }));
  await clock.advance(100);
  expect([signals.length, signals[0]!.aborted, joined.is]).toEqual([1, false, 'pending']);
  await clock.advance(100);
  expect(joined.is).toBe('new');
});

it('a run that a hedge began is no extra attempt any more when somebody else waits for it', async () => {
  const clock = new VirtualClock();
  // Each attempt has a key of its own, so that the second one begins a run.
  const coalesce = new Coalesce({ clock, key: context => context.key ?? `${context.attempt}` });
  const hedge = new Hedge({ idempotent: true, delayMs: 10, clock });
  const seen: unknown[] = [];
  const run = (context: Context) => {
    const look = () => seen.push([context.attempt, (context as CallContext).isHedge]);
    look();
    clock.schedule(20, look);
    return new Promise(() => {});
  };
  void hedge.execute(context => coalesce.execute(run, context));
  await clock.advance(10);
  void coalesce.execute(run, { key: '2' });
  await clock.advance(20);
  expect(seen).toEqual([
    [1, false],
    [2, true],
    [1, false],
    [2, false],
  ]);
});
