import { afterEach, describe, expect, it, vi } from 'vitest';
import type { CircuitTransition } from '../../../src/resilience/circuit-events.js';
import { boom, breakerOf, fail, ok, run } from '../../fixtures/breaker.js';

afterEach(() => vi.restoreAllMocks());

describe('the events of a circuit breaker', () => {
  it('say what happened, why, and for how long', async () => {
    const { breaker, clock } = breakerOf({ openMs: { initialMs: 100, jitterRatio: 0 } });
    const seen: CircuitTransition[] = [];
    for (const name of ['opened', 'halfOpened', 'closed'] as const)
      breaker.on(name, event => seen.push(event));
    await run(breaker, fail, fail);
    await clock.advance(100);
    await run(breaker, fail);
    await clock.advance(200);
    await run(breaker, ok);
    const at = clock.wall();
    expect(seen).toMatchObject([
      {
        policy: 'stock',
        at: at - 300,
        from: 'closed',
        state: 'open',
        because: 'consecutiveFailures',
        breakMs: 100,
      },
      { at: at - 200, from: 'open', state: 'half-open', because: 'elapsed', trips: 1, breakMs: 0 },
      { at: at - 200, from: 'half-open', state: 'open', because: 'probes', trips: 2, breakMs: 200 },
      { at, from: 'open', state: 'half-open', because: 'elapsed', trips: 2 },
      { at, from: 'half-open', state: 'closed', because: 'probes', trips: 0 },
    ]);
    expect(seen[0]!.counts).toMatchObject({ consecutiveFailures: 2 });
    expect(seen[2]!.counts).toMatchObject({ calls: 1, failures: 1 });
  });

  it('tell of each rejection, and when to come back', async () => {
    const { breaker, clock } = breakerOf();
    const seen: unknown[] = [];
    breaker.on('rejected', event => seen.push(event));
    await run(breaker, fail, fail, ok);
    breaker.isolate();
    await run(breaker, ok);
    const at = clock.wall();
    expect(seen).toEqual([
      { policy: 'stock', at, state: 'open', retryAfterMs: 100 },
      { policy: 'stock', at, state: 'isolated', retryAfterMs: undefined },
    ]);
  });

  it('come once for each transition by hand, and not when nothing changes', () => {
    const { breaker, told } = breakerOf();
    breaker.reset();
    breaker.isolate();
    breaker.isolate();
    breaker.disable();
    breaker.disable();
    breaker.reset();
    breaker.reset();
    expect(told).toEqual(['isolated', 'disabled', 'closed']);
  });

  it('come once however many calls fail at the same time', async () => {
    const { breaker, told } = breakerOf();
    const settled = await Promise.allSettled(Array.from({ length: 1000 }, () => breaker.execute(fail)));
    expect(settled).toHaveLength(1000);
    expect(told).toEqual(['opened']);
  });

  it('stop for a listener that has gone', async () => {
    const { breaker } = breakerOf();
    let count = 0;
    const off = breaker.on('opened', () => count++);
    off();
    off();
    await run(breaker, fail, fail);
    expect(count).toBe(0);
  });

  it('change nothing for the calls, whatever listeners throw or reject', async () => {
    const report = vi.spyOn(console, 'error').mockImplementation(() => {});
    const { breaker, clock } = breakerOf();
    for (const name of ['opened', 'halfOpened', 'closed', 'rejected'] as const) {
      breaker.on(name, () => {
        throw boom;
      });
      breaker.on(name, (async () => {
        throw boom;
      }) as () => void);
    }
    let ran = 0;
    const counted = async () => ++ran;
    await expect(breaker.execute(fail)).rejects.toBe(boom);
    await expect(breaker.execute(fail)).rejects.toBe(boom);
    await expect(breaker.execute(counted)).rejects.toMatchObject({ code: 'ERR_CIRCUIT_OPEN' });
    await clock.advance(100);
    await expect(breaker.execute(counted)).resolves.toBe(1);
    expect(breaker.explain()).toMatchObject({
      state: 'closed',
      inFlight: 0,
      totals: { success: 1, failure: 2, rejected: 1 },
    });
    expect(report).toHaveBeenCalledTimes(8);
  });

  it('come in order to every listener, also when one of them moves the breaker on', async () => {
    const { breaker, told } = breakerOf();
    const late: string[] = [];
    breaker.on('opened', () => breaker.reset());
    breaker.on('closed', () => breaker.isolate());
    breaker.on('isolated', () => void breaker.execute(ok).catch(() => {}));
    for (const name of ['opened', 'closed', 'isolated', 'rejected'] as const)
      breaker.on(name, () => late.push(name));
    await run(breaker, fail, fail);
    expect(told).toEqual(['opened', 'closed', 'isolated', 'rejected']);
    expect(late).toEqual(told);
    expect(breaker.state).toBe('isolated');
  });

  it('leave the call in peace whose admission made a listener reset the breaker', async () => {
    const { breaker, clock } = breakerOf();
    breaker.on('halfOpened', () => breaker.reset());
    await run(breaker, fail, fail);
    await clock.advance(100);
    await expect(breaker.execute(fail)).rejects.toBe(boom);
    expect(breaker.explain()).toMatchObject({ state: 'closed', inFlight: 0, totals: { stale: 1 } });
  });

  it('come once when a rule of the user changes the state itself', async () => {
    const { breaker, told } = breakerOf({
      trip: () => {
        breaker.isolate();
        return true;
      },
    });
    await run(breaker, fail);
    expect(told).toEqual(['isolated']);
  });

  it('are told to listeners that listeners add, from the next time on', async () => {
    const { breaker } = breakerOf();
    let heard = 0;
    breaker.on('opened', () => breaker.on('opened', () => heard++));
    await run(breaker, fail, fail);
    expect(heard).toBe(0);
    breaker.reset();
    await run(breaker, fail, fail);
    expect(heard).toBe(1);
  });
});
