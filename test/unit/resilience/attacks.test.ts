import { describe, expect, it } from 'vitest';
import {
  Bulkhead,
  CircuitBreaker,
  Fallback,
  pipeline,
  Retry,
  resilientFetch,
  Timeout,
} from '../../../src/index.js';
import { systemClock } from '../../../src/kernel/clock.js';
import { VirtualClock } from '../../../src/testing/virtual-clock.js';
import { TurnClock } from '../kernel/turn-clock.js';

const turn = (): Promise<void> => new Promise(resolve => setImmediate(resolve));
const block = (ms: number): void => {
  for (const end = performance.now() + ms; performance.now() < end; );
};

describe('what once went wrong', () => {
  it('does not postpone a timeout for the calls of later turns', async () => {
    const timeout = new Timeout({ timeoutMs: 40 });
    const start = performance.now();
    let after = 0;
    const hung = timeout
      .execute(() => new Promise(() => {}))
      .catch(() => {
        after = performance.now() - start;
      });
    for (let i = 0; i < 60 && after === 0; i++) {
      void timeout.execute(() => 1);
      block(4);
      await turn();
    }
    await hung;
    expect(after).toBeGreaterThanOrEqual(39);
    // 60 turns of 4 ms are 240 ms; a busy machine may still be late, but not by as much.
    expect(after).toBeLessThan(200);
  });

  it('moves no deadline past that of the caller', async () => {
    const clock = new TurnClock();
    let deadline = (): number => 0;
    const call = new Timeout({ timeoutMs: 90, clock }).execute(
      context => {
        deadline = () => context.deadline;
        return new Promise(() => {});
      },
      { timeoutMs: 100 },
    );
    call.catch(() => {});
    expect(deadline()).toBe(90);
    clock.block(300);
    clock.nextTurn();
    expect(deadline()).toBe(100);
  });

  it('ends a call at its own deadline although one before it was given more time', async () => {
    const clock = new TurnClock();
    const timeout = new Timeout({ timeoutMs: 90, clock });
    const ended: string[] = [];
    const start = (label: string, timeoutMs?: number): void => {
      timeout.execute(() => new Promise(() => {}), { timeoutMs }).catch(() => ended.push(label));
    };
    start('patient');
    start('pressed', 100);
    // The turn is not charged to either; but the deadline of the second does not move for that.
    clock.block(300);
    clock.nextTurn();
    clock.nextTurn();
    await turn();
    expect(ended).toEqual(['pressed']);
    clock.nextTurn(90);
    clock.nextTurn();
    await turn();
    expect(ended).toEqual(['pressed', 'patient']);
  });

  it('runs no queued operation in the turn in which one signal ends all calls', async () => {
    const policy = pipeline(new Bulkhead({ slots: 1, queue: 9 }), new Timeout({ timeoutMs: 1_000 }));
    const caller = new AbortController();
    let ran = 0;
    const calls = [0, 1, 2, 3].map(() =>
      policy.execute(
        () => {
          ran++;
          return new Promise(() => {});
        },
        { signal: caller.signal },
      ),
    );
    caller.abort('gone');
    for (const call of calls) await expect(call).rejects.toBe('gone');
    expect(ran).toBe(1);
  });

  it('loses no slot to a call that was given up by a listener of its own joining', async () => {
    const bulkhead = new Bulkhead({ slots: 1, queue: 1 });
    const caller = new AbortController();
    let end = (): void => {};
    const running = bulkhead.execute(() => new Promise<void>(resolve => (end = resolve)));
    bulkhead.on('queued', () => {
      caller.abort('gone');
      bulkhead.resize(2);
    });
    await expect(bulkhead.execute(() => 1, { signal: caller.signal })).rejects.toBe('gone');
    end();
    await running;
    expect(bulkhead.snapshot()).toMatchObject({ taken: 0, waiting: 0 });
  });

  it('charges a blocked loop before the call to nobody: slow is what the remote took', async () => {
    const breaker = new CircuitBreaker({ slowMs: 100, minCalls: 2, slowRatio: 0.5 });
    await turn();
    systemClock.coarse();
    await breaker.execute(() => 1);
    block(150);
    await breaker.execute(() => new Promise(resolve => setTimeout(resolve, 2)));
    expect(breaker.state).toBe('closed');
  });

  it('counts no recovery for an answer that was judged a failure', async () => {
    const caller = new AbortController();
    const clock = new VirtualClock();
    const retry = new Retry({
      clock,
      backoff: { kind: 'constant', delayMs: 1 },
      classify: outcome => (outcome.ok ? 'failure' : undefined),
    });
    const call = retry.execute(
      ({ attempt }) => {
        if (attempt === 2) caller.abort();
        return 'bad';
      },
      { signal: caller.signal },
    );
    await expect(clock.runUntil(call)).resolves.toBe('bad');
    expect(retry.snapshot()).toMatchObject({ retried: 1, recovered: 0 });
  });

  it('refuses what is no operation and no step, before anything runs', async () => {
    const nothing = undefined as never;
    await expect(new Retry().execute(nothing)).rejects.toThrow(/operation must be a function/);
    await expect(new Fallback({ value: 7 }).execute(nothing)).rejects.toThrow(/operation must be a function/);
    expect(() => new Fallback({ run: nothing })).toThrow(/`run` must be a function/);
    expect(() => new Retry({ budget: { withdraw: () => true } as never })).toThrow(/`budget`/);
  });
});

describe('what once went wrong with resilientFetch', () => {
  it('takes an undefined option as one that was left out, its budget too', async () => {
    const clock = undefined as never;
    const budget = undefined as never;
    const fetch = resilientFetch({
      clock,
      breaker: false,
      retry: { budget, attempts: 300, backoff: { kind: 'constant', delayMs: 0 } },
      fetch: async () => new Response('', { status: 503 }),
    });
    expect((await fetch('http://a.example/')).status).toBe(503);
    expect(fetch.retry?.snapshot().retried).toBeLessThan(150);
    expect(new Retry({ name: undefined as never, attempts: undefined as never }).name).toBe('retry');
    expect(new Bulkhead({ slots: 1, queue: undefined as never }).snapshot().queue).toBe(0);
  });

  it('refuses a key that no header can hold, and takes an empty one as none', async () => {
    let sent = 0;
    const fetch = resilientFetch({
      retry: { backoff: { kind: 'constant', delayMs: 0 } },
      fetch: async () => {
        sent++;
        return new Response('', { status: 503 });
      },
    });
    const url = 'http://stock.example/';
    await expect(fetch(url, { method: 'POST', idempotencyKey: 'a\nb' })).rejects.toThrow(TypeError);
    expect([sent, fetch.retry?.snapshot().retried]).toEqual([0, 0]);
    await fetch(url, { method: 'POST', idempotencyKey: '' });
    expect(sent).toBe(1);
  });

  it('keeps the breaker that somebody isolated', async () => {
    const fetch = resilientFetch({ maxOrigins: 2, fetch: async () => new Response('x') });
    fetch.breaker('http://a.example')?.isolate();
    await fetch('http://b.example/');
    await fetch('http://c.example/');
    await expect(fetch('http://a.example/')).rejects.toMatchObject({ code: 'ERR_CIRCUIT_OPEN' });
  });
});
