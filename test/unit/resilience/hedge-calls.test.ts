import { AsyncLocalStorage } from 'node:async_hooks';
import { describe, expect, it, vi } from 'vitest';
import type { Context } from '../../../src/kernel/context.js';
import { pipeline } from '../../../src/kernel/pipeline.js';
import { Hedge } from '../../../src/resilience/hedge.js';
import type { HedgeOptions } from '../../../src/resilience/hedge-options.js';
import { Retry } from '../../../src/resilience/retry.js';
import { checkLaws } from '../../../src/testing/law.js';
import { policyLaws } from '../../../src/testing/policy-laws.js';
import { seededRandom } from '../../../src/testing/seeded-random.js';
import { settle } from '../../../src/testing/settle.js';
import { VirtualClock } from '../../../src/testing/virtual-clock.js';
import { byHand } from '../../fixtures/attempts.js';

function made(options: HedgeOptions = {}) {
  const clock = new VirtualClock();
  const hedge = new Hedge({ idempotent: true, clock, ...options });
  const left: string[] = [];
  hedge.on('notHedged', ({ reason }) => left.push(`${reason} @${clock.now()}`));
  return { clock, hedge, left, ...byHand() };
}

describe('the laws of policies', () => {
  const endpoints = ['a', 'b'];
  it.each<[string, HedgeOptions]>([
    ['a hedge', { delayMs: 1e9 }],
    ['a hedge of calls that are not declared', { idempotent: false }],
    ['a hedge with endpoints', { delayMs: 1e9, endpoints }],
    ['a hedge at a quantile', { quantile: { ratio: 0.999, minMs: 1e9, maxMs: Infinity } }],
  ])('hold for %s', async (_, options) => {
    const laws = policyLaws(clock => new Hedge({ idempotent: true, maxHedges: 1, clock, ...options }), {
      except: {
        'runs the operation once': 'a failure starts the next attempt',
        'passes errors through': 'a failure starts the next attempt',
        'adopts failing thenables': 'a failure starts the next attempt',
      },
    });
    const { held } = await checkLaws(laws);
    expect(held).toHaveLength(13);
  });

  it('hold for a hedge that may make no extra attempt, without exception', async () => {
    const budget = { deposit() {}, withdraw: () => false };
    const { held } = await checkLaws(
      policyLaws(clock => new Hedge({ idempotent: true, clock, budget, delayMs: 5 })),
    );
    expect(held).toHaveLength(16);
  });
});

describe('calls that nobody has declared idempotent (HG10)', () => {
  it('run once, and are told of', async () => {
    const { clock, hedge, left, runs, operation } = made({ idempotent: false });
    const error = new Error('once');
    const call = hedge.execute(operation);
    const other = hedge.execute(operation, { idempotencyKey: 'key', idempotent: false });
    await clock.advance(1_000);
    runs[0]!.fail(error);
    runs[1]!.answer(1);
    await expect(call).rejects.toBe(error);
    await expect(other).resolves.toBe(1);
    expect([runs.length, left]).toEqual([2, ['undeclared @0', 'undeclared @0']]);
    expect(runs.map(({ context }) => context.idempotencyKey)).toEqual([undefined, 'key']);
    expect(hedge.snapshot().notHedged.undeclared).toBe(2);
  });

  it.each([{ idempotent: true }, { idempotencyKey: 'key' }])('are hedged with %o', async options => {
    const { clock, hedge, runs, operation } = made({ idempotent: false });
    void hedge.execute(operation, options);
    await clock.advance(100);
    expect(runs).toHaveLength(2);
  });

  it('do not run when a listener gives them up', async () => {
    const { hedge, operation, runs } = made({ idempotent: false });
    const caller = new AbortController();
    hedge.on('notHedged', () => caller.abort('gone'));
    await expect(hedge.execute(operation, { signal: caller.signal })).rejects.toBe('gone');
    expect(runs).toHaveLength(0);
  });

  it('are told to the operation, with one key for all attempts', async () => {
    const { clock, hedge, runs, operation } = made();
    void hedge.execute(operation);
    void hedge.execute(operation);
    await clock.advance(100);
    const keys = runs.map(({ context }) => context.idempotencyKey);
    expect(runs.every(({ context }) => context.idempotent)).toBe(true);
    expect(keys[0]).toMatch(/^[0-9a-f-]{36}$/);
    expect([keys[2], keys[3]]).toEqual([keys[0], keys[1]]);
    expect(keys[0]).not.toBe(keys[1]);
  });
});

describe('endpoints (HG7)', () => {
  const visited = async (options: HedgeOptions, callOptions = {}) => {
    const { clock, hedge, runs, operation } = made({ maxHedges: 3, ...options });
    void hedge.execute(operation, callOptions);
    await clock.advance(1_000);
    return runs.map(({ context }) => context.attributes);
  };

  it('are different for each attempt while there are enough', async () => {
    const seen = await visited({ endpoints: ['a', 'b', 'a', 'c'] }, { attributes: { route: 'r' } });
    expect(seen.map(({ endpoint }) => endpoint)).toEqual(['a', 'b', 'c', 'a']);
    expect(seen[1]).toEqual({ route: 'r', endpoint: 'b' });
    expect(Object.isFrozen(seen[0])).toBe(true);
  });

  it('may depend on the call, and are asked for once', async () => {
    const endpoints = vi.fn(({ key }: Context) => [`${key}-1`, `${key}-2`]);
    const seen = await visited({ endpoints }, { key: 'k' });
    expect(seen.map(({ endpoint }) => endpoint)).toEqual(['k-1', 'k-2', 'k-1', 'k-2']);
    expect(endpoints).toHaveBeenCalledOnce();
  });

  it('are told to a call that is not hedged', async () => {
    const seen = await visited({ endpoints: ['a', 'b'], idempotent: false });
    expect(seen).toEqual([{ endpoint: 'a' }]);
  });

  it.each([true, false])('fail the call when there are none (idempotent: %s)', async idempotent => {
    const { hedge, operation, runs } = made({ endpoints: () => [], idempotent });
    await expect(hedge.execute(operation)).rejects.toThrow('`endpoints` must be a list of at least one');
    expect(runs).toHaveLength(0);
  });
});

describe('a hedge among others', () => {
  it("runs each attempt in its caller's async context", async () => {
    const scope = new AsyncLocalStorage<string>();
    const { clock, hedge } = made({ maxHedges: 2 });
    const seen: unknown[] = [];
    for (const caller of ['a', 'b']) {
      void scope.run(caller, () =>
        hedge.execute(({ attempt }) => {
          seen.push(`${scope.getStore()} ${attempt}`);
          return attempt < 3 ? new Promise(() => {}) : Promise.reject(new Error());
        }),
      );
    }
    await clock.advance(300);
    expect(seen).toEqual(['a 1', 'b 1', 'a 2', 'b 2', 'a 3', 'b 3']);
  });

  it('may run within itself', async () => {
    const { clock, hedge } = made();
    const seen: string[] = [];
    const call = hedge.execute(context =>
      hedge.execute(inner => {
        const { isHedge } = inner as Context & { isHedge: boolean };
        seen.push(`${context.attempt}.${inner.attempt} ${isHedge}`);
        return inner.attempt + context.attempt === 4 ? 'both' : new Promise(() => {});
      }, context),
    );
    await expect(clock.runUntil(call)).resolves.toBe('both');
    expect(seen).toEqual(['1.1 false', '2.1 true', '1.2 true', '2.2 true']);
  });

  it('counts as a repetition for a retry inside', () => {
    const clock = new VirtualClock();
    const retry = new Retry({ attempts: 3, clock });
    void pipeline(new Hedge({ idempotent: true, maxHedges: 2, clock }), retry).execute(() => 1);
    expect(retry.describe().amplification).toBe(9);
  });

  it('holds one timer for all calls, which holds the process open', async () => {
    const { clock, hedge, runs, operation } = made();
    for (let call = 0; call < 50; call++) void hedge.execute(operation);
    expect([clock.timers, clock.keepAliveTimers]).toEqual([1, 1]);
    for (const { answer } of runs) answer(1);
    await clock.advance(100);
    expect([clock.timers, hedge.snapshot().hedged]).toEqual([0, 0]);
  });
});

describe('a delay that is a quantile', () => {
  it('hedges no call by time before there are enough, and then a twentieth (HG6)', async () => {
    const clock = new VirtualClock();
    const random = seededRandom(5);
    const hedge = new Hedge({ clock, idempotent: true, quantile: { windowCalls: 400, minSamples: 200 } });
    const remote = () => new Promise<void>(done => clock.schedule(-30 * Math.log(1 - random()), done));
    const calls = 4_000;
    for (let call = 0; call < calls; call++) {
      void hedge.execute(remote);
      clock.advanceSync(1);
      // Calls overlap: only now and then do all of their promises get their turn.
      await undefined;
      await undefined;
      await undefined;
    }
    await clock.advance(1_000);
    const { hedged, notHedged, quantileMs } = hedge.snapshot();
    const hedgeable = calls - notHedged.samples;
    expect(notHedged.samples).toBeGreaterThanOrEqual(200);
    expect(notHedged.samples).toBeLessThan(400);
    expect(Math.abs(hedged / hedgeable - 0.05)).toBeLessThan(3 * Math.sqrt((2 * 0.05 * 0.95) / hedgeable));
    expect(quantileMs).toBeGreaterThan(60);
  });

  it('keeps within its bounds', async () => {
    for (const [bounds, at] of [
      [{ minMs: 70 }, 70],
      [{ maxMs: 20 }, 20],
    ] as const) {
      const { clock, hedge, runs, operation } = made({ quantile: { ...bounds, windowCalls: 2 } });
      const first = hedge.execute(operation);
      await clock.advance(50);
      runs[0]!.answer(1);
      await first;
      void hedge.execute(operation);
      await clock.advance(at - 1);
      expect(runs).toHaveLength(2);
      await clock.advance(1);
      expect(runs).toHaveLength(3);
    }
  });

  it('learns nothing from a refusal, and that others took at least as long as they did', async () => {
    const { clock, hedge, runs, operation } = made({ quantile: { windowCalls: 10, minSamples: 1 } });
    const refused = hedge.execute(() => Promise.reject({ rejected: true }));
    await expect(refused).rejects.toMatchObject({ rejected: true, cause: { rejected: true } });
    expect(hedge.snapshot().quantileMs).toBeNull();
    const call = hedge.execute(operation);
    await clock.advance(40);
    runs[0]!.fail(new Error('slow'));
    await settle();
    runs[1]!.answer('second');
    await call;
    expect(hedge.snapshot().quantileMs).toBeGreaterThanOrEqual(40);
  });
});
