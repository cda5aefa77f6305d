import { AsyncLocalStorage } from 'node:async_hooks';
import { describe, expect, it } from 'vitest';
import { aggregate } from '../../../src/proxy/aggregate.js';
import type { AggregateOptions } from '../../../src/proxy/aggregate-options.js';
import { optional, type Parts, part } from '../../../src/proxy/part.js';
import { CircuitBreaker } from '../../../src/resilience/circuit-breaker.js';
import { Retry } from '../../../src/resilience/retry.js';
import { settle } from '../../../src/testing/settle.js';
import { VirtualClock } from '../../../src/testing/virtual-clock.js';
import { Gate, settledAs } from '../../fixtures/gate.js';

function setUp<const Ps extends Parts>(
  make: (gate: Gate, clock: VirtualClock) => Ps,
  options: AggregateOptions = {},
) {
  const clock = new VirtualClock();
  const gate = new Gate();
  return { clock, gate, page: aggregate(make(gate, clock), { clock, ...options }) };
}

const failing = new Error('asleep');

describe('aggregate', () => {
  it('runs all parts at once, and answers in the order in which they were declared', async () => {
    const { gate, page } = setUp(gate => ({ b: gate.operation('b'), a: gate.operation('a') }));
    const answer = page.execute();
    expect(gate.started).toEqual(['b', 'a']);
    gate.end('a');
    gate.end('b');
    expect(await answer).toEqual({ complete: true, data: { b: 'b', a: 'a' }, missing: [] });
    expect(Object.keys((await answer).data)).toEqual(['b', 'a']);
  });

  it('gives each part the input and the context of the call', async () => {
    const seen: unknown[] = [];
    const page = aggregate({
      one: (context, input: number) => void seen.push([input, context.key]),
      two: part((context, input: number) => void seen.push([input, context.attributes['who']])),
    });
    await page.execute(7, { key: 'k', attributes: { who: 'me' } });
    expect(seen).toEqual([
      [7, 'k'],
      [7, 'me'],
    ]);
  });

  it('hands a part what it needs, when that is there', async () => {
    const { gate, page } = setUp(gate => {
      const user = part(gate.operation('user'));
      const plan = part({ user }, (_, __: unknown, got) => `plan of ${got.user}`);
      return { bill: part({ user, plan }, (_, __: unknown, got) => Object.keys(got).join()), plan, user };
    });
    const answer = page.execute();
    await settle();
    expect(gate.started).toEqual(['user']);
    gate.end('user');
    expect((await answer).data).toEqual({ bill: 'user,plan', plan: 'plan of user', user: 'user' });
  });

  it('runs a part once for an answer, under however many names, also when nobody lists it', async () => {
    let runs = 0;
    const shared = part(async () => ++runs);
    const a = part({ shared }, (_, __: unknown, got) => got.shared);
    const b = part({ shared }, (_, __: unknown, got) => got.shared);
    const page = aggregate({ a, b });
    expect((await page.execute()).data).toEqual({ a: 1, b: 1 });
    expect((await page.execute()).data).toEqual({ a: 2, b: 2 });
    expect((await aggregate({ x: shared, y: shared }).execute()).data).toEqual({ x: 3, y: 3 });
  });

  it('takes parts that are written down in any order', async () => {
    const late = part(
      () => ({ early }),
      (_, __: unknown, got) => got.early + 1,
    );
    const early = part(() => 1);
    expect((await aggregate({ late }).execute()).data.late).toBe(2);
  });

  it('keeps the async context of its caller, whoever starts a part', async () => {
    const store = new AsyncLocalStorage<string>();
    const { gate, page } = setUp(
      gate => {
        const first = part(gate.operation('first'));
        const second = part({ first }, () => store.getStore());
        return { first, second, third: () => store.getStore(), fourth: () => store.getStore() };
      },
      { concurrency: 1 },
    );
    const answers = ['a', 'b'].map(name => store.run(name, () => page.execute()));
    await settle();
    store.run('other', () => gate.end('first'));
    expect((await answers[1]!).data).toMatchObject({ second: 'b', third: 'b', fourth: 'b' });
  });

  it('lets parts of values, promises and thenables be one', async () => {
    const thenable = { then: (done: (value: number) => void) => done(3) } as PromiseLike<number>;
    const page = aggregate({ value: () => 1, promise: async () => 2, thenable: () => thenable });
    expect((await page.execute()).data).toEqual({ value: 1, promise: 2, thenable: 3 });
  });
});

describe('a part that fails', () => {
  it('fails the whole with its own error, and gives up the others in the same turn', async () => {
    const { gate, page } = setUp(gate => ({ a: gate.operation('a'), b: gate.operation('b') }));
    const failed: unknown[] = [];
    page.on('failed', ({ part: name, error }) => failed.push([name, error]));
    const fate = settledAs(page.execute());
    const { signal } = gate.contexts.get('b')!;
    gate.fail('a', failing);
    await settle();
    expect(fate.is).toBe(failing);
    expect(signal.aborted).toBe(true);
    expect(signal.reason).toMatchObject({ code: 'ERR_ABANDONED', cause: failing });
    expect(failed).toEqual([['a', failing]]);
    expect(page.snapshot()).toMatchObject({ running: 0, failed: 1 });
  });

  it('is told of where it may be missing, with what stands in its place', async () => {
    const page = aggregate({
      tips: optional(() => Promise.reject(failing), { otherwise: [] as string[] }),
      user: () => 'Ada',
      why: optional(() => Promise.reject(failing), { otherwise: ({ part: name, why }) => `${name} ${why}` }),
      bare: optional(() => Promise.reject(failing)),
    });
    const partial: unknown[] = [];
    page.on('partial', ({ missing }) => partial.push(missing));
    const answer = await page.execute();
    expect(answer.data).toEqual({ tips: [], user: 'Ada', why: 'why failed', bare: undefined });
    expect(Object.keys(answer.data)).toEqual(['tips', 'user', 'why', 'bare']);
    expect(answer.complete).toBe(false);
    expect(answer.missing).toEqual(
      ['tips', 'why', 'bare'].map(name => ({ part: name, why: 'failed', error: failing })),
    );
    expect(partial).toEqual([answer.missing]);
  });

  it('fails the whole when a part that is wanted cannot do without it', async () => {
    const tips = part((): string => {
      throw failing;
    });
    const user = part({ tips }, (_, __: unknown, got) => got.tips);
    await expect(aggregate({ tips: optional(tips), user }).execute()).rejects.toBe(failing);
  });

  it('starves only those that cannot do without it, where all of them may be missing', async () => {
    const hidden = part(() => Promise.reject<string>(failing));
    const first = part({ hidden }, (_, __: unknown, got) => got.hidden);
    const second = part({ first }, (_, __: unknown, got) => got.first);
    const third = part({ hidden: optional(hidden, { otherwise: 'nobody' }) }, (_, __: unknown, got) => got);
    const page = aggregate({ second: optional(second), third, fourth: () => 4 });
    const { data, missing } = await page.execute();
    expect(data).toEqual({ second: undefined, third: { hidden: 'nobody' }, fourth: 4 });
    expect(missing).toEqual([{ part: 'second', why: 'needs', error: failing }]);
  });

  it('fails the whole with what an `otherwise` throws', async () => {
    const page = aggregate({
      tips: optional(() => Promise.reject(failing), {
        otherwise: () => {
          throw new RangeError('none');
        },
      }),
    });
    await expect(page.execute()).rejects.toThrow(RangeError);
    expect(page.snapshot()).toMatchObject({ running: 0, failed: 1 });
  });

  it('leaves no breaker of its siblings with a failure that they do not have', async () => {
    const breaker = new CircuitBreaker({ failureRatio: 0.1, minCalls: 1 });
    const { gate, page } = setUp(gate => ({
      a: gate.operation('a'),
      b: part(
        ({ signal }) =>
          new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason))),
        { policy: breaker },
      ),
    }));
    const fate = settledAs(page.execute());
    await settle();
    gate.fail('a', Object.assign(new Error('late'), { code: 'ERR_TIMEOUT' }));
    await settle();
    expect(fate.is).toMatchObject({ message: 'late' });
    expect(breaker.state).toBe('closed');
  });

  it('is asked again by a policy of its own', async () => {
    let asked = 0;
    const { clock, page } = setUp((_, clock) => ({
      flaky: part(
        ({ attempt }) => {
          asked++;
          if (attempt < 3) throw failing;
          return attempt;
        },
        { policy: new Retry({ attempts: 3, clock }) },
      ),
    }));
    expect((await clock.runUntil(page.execute())).data.flaky).toBe(3);
    expect(asked).toBe(3);
  });

  it('is told of as refused where a policy did not let it run', async () => {
    const breaker = new CircuitBreaker();
    breaker.isolate();
    const page = aggregate({ tips: optional(part(() => 1, { policy: breaker })) });
    const { missing } = await page.execute();
    expect(missing).toMatchObject([{ part: 'tips', why: 'refused', error: { code: 'ERR_CIRCUIT_OPEN' } }]);
  });
});
