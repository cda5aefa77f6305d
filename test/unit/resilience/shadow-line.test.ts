import { describe, expect, it, vi } from 'vitest';
import type { Guard, ParkedCall, Policy } from '../../../src/kernel/policy.js';
import { Bulkhead } from '../../../src/resilience/bulkhead.js';
import type { BulkheadOptions } from '../../../src/resilience/bulkhead-options.js';
import { keyed } from '../../../src/resilience/keyed.js';
import { RateLimiter } from '../../../src/resilience/rate-limiter.js';
import { shadow } from '../../../src/resilience/shadow.js';
import { seededRandom } from '../../../src/testing/seeded-random.js';
import { settle } from '../../../src/testing/settle.js';
import { VirtualClock } from '../../../src/testing/virtual-clock.js';

interface Arrival {
  readonly at: number;
  readonly tookMs: number;
  readonly priority: number;
  readonly timeoutMs: number | undefined;
}

/** Calls that come in bursts. No two things happen at one time: whose turn is first would hang on chance. */
function arrivals(seed: number): readonly Arrival[] {
  const random = seededRandom(seed);
  let at = 0;
  return Array.from({ length: 60 }, (_, index) => {
    at += 10 * Math.floor(random() * 4) + 0.001 * index + 0.01;
    const tookMs = 5 + 10 * Math.floor(random() * 12) + 0.000_1 * index;
    const timeoutMs = random() < 0.3 ? 20 + 10 * Math.floor(random() * 5) + 0.000_01 * index : undefined;
    return { at, tookMs, priority: Math.floor(random() * 3) - 1, timeoutMs };
  });
}

/** What became of the calls, each by its number, in the eyes of the bulkhead. */
async function play(seed: number, options: BulkheadOptions, watched: boolean): Promise<readonly string[]> {
  const clock = new VirtualClock();
  const bulkhead = new Bulkhead({ ...options, clock });
  const guard = shadow(bulkhead);
  const said: string[] = [];
  const log = (what: string): void => void said.push(`${what} @${clock.now().toFixed(6)}`);
  bulkhead.on('rejected', ({ reason }) => log(`rejected ${reason}`));
  bulkhead.on('queued', ({ waiting }) => log(`queued ${waiting}`));
  bulkhead.on('admitted', ({ waitedMs }) => log(`admitted ${waitedMs.toFixed(6)}`));
  const policy: Policy = watched ? guard : bulkhead;
  for (const { at, tookMs, priority, timeoutMs } of arrivals(seed)) {
    await clock.advance(at - clock.now());
    const options = timeoutMs === undefined ? { priority } : { priority, timeoutMs };
    const call = policy.execute(
      () => new Promise(resolve => clock.schedule(tookMs, () => resolve(1))),
      options,
    );
    call.catch(() => {});
  }
  await clock.runAll();
  expect(bulkhead.snapshot()).toMatchObject({ taken: 0, waiting: 0 });
  if (watched) expect(guard.snapshot().wouldReject).toBe(bulkhead.snapshot().rejected);
  return said;
}

describe('a shadowed bulkhead does what a real one would', () => {
  it.each<[string, BulkheadOptions]>([
    ['without a line', { slots: 2 }],
    ['with a line', { slots: 2, queue: 3 }],
    ['last come first', { slots: 2, queue: 3, order: 'lifo' }],
    ['by priority', { slots: 2, queue: 3, order: 'priority', ageMs: 30 }],
    ['with a limit on waits', { slots: 1, queue: 5, queueTimeoutMs: 42.5 }],
  ])('%s, call by call', async (_, options) => {
    let refused = 0;
    for (let seed = 1; seed <= 20; seed++) {
      const real = await play(seed, options, false);
      expect(await play(seed, options, true)).toEqual(real);
      refused += real.filter(what => what.startsWith('rejected')).length;
    }
    expect(refused).toBeGreaterThan(20);
  });
});

describe('a call in the line of a shadow', () => {
  const setUp = (options: Partial<BulkheadOptions> = {}) => {
    const clock = new VirtualClock();
    const bulkhead = new Bulkhead({ slots: 1, queue: 2, clock, ...options });
    const policy = shadow(bulkhead);
    const told: unknown[] = [];
    policy.on('wouldReject', ({ key, error }) =>
      told.push([key, (error as { code: string }).code, clock.now()]),
    );
    const run = (tookMs: number, options = {}) =>
      policy.execute(() => new Promise(resolve => clock.schedule(tookMs, () => resolve(tookMs))), options);
    return { clock, bulkhead, policy, told, run };
  };

  it('is counted as refused when its time in the line is up, though it has its answer', async () => {
    const { clock, bulkhead, policy, told, run } = setUp({ queueTimeoutMs: 30 });
    void run(100);
    const second = run(10, { key: 'b' });
    await clock.advance(10);
    expect(await second).toBe(10);
    expect([told, bulkhead.snapshot().waiting]).toEqual([[], 1]);
    await clock.advance(20);
    expect(told).toEqual([['b', 'ERR_QUEUE_TIMEOUT', 30]]);
    expect(policy.snapshot()).toMatchObject({ wouldWait: 1, wouldReject: 1 });
    await clock.advance(100);
    expect([bulkhead.atRest, clock.timers]).toEqual([true, 0]);
  });

  it('leaves it when its caller gives up, and stays when that has the answer already', async () => {
    const { clock, bulkhead, run } = setUp();
    void run(100);
    const [gone, done] = [new AbortController(), new AbortController()];
    void run(500, { signal: gone.signal });
    const answered = run(10, { signal: done.signal });
    expect(bulkhead.snapshot().waiting).toBe(2);
    gone.abort();
    expect(bulkhead.snapshot().waiting).toBe(1);
    await clock.advance(10);
    await answered;
    done.abort();
    expect(bulkhead.snapshot().waiting).toBe(1);
    await clock.advance(90);
    expect(bulkhead.snapshot()).toMatchObject({ taken: 1, waiting: 0 });
    await clock.advance(10);
    expect(bulkhead.snapshot()).toMatchObject({ taken: 0, rejected: 0 });
  });

  it('leaves it when its operation ends for an abort, or gives its slot back at once', async () => {
    const { clock, bulkhead, policy, run } = setUp();
    void run(20);
    const caller = new AbortController();
    const heeding = policy.execute(
      ({ signal }) => new Promise((_, reject) => signal.addEventListener('abort', () => reject('gone'))),
      { signal: caller.signal },
    );
    await clock.advance(20);
    expect(bulkhead.snapshot().taken).toBe(1);
    await clock.advance(5);
    caller.abort();
    await expect(heeding).rejects.toBe('gone');
    expect(bulkhead.snapshot().taken).toBe(0);
  });

  it('keeps nobody from exiting by its timers, and hears of no abort twice', async () => {
    const { clock, bulkhead, run } = setUp();
    void run(40);
    void run(40);
    await clock.advance(40);
    await settle();
    expect([bulkhead.snapshot().taken, clock.timers, clock.keepAliveTimers]).toEqual([1, 1, 0]);
    await clock.advance(40);
    expect(bulkhead.atRest).toBe(true);
  });

  it('may be given up while it joins', async () => {
    const { bulkhead, policy, run } = setUp();
    void run(40);
    const caller = new AbortController();
    const off = bulkhead.on('queued', () => caller.abort('at once'));
    await expect(policy.execute(() => 1, { signal: caller.signal })).rejects.toBe('at once');
    off();
    expect([bulkhead.snapshot().waiting, policy.snapshot().wouldReject]).toEqual([0, 0]);
  });

  it('is let in by a limiter and a keyed guard as well', async () => {
    const clock = new VirtualClock();
    const limiter = new RateLimiter({ limit: 1, perMs: 100, maxWaitMs: 150, clock });
    const watched = shadow(limiter);
    for (let call = 0; call < 4; call++) await watched.execute(() => 1);
    expect(limiter.snapshot().waiting).toBe(1);
    expect(watched.snapshot()).toMatchObject({ wouldWait: 1, wouldReject: 2 });
    await clock.advance(100);
    expect(limiter.snapshot().waiting).toBe(0);
    const lines = keyed(() => new Bulkhead({ slots: 1, queue: 1, clock }), { maxKeys: 2 });
    const policy = shadow(lines);
    const calls = [1, 2, 3].map(() =>
      policy.execute(() => new Promise(resolve => clock.schedule(10, () => resolve(1))), { key: 'a' }),
    );
    expect(policy.snapshot()).toMatchObject({ wouldWait: 1, wouldReject: 1 });
    await clock.advance(10);
    await Promise.all(calls);
    expect(lines.peek('a')!.snapshot().taken).toBe(1);
    await clock.advance(10);
    expect(lines.peek('a')!.snapshot()).toMatchObject({ taken: 0, waiting: 0 });
  });

  it('reports a guard that fails at its end, and ends no process', async () => {
    const clock = new VirtualClock();
    const report = vi.spyOn(console, 'error').mockImplementation(() => {});
    let parked: ParkedCall | undefined;
    const guard: Guard = {
      clock,
      enter: () => undefined,
      wait: call => {
        parked = call;
      },
      exit: () => {
        throw new Error('broken');
      },
    };
    const policy = shadow(guard);
    expect(await policy.execute(() => 1)).toBe(1);
    expect([parked!.admit(1), parked!.admit(1)]).toEqual([true, false]);
    parked!.refuse(new Error('too late'));
    expect(report).toHaveBeenCalledOnce();
    expect(policy.snapshot()).toMatchObject({ wouldWait: 1, wouldReject: 0 });
    report.mockRestore();
  });
});
