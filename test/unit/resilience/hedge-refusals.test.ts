import { describe, expect, it, vi } from 'vitest';
import { BulkheadFullError, CircuitOpenError, isRejected } from '../../../src/kernel/errors.js';
import { pipeline } from '../../../src/kernel/pipeline.js';
import { Bulkhead } from '../../../src/resilience/bulkhead.js';
import { CircuitBreaker } from '../../../src/resilience/circuit-breaker.js';
import { Hedge } from '../../../src/resilience/hedge.js';
import { keyed } from '../../../src/resilience/keyed.js';
import { settle } from '../../../src/testing/settle.js';
import { VirtualClock } from '../../../src/testing/virtual-clock.js';
import { byHand } from '../../fixtures/attempts.js';
import { start } from '../../fixtures/hedge.js';

const open = () => new CircuitOpenError('open');
const full = () => new BulkheadFullError('full');

describe('a refusal of the first attempt', () => {
  it.each([
    ['a breaker', open],
    ['a bulkhead', full],
  ])('by %s starts the next at once, like any failure', async (_, refusal) => {
    const { runs, call, heard } = start();
    runs[0]!.fail(refusal());
    await settle();
    expect(heard).toEqual(['2 failure @0']);
    runs[1]!.answer('second');
    await expect(call).resolves.toBe('second');
  });

  it('does not end the call while another attempt runs', async () => {
    const { clock, runs, call, ended } = start();
    await clock.advance(100);
    runs[0]!.fail(full());
    await settle();
    expect(ended).toEqual([]);
    runs[1]!.answer('second');
    await expect(call).resolves.toBe('second');
  });

  it('is what the call ends with, as it is, when no other attempt may be made', async () => {
    const budget = { deposit: vi.fn(), withdraw: () => false };
    const { runs, call, heard } = start({ budget });
    const refusal = full();
    runs[0]!.fail(refusal);
    await expect(call).rejects.toBe(refusal);
    expect([runs.length, heard]).toEqual([1, ['budget']]);
  });

  it('is what the call ends with when a breaker refuses the others as well', async () => {
    const clock = new VirtualClock();
    const breaker = new CircuitBreaker({ consecutiveFailures: 1, clock });
    breaker.isolate();
    const hedge = new Hedge({ idempotent: true, maxHedges: 3, clock });
    const ran = vi.fn();
    await expect(pipeline(hedge, breaker).execute(ran)).rejects.toMatchObject({ code: 'ERR_CIRCUIT_OPEN' });
    expect(ran).not.toHaveBeenCalled();
    expect([clock.timers, hedge.snapshot().losers]).toEqual([0, 0]);
  });

  it('sends the call to the next endpoint', async () => {
    const clock = new VirtualClock();
    const endpointOf = (context: { readonly attributes: Readonly<Record<string, unknown>> }) =>
      String(context.attributes['endpoint']);
    const breakers = keyed(() => new CircuitBreaker({ consecutiveFailures: 1, clock }), {
      maxKeys: 5,
      key: endpointOf,
    });
    for (const down of ['a', 'b']) breakers.get(down).isolate();
    const hedge = new Hedge({ idempotent: true, maxHedges: 2, endpoints: ['a', 'b', 'c'], clock });
    await expect(pipeline(hedge, breakers).execute(endpointOf)).resolves.toBe('c');
    expect([clock.now(), hedge.snapshot().won]).toEqual([0, 1]);
  });

  it('ends the call when the caller has given up meanwhile', async () => {
    const caller = new AbortController();
    const { runs, call } = start({}, { signal: caller.signal });
    const refusal = full();
    caller.abort('gone');
    runs[0]!.fail(refusal);
    await expect(call).rejects.toBe(refusal);
    expect(runs).toHaveLength(1);
  });
});

describe('a refusal of an extra attempt', () => {
  it('by a bulkhead starts the next at once', async () => {
    const { clock, runs, call, heard } = start({ maxHedges: 2 });
    await clock.advance(100);
    runs[1]!.fail(full());
    await settle();
    expect(heard).toEqual(['2 delay @100', 'refused', '3 failure @100']);
    runs[2]!.answer('third');
    await expect(call).resolves.toBe('third');
  });

  it('by a breaker lets the next come when it is due, or at once when nothing runs', async () => {
    const { clock, runs, call, heard } = start({ maxHedges: 2 });
    await clock.advance(100);
    runs[1]!.fail(open());
    await settle();
    runs[0]!.fail(new Error('first'));
    await settle();
    expect(heard).toEqual(['2 delay @100', 'refused', '3 failure @100']);
    runs[2]!.answer('third');
    await expect(call).resolves.toBe('third');
  });

  it('is told before the call goes on, and a listener may give that up', async () => {
    const caller = new AbortController();
    const { clock, hedge, runs, call } = start({ maxHedges: 3 }, { signal: caller.signal });
    hedge.on('notHedged', () => caller.abort('enough'));
    await clock.advance(100);
    runs[1]!.fail(open());
    await settle();
    expect(runs).toHaveLength(2);
    runs[0]!.fail('gone');
    await expect(call).rejects.toBe('gone');
  });
});

describe('when all attempts were refused or have failed', () => {
  it('says whether the operation ever ran', async () => {
    const ends = [];
    for (const [first, second] of [
      [full(), full()],
      [new Error('down'), full()],
    ]) {
      const { runs, call } = start();
      const end = call.catch(error => error);
      runs[0]!.fail(first);
      await settle();
      runs[1]!.fail(second);
      ends.push(await end);
    }
    expect(ends).toMatchObject([{ code: 'ERR_ALL_FAILED' }, { code: 'ERR_ALL_FAILED' }]);
    expect(ends.map(isRejected)).toEqual([true, false]);
  });

  it('is no failure to a breaker outside when nothing ran', async () => {
    const clock = new VirtualClock();
    const bulkhead = new Bulkhead({ slots: 1, clock });
    void bulkhead.execute(() => new Promise(() => {}));
    const breaker = new CircuitBreaker({ consecutiveFailures: 1, clock });
    const call = pipeline(breaker, new Hedge({ idempotent: true, clock }), bulkhead).execute(() => 'never');
    await expect(call).rejects.toMatchObject({ code: 'ERR_ALL_FAILED', rejected: true });
    expect(breaker.state).toBe('closed');
  });

  it('keeps an answer that was judged a failure, whatever was refused after it', async () => {
    const onDiscard = vi.fn();
    const { runs, call, hedge } = start({ classify: ({ ok }) => (ok ? 'failure' : undefined), onDiscard });
    runs[0]!.answer('503');
    await settle();
    runs[1]!.fail(full());
    await expect(call).resolves.toBe('503');
    expect(onDiscard).not.toHaveBeenCalled();
    expect(hedge.snapshot().allFailed).toBe(1);
  });
});

describe('a caller who gives up', () => {
  it.each([
    ['by its signal', (clock: VirtualClock) => new Hedge({ idempotent: true, delayMs: 1_000, clock })],
    [
      'by its signal, with delays out of order',
      (clock: VirtualClock) => {
        const delays = [2_000, 1_000];
        const hedge = new Hedge({ idempotent: true, delayMs: () => delays.shift()!, clock });
        void hedge.execute(() => 1);
        return hedge;
      },
    ],
  ])('%s leaves no timer behind, though the operation goes on', async (_, make) => {
    const clock = new VirtualClock();
    const hedge = make(clock);
    const caller = new AbortController();
    const { runs, operation } = byHand();
    const call = hedge.execute(operation, { signal: caller.signal });
    await clock.advance(10);
    expect(clock.timers).toBe(1);
    caller.abort('gone');
    await clock.advance(0);
    expect(clock.timers).toBe(0);
    runs[0]!.answer('late');
    await expect(call).resolves.toBe('late');
    expect(runs).toHaveLength(1);
  });

  it('leaves no listener behind when it has its answer', async () => {
    const { countingSignal } = await import('../../../src/testing/counting-signal.js');
    const { signal, listeners } = countingSignal();
    const { clock, runs, call } = start({ maxHedges: 3 }, { signal });
    await clock.advance(200);
    runs[1]!.answer('second');
    await call;
    expect([listeners(), clock.timers]).toEqual([0, 0]);
  });

  it('by hearing that there will be no hedge runs nothing', async () => {
    const clock = new VirtualClock();
    const hedge = new Hedge({ idempotent: true, clock });
    const caller = new AbortController();
    hedge.on('notHedged', () => caller.abort('then not'));
    const ran = vi.fn();
    const call = hedge.execute(ran, { signal: caller.signal, timeoutMs: 50 });
    await expect(call).rejects.toBe('then not');
    expect(ran).not.toHaveBeenCalled();
  });
});
