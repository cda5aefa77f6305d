import { describe, expect, it } from 'vitest';
import { pipeline } from '../../../src/kernel/pipeline.js';
import { aggregate } from '../../../src/proxy/aggregate.js';
import type { AggregateOptions } from '../../../src/proxy/aggregate-options.js';
import { optional, type Parts, part } from '../../../src/proxy/part.js';
import { Timeout } from '../../../src/resilience/timeout.js';
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

describe('the time of an answer', () => {
  const hanging = () => new Promise<string>(() => {});

  it('is one for all parts, however they hang, and what is there is answered then (AG1)', async () => {
    const { clock, page } = setUp(
      () => ({ user: () => 'Ada', slow: optional(hanging), second: optional(part({}, hanging)) }),
      { timeoutMs: 500 },
    );
    const answer = page.execute();
    const fate = settledAs(answer);
    await clock.advance(499);
    expect(fate.is).toBe('pending');
    await clock.advance(1);
    const { data, missing, complete } = await answer;
    expect([data.user, data.slow, complete]).toEqual(['Ada', undefined, false]);
    expect(missing.map(({ part: name, why }) => [name, why])).toEqual([
      ['slow', 'timeout'],
      ['second', 'timeout'],
    ]);
    expect(missing[0]!.error).toMatchObject({ code: 'ERR_TIMEOUT', timeoutMs: 500 });
    expect(clock.timers).toBe(0);
  });

  it('gives up what still runs, as the fault of the remote', async () => {
    const { clock, gate, page } = setUp(gate => ({ slow: optional(gate.operation('slow')) }), {
      timeoutMs: 500,
    });
    const answer = page.execute();
    const { signal } = gate.contexts.get('slow')!;
    expect(gate.contexts.get('slow')!.deadline).toBe(500);
    expect(gate.contexts.get('slow')!.remainingMs()).toBe(500);
    await clock.advance(500);
    await answer;
    expect(signal.reason).toMatchObject({ code: 'ERR_TIMEOUT' });
  });

  it('fails the whole when a part is late without which there is no answer', async () => {
    const { clock, page } = setUp(() => ({ user: hanging, tips: optional(hanging) }), { timeoutMs: 500 });
    const fate = settledAs(page.execute());
    await clock.advance(500);
    expect(fate.is).toMatchObject({
      code: 'ERR_TIMEOUT',
      message: 'aggregate: no user, tips within 500 ms',
      policy: 'aggregate',
    });
    expect(page.snapshot()).toMatchObject({ running: 0, failed: 1, partial: 0 });
  });

  it('is that of the caller where that ends sooner, less what is kept back', async () => {
    const { clock, page } = setUp(() => ({ slow: optional(hanging) }), { timeoutMs: 500, reserveMs: 20 });
    const fate = settledAs(page.execute(undefined, { timeoutMs: 100 }));
    await clock.advance(79);
    expect(fate.is).toBe('pending');
    await clock.advance(1);
    expect(fate.is).toMatchObject({ complete: false });
    const outer = new Timeout({ timeoutMs: 60, clock });
    const within = settledAs(outer.execute(context => page.execute(undefined, context)));
    await clock.advance(40);
    expect(within.is).toMatchObject({ complete: false });
  });

  it('keeps many answers apart whose times end in any order', async () => {
    const { clock, page } = setUp(() => ({ slow: optional(hanging) }), { timeoutMs: 500 });
    const ended: number[] = [];
    for (const timeoutMs of [300, 900, 100, 200, 700]) {
      void page.execute(undefined, { timeoutMs }).then(() => ended.push(clock.now()));
    }
    await clock.advance(1_000);
    expect(ended).toEqual([100, 200, 300, 500, 500]);
    expect(clock.timers).toBe(0);
  });

  it('is not begun when none is left', async () => {
    const { page, gate } = setUp(gate => ({ user: gate.operation('user') }), { reserveMs: 20 });
    await expect(page.execute(undefined, { timeoutMs: 20 })).rejects.toMatchObject({ code: 'ERR_DEADLINE' });
    expect(gate.started).toEqual([]);
  });

  it('ends a part before the whole where the part has a time of its own', async () => {
    const { clock, page } = setUp(() => ({
      slow: optional(part(hanging, { timeoutMs: 50 })),
      both: optional(part(hanging, { timeoutMs: 60, policy: pipeline() })),
    }));
    const fate = settledAs(page.execute());
    await clock.advance(60);
    expect(fate.is).toMatchObject({ missing: [{ why: 'timeout' }, { why: 'timeout' }] });
    expect(clock.timers).toBe(0);
  });

  it('lets go of what comes after it, and tells when that fails', async () => {
    const { clock, gate, page } = setUp(
      () => ({
        slow: optional(gate => gate.signal && new Promise<{ [Symbol.dispose](): void }>(done => late(done))),
      }),
      { timeoutMs: 50 },
    );
    let end: (value: { [Symbol.dispose](): void }) => void = () => {};
    function late(done: typeof end): void {
      end = done;
    }
    const failures: unknown[] = [];
    page.on('discardFailed', ({ error }) => failures.push(error));
    const answer = page.execute();
    await clock.advance(50);
    await answer;
    end({
      [Symbol.dispose]() {
        throw failing;
      },
    });
    await settle();
    expect(failures).toEqual([failing]);
    expect(gate.started).toEqual([]);
  });
});

describe('the caller of an answer', () => {
  it('gives all of it up by its signal, in the same turn, with its reason', async () => {
    const { clock, gate, page } = setUp(gate => ({ a: gate.operation('a'), b: gate.operation('b') }));
    const caller = new AbortController();
    const fate = settledAs(page.execute(undefined, { signal: caller.signal }));
    caller.abort(failing);
    await settle();
    expect(fate.is).toBe(failing);
    expect([...gate.contexts.values()].map(({ signal }) => signal.reason)).toEqual([failing, failing]);
    expect(clock.timers).toBe(0);
    await expect(page.execute(undefined, { signal: caller.signal })).rejects.toBe(failing);
  });

  it('hears of its own mistakes as a rejection', async () => {
    const page = aggregate({ a: () => 1 });
    await expect(page.execute(undefined, { timeoutMs: -1 })).rejects.toThrow(RangeError);
  });
});
