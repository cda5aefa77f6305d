import { describe, expect, it, vi } from 'vitest';
import type { Context } from '../../../src/kernel/context.js';
import { Coalesce } from '../../../src/resilience/coalesce.js';
import { countingSignal } from '../../../src/testing/counting-signal.js';
import { settle } from '../../../src/testing/settle.js';
import { VirtualClock } from '../../../src/testing/virtual-clock.js';
import { Gate, settledAs } from '../../fixtures/gate.js';

const key = 'k';

function setUp(options = {}) {
  const clock = new VirtualClock();
  return { clock, gate: new Gate(), coalesce: new Coalesce({ clock, ...options }) };
}

describe('a caller of a shared run', () => {
  it('leaves alone when it aborts, and nobody else feels it', async () => {
    const { coalesce, gate } = setUp();
    const first = new AbortController();
    const gone = settledAs(coalesce.execute(gate.operation('a'), { key, signal: first.signal }));
    const stays = coalesce.execute(gate.operation('b'), { key });
    first.abort('bored');
    await settle();
    expect(gone.is).toBe('bored');
    expect(gate.contexts.get('a')!.signal.aborted).toBe(false);
    gate.end('a');
    expect(await stays).toBe('a');
  });

  it('takes the run with it when it is the last, and a newcomer begins another one', async () => {
    const { coalesce, gate } = setUp();
    const abandoned: unknown[] = [];
    coalesce.on('abandoned', ({ key, reason }) => abandoned.push([key, reason]));
    const controllers = [new AbortController(), new AbortController()];
    const fates = controllers.map(({ signal }, index) =>
      settledAs(coalesce.execute(gate.operation(`${index}`), { key, signal })),
    );
    controllers[0]!.abort('first');
    const { signal } = gate.contexts.get('0')!;
    expect(signal.aborted).toBe(false);
    controllers[1]!.abort('second');
    expect([signal.aborted, signal.reason]).toEqual([true, 'second']);
    const newcomer = coalesce.execute(gate.operation('new'), { key });
    expect(gate.started).toEqual(['0', 'new']);
    gate.end('0');
    await settle();
    expect(coalesce.snapshot()).toMatchObject({ running: 1, abandoned: 1 });
    gate.end('new');
    expect(await newcomer).toBe('new');
    expect(fates.map(fate => fate.is)).toEqual(['first', 'second']);
    expect(abandoned).toEqual([[key, 'second']]);
  });

  it('waits no longer than until its own deadline', async () => {
    const { clock, coalesce, gate } = setUp();
    const short = settledAs(coalesce.execute(gate.operation('a'), { key, timeoutMs: 50 }));
    const long = coalesce.execute(gate.operation('b'), { key, timeoutMs: 200 });
    expect(gate.contexts.get('a')!.remainingMs()).toBe(200);
    await clock.advance(49);
    expect(short.is).toBe('pending');
    await clock.advance(1);
    expect(short.is).toMatchObject({ code: 'ERR_TIMEOUT', policy: 'coalesce', timeoutMs: 50 });
    expect(gate.contexts.get('a')!.signal.aborted).toBe(false);
    gate.end('a');
    expect(await long).toBe('a');
    expect(clock.timers).toBe(0);
  });

  it('has a run that ends at the latest deadline of all, and at none when one has none', async () => {
    const { clock, coalesce, gate } = setUp();
    for (const timeoutMs of [50, 100, 70])
      settledAs(coalesce.execute(gate.operation('a'), { key, timeoutMs }));
    const { signal, deadline } = gate.contexts.get('a')!;
    expect(deadline).toBe(100);
    await clock.advance(99);
    expect(signal.aborted).toBe(false);
    await clock.advance(1);
    expect(signal.aborted).toBe(true);
    expect(coalesce.snapshot().running).toBe(0);
    settledAs(coalesce.execute(gate.operation('b'), { key, timeoutMs: 50 }));
    settledAs(coalesce.execute(gate.operation('c'), { key }));
    expect(gate.contexts.get('b')!.deadline).toBe(Infinity);
  });

  it('runs nothing when its deadline has passed, and joins nobody', async () => {
    const { coalesce, gate } = setUp();
    const late = coalesce.execute(gate.operation('a'), { key, timeoutMs: 0 });
    await expect(late).rejects.toMatchObject({ code: 'ERR_DEADLINE', policy: 'coalesce' });
    expect(gate.started).toEqual([]);
  });

  it('gets its answer when it aborts too late', async () => {
    const { coalesce, gate } = setUp();
    const { signal, abort, listeners } = countingSignal();
    const answer = coalesce.execute(gate.operation('a'), { key, signal });
    gate.end('a');
    expect(await answer).toBe('a');
    expect(listeners()).toBe(0);
    abort('late');
    expect(gate.contexts.get('a')!.signal.aborted).toBe(false);
  });

  it('may be given up by the operation while that starts', async () => {
    const { coalesce } = setUp();
    const controller = new AbortController();
    const answer = coalesce.execute(
      () => {
        controller.abort('at once');
        return 'too late';
      },
      { key, signal: controller.signal },
    );
    await expect(answer).rejects.toBe('at once');
    expect(coalesce.snapshot()).toMatchObject({ running: 0, abandoned: 1 });
  });

  it('does not wait for a run that waits for it', async () => {
    const { coalesce } = setUp();
    const nested = (context: Context): Promise<string> =>
      coalesce.execute(async () => {
        await null;
        return 'inner';
      }, context);
    expect(await coalesce.execute(nested, { key })).toBe('inner');
    const later = async (context: Context): Promise<string> => {
      await null;
      return nested(context);
    };
    expect(await coalesce.execute(later, { key })).toBe('inner');
    expect(await coalesce.execute(() => coalesce.execute(() => 'blind', { key }), { key })).toBe('blind');
    expect(coalesce.snapshot().alone).toBe(3);
  });

  it('leaves no unhandled rejection when all leave and the run fails', async () => {
    const { coalesce, gate } = setUp();
    const unhandled = vi.fn();
    process.on('unhandledRejection', unhandled);
    const controller = new AbortController();
    settledAs(coalesce.execute(gate.operation('a'), { key, signal: controller.signal }));
    controller.abort('bored');
    gate.fail('a', new Error('aborted'));
    await settle(3);
    process.off('unhandledRejection', unhandled);
    expect(unhandled).not.toHaveBeenCalled();
  });
});
