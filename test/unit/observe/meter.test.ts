import { describe, expect, it, vi } from 'vitest';
import { pipeline } from '../../../src/kernel/pipeline.js';
import { Meter } from '../../../src/observe/meter.js';
import { Bulkhead } from '../../../src/resilience/bulkhead.js';
import { CircuitBreaker } from '../../../src/resilience/circuit-breaker.js';
import { Timeout } from '../../../src/resilience/timeout.js';
import { VirtualClock } from '../../../src/testing/virtual-clock.js';

const fails = (error: unknown) => () => Promise.reject(error);

function stage(options = {}) {
  const clock = new VirtualClock();
  const meter = new Meter({ clock, ...options });
  const takes = (ms: number) => () => new Promise<void>(resolve => clock.schedule(ms, resolve));
  const run = async (ms: number) => {
    const call = meter.execute(takes(ms));
    await clock.advance(ms);
    await call;
  };
  return { clock, meter, takes, run };
}

describe('a meter', () => {
  it('counts calls by how they ended, and hands on what they answer', async () => {
    const { meter } = stage();
    const wrong = new Error('no');
    expect(await meter.execute(() => 7)).toBe(7);
    await expect(meter.execute(fails(wrong))).rejects.toBe(wrong);
    const { outcomes, calls, running } = meter.snapshot();
    expect(outcomes).toEqual({ success: 1, failure: 1, slow: 0, neutral: 0 });
    expect([calls, running]).toEqual([2, 0]);
  });

  it('counts rejections of policies inside by their code, without a latency', async () => {
    const { clock, meter } = stage();
    const breaker = new CircuitBreaker({ clock });
    const both = pipeline(meter, breaker);
    breaker.isolate();
    await both.execute(() => 7).catch(() => {});
    await both.execute(() => 7).catch(() => {});
    expect(meter.snapshot()).toMatchObject({
      calls: 2,
      outcomes: { success: 0, failure: 0, neutral: 0 },
      rejected: { ERR_CIRCUIT_OPEN: 2 },
      maxMs: 0,
    });
  });

  it('knows at most fifty codes apart', async () => {
    const { meter } = stage();
    for (let n = 0; n < 60; n++) {
      const error = Object.assign(new Error('x'), { rejected: true, code: `E${n}` });
      await meter.execute(fails(error)).catch(() => {});
    }
    await meter.execute(fails(Object.assign(new Error('x'), { rejected: true, code: 7 }))).catch(() => {});
    const { rejected } = meter.snapshot();
    expect(Object.keys(rejected)).toHaveLength(51);
    expect(rejected['other']).toBe(11);
  });

  it('takes what its caller gave up for neutral, and what a timeout gave up for a failure', async () => {
    const { clock, meter, takes } = stage();
    const leaving = new AbortController();
    const left = pipeline(meter, new Bulkhead({ slots: 1, clock })).execute(
      ({ signal }) =>
        new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason))),
      { signal: leaving.signal },
    );
    leaving.abort();
    await expect(left).rejects.toThrow();
    const late = pipeline(meter, new Timeout({ timeoutMs: 5, clock }))
      .execute(takes(50))
      .catch(() => {});
    await clock.advance(5);
    await late;
    expect(meter.snapshot().outcomes).toEqual({ success: 0, failure: 1, slow: 0, neutral: 1 });
    expect(meter.snapshot().maxMs).toBeCloseTo(5, 0);
  });

  it('is slow strictly above slowMs, and goes by classify first', async () => {
    const classify = vi.fn(({ ok, value }) => (ok && value === 'bad' ? 'failure' : undefined));
    const { meter, run } = stage({ slowMs: 10, classify });
    await run(10);
    await run(11);
    await meter.execute(() => 'bad');
    expect(meter.snapshot().outcomes).toEqual({ success: 1, failure: 1, slow: 1, neutral: 0 });
  });

  it('counts a call whose classification fails by the default, and says so', async () => {
    const reported = vi.spyOn(console, 'error').mockImplementation(() => {});
    const { meter } = stage({ classify: () => 'well' });
    expect(await meter.execute(() => 7)).toBe(7);
    expect(meter.snapshot()).toMatchObject({ outcomes: { success: 1 }, running: 0 });
    expect(String(reported.mock.calls[0]![1])).toContain('`classify` must answer');
    reported.mockRestore();
  });

  it('tells quantiles that are at most 3.2 % above the truth', async () => {
    const { meter, run } = stage();
    for (let ms = 1; ms <= 100; ms++) await run(ms);
    const { p50Ms, p90Ms, p95Ms, p99Ms, maxMs } = meter.snapshot();
    for (const [told, truth] of [
      [p50Ms, 50],
      [p90Ms, 90],
      [p95Ms, 95],
      [p99Ms, 99],
    ] as const) {
      expect(told).toBeGreaterThanOrEqual(truth);
      expect(told).toBeLessThanOrEqual(truth * 1.032 + 0.001);
    }
    expect(maxMs).toBe(100);
  });

  it('keeps the last slices, empty ones included, and forgets older ones', async () => {
    const { clock, meter, run } = stage({ sliceMs: 100, slices: 4 });
    const wall = clock.wall();
    await run(20);
    await meter.execute(fails(new Error('no'))).catch(() => {});
    await clock.advance(180);
    await run(30);
    const { slices } = meter.snapshot();
    expect(slices.map(({ at, calls, failures }) => [at - wall, calls, failures])).toEqual([
      [0, 2, 1],
      [100, 0, 0],
      [200, 1, 0],
    ]);
    expect(slices[2]!.p99Ms).toBeGreaterThanOrEqual(30);
    await clock.advance(1000);
    expect(meter.snapshot().slices.map(({ calls }) => calls)).toEqual([0, 0, 0, 0]);
    expect(meter.snapshot().calls).toBe(3);
  });

  it('tells of a slice by the same time at each look, though clocks do not run alike', () => {
    let now = 10_000;
    let steppedMs = 0;
    const clock = Object.assign(new VirtualClock(), {
      now: () => now,
      // In whole ms, as epoch time is told.
      wall: () => Math.floor(now + 1_700_000_000_000.6 + steppedMs),
    });
    const meter = new Meter({ clock, sliceMs: 100 });
    const seen = new Set<number>();
    for (let look = 0; look < 250; look++) {
      now += 1.3;
      for (const { at } of meter.snapshot().slices) seen.add(at);
    }
    expect(seen.size).toBe(4);
    // When epoch time is set anew, what is told goes along.
    steppedMs = 5_000;
    expect(Math.abs(meter.snapshot().slices.at(-1)!.at + 100 - clock.wall())).toBeLessThanOrEqual(100);
  });

  it('measures each of calls that overlap from its own start', async () => {
    const { clock, meter, takes } = stage();
    const ended: number[] = [];
    meter.onCall(({ tookMs }) => ended.push(tookMs));
    const calls = [meter.execute(takes(50))];
    await clock.advance(10);
    calls.push(meter.execute(takes(20)));
    expect(meter.snapshot().running).toBe(2);
    await clock.advance(40);
    await Promise.all(calls);
    calls.push(meter.execute(takes(5)));
    await clock.advance(5);
    expect(ended).toEqual([20, 50, 5]);
  });

  it('can be turned off and on while calls run', async () => {
    const { clock, meter, takes } = stage();
    const told = vi.fn();
    meter.on('updated', told);
    const before = meter.execute(takes(5));
    const undo = meter.update({ enabled: false });
    await meter.execute(() => 7);
    await clock.advance(5);
    await before;
    expect(meter.snapshot()).toMatchObject({ calls: 1, running: 0, enabled: false });
    undo();
    await meter.execute(() => 7);
    expect(meter.snapshot()).toMatchObject({ calls: 2, running: 0, enabled: true });
    expect(told).toHaveBeenCalledTimes(2);
  });

  it('tells listeners of each call what was thrown', async () => {
    const { meter } = stage();
    const ended = vi.fn();
    const off = meter.onCall(ended);
    const wrong = new Error('no');
    await meter.execute(fails(wrong)).catch(() => {});
    off();
    await meter.execute(() => 7);
    expect(ended.mock.calls).toEqual([[{ outcome: 'failure', tookMs: 0, error: wrong }]]);
  });

  it('describes itself', () => {
    expect(new Meter().describe()).toEqual({
      ...{ kind: 'meter', name: 'meter', enabled: true, slowMs: null, sliceMs: 1000, slices: 300 },
    });
  });

  it.each([
    [{ sliceMs: 0 }, '`sliceMs` must be a number >= 1, got 0'],
    [{ slices: 10_001 }, '`slices` must be an integer >= 1 <= 10000, got 10001'],
    [{ slowMs: 0 }, '`slowMs` must be a number > 0, or Infinity, got 0'],
    [{ enabled: 1 }, '`enabled` must be true or false, got 1'],
    [{ classify: 1 }, '`classify` must be a function, got 1'],
    [{ bins: 1 }, 'unknown option `bins`'],
  ])('refuses %o', (options, message) => {
    expect(() => new Meter(options as never)).toThrow(`Meter: ${message}`);
  });
});
