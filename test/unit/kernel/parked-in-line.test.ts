import { describe, expect, it, vi } from 'vitest';
import type { CallContext } from '../../../src/kernel/context.js';
import type { Guard, ParkedCall } from '../../../src/kernel/policy.js';
import { Giver, type Log, Parker, Recorder, run } from './recording-guards.js';

/** A guard during whose `enter` or `wait` something happens. */
class Interrupted extends Parker {
  during: { enter?: () => void; wait?: () => void } = {};

  override enter(): undefined {
    this.during.enter?.();
  }

  override wait(call: ParkedCall<object>): string {
    this.during.wait?.();
    return super.wait(call);
  }
}

describe('a call that is being parked', () => {
  it('is withdrawn as soon as it has a ticket when it was given up before', async () => {
    const log: Log = [];
    const caller = new AbortController();
    const parker = new Interrupted(log, 'b');
    parker.during.wait = () => caller.abort('gone');
    const operation = vi.fn();
    const call = run(new Recorder(log, 'a'), parker).execute(operation, { signal: caller.signal });
    expect(log).toEqual(['enter a', 'exit a error gone', 'withdraw b']);
    expect(parker.withdrawn).toBe('ticket');
    await expect(call).rejects.toBe('gone');
    expect(operation).not.toHaveBeenCalled();
  });

  it('is not withdrawn when it was admitted before it had a ticket', async () => {
    const log: Log = [];
    const parker = new Interrupted(log, 'b');
    const wait = parker.wait.bind(parker);
    parker.wait = call => {
      const ticket = wait(call);
      call.admit(parker.permit);
      return ticket;
    };
    await expect(run(parker).execute(() => 1)).resolves.toBe(1);
    expect(log).toEqual(['exit b ok 1']);
  });

  it('is not parked at all when the guard outside gives it up meanwhile', async () => {
    const log: Log = [];
    const giver = new Giver(log, 'a');
    const parker = new Interrupted(log, 'b');
    parker.during.enter = () => giver.call!.giveUp('enough');
    await expect(run(giver, parker).execute(() => 1)).rejects.toBe('enough');
    expect(parker.parked).toBeUndefined();
    expect(log).toEqual(['enter a', 'exit a error enough']);
  });
});

describe('a parked call', () => {
  it('ends when it is cancelled, for no operation runs that could heed the signal', async () => {
    const log: Log = [];
    const giver = new Giver(log, 'a');
    const parker = new Parker(log, 'b');
    const call = run(giver, parker).execute(() => 1);
    giver.call!.cancel('enough');
    expect(log).toEqual(['enter a', 'withdraw b', 'exit a error enough']);
    await expect(call).rejects.toBe('enough');
  });
});

describe('a context', () => {
  const holds = (context: unknown, guard: Guard<object>): boolean => (context as CallContext).holds(guard);

  it.each([
    ['without options', undefined],
    ['with options', { key: 'k' }],
  ])('knows the guards of its call while the operation runs, %s', async (_, options) => {
    const log: Log = [];
    const parker = new Parker(log, 'b');
    const admitting = Object.assign(new Recorder(log, 'a'), { wait: () => 'never asked' });
    const seen: unknown[] = [];
    await run(admitting).execute(context => {
      seen.push(context);
      expect([holds(context, admitting), holds(context, parker)]).toEqual([true, false]);
    }, options);
    // One that is shared by all calls without options cannot know whose operation has ended.
    expect(holds(seen[0], admitting)).toBe(options === undefined);
  });

  it('of a record knows the guards that the call has passed', async () => {
    const log: Log = [];
    const first = new Recorder(log, 'a');
    const parker = new Parker(log, 'b');
    const call = run(first, parker).execute(context => holds(context, parker));
    const parked = parker.parked as unknown as CallContext;
    expect([holds(parked, first), holds(parked, parker)]).toEqual([true, false]);
    parker.parked!.admit(parker.permit);
    await expect(call).resolves.toBe(true);
    expect(holds(parked, first)).toBe(false);
  });
});
