import { AsyncLocalStorage } from 'node:async_hooks';
import { describe, expect, it, vi } from 'vitest';
import type { CallContext } from '../../../src/kernel/context.js';
import type { GuardedCall } from '../../../src/kernel/guarded-call.js';
import { Denier, deferred, Giver, type Log, Parker, Recorder, run } from './recording-guards.js';

describe('a guard that parks is told', () => {
  it('whether the call took the permit, and whether it still waits', async () => {
    const parker = new Parker([], 'a');
    const gate = deferred<number>();
    const call = run(parker).execute(() => gate.promise);
    const parked = parker.parked as GuardedCall;
    expect(parked.waits).toBe(true);
    expect(parked.admit(parker.permit)).toBe(true);
    expect(parked.waits).toBe(false);
    expect(parked.admit(parker.permit)).toBe(false);
    gate.resolve(1);
    await call;
    expect([parked.waits, parked.admit(parker.permit)]).toEqual([false, false]);
  });

  it('that a call whose caller has left takes the permit and gives it back, unrun', async () => {
    const log: Log = [];
    const caller = new AbortController();
    const parkers = ['a', 'b'].map(label => new Parker(log, label));
    const operation = vi.fn();
    const [first, second] = parkers.map(parker => run(parker).execute(operation, { signal: caller.signal }));
    // Its place has become free, and the next one has not yet heard that it is over.
    let admitted: boolean | undefined;
    parkers[0]!.withdraw = () => {
      admitted = parkers[1]!.parked!.admit(parkers[1]!.permit);
    };
    caller.abort('gone');
    expect(admitted).toBe(true);
    expect(log).toEqual(['exit b error gone']);
    const context = parkers[1]!.parked!;
    expect([context.signal.aborted, context.signal.reason]).toEqual([true, 'gone']);
    await expect(first).rejects.toBe('gone');
    await expect(second).rejects.toBe('gone');
    expect(operation).not.toHaveBeenCalled();
  });
});

describe('an operation that waited', () => {
  it('sees the async context of its caller', async () => {
    const request = new AsyncLocalStorage<string>();
    const parker = new Parker([], 'a');
    const call = request.run('caller', () => run(parker).execute(() => request.getStore()));
    request.run('room', () => parker.parked!.admit(parker.permit));
    await expect(call).resolves.toBe('caller');
  });
});

describe('a call with a record', () => {
  it('is refused by what a guard says against it, inside one that gives up and after a wait', async () => {
    const log: Log = [];
    const parker = new Parker(log, 'b');
    const waited = run(parker, new Recorder(log, 'c'), new Denier(log, 'd')).execute(() => 1);
    parker.parked!.admit(parker.permit);
    await expect(waited).rejects.toThrow('denied');
    expect(log).toEqual(['enter c', 'exit c error Error: denied', 'exit b error Error: denied']);
    log.length = 0;
    await expect(run(new Giver(log, 'a'), new Denier(log, 'b')).execute(() => 1)).rejects.toThrow('denied');
    expect(log).toEqual(['enter a', 'exit a error Error: denied']);
  });

  it('has no reason for being given up while it is not', async () => {
    const giver = new Giver([], 'a');
    await run(giver).execute(() => 1);
    const call = giver.call as unknown as CallContext;
    expect([call.cancelled, call.reason]).toEqual([false, undefined]);
  });

  it('tells what it leaves running of its caller, when it has ended', async () => {
    const caller = new AbortController();
    const giver = new Giver([], 'a');
    const heard = vi.fn();
    let left!: CallContext;
    const guards = run(giver);
    await guards.execute(
      context => {
        left = context as CallContext;
      },
      { signal: caller.signal },
    );
    left.onCancel(heard);
    expect(left.signal).toBe(caller.signal);
    caller.abort('gone');
    expect([heard.mock.calls.length, left.cancelled, left.reason]).toEqual([1, true, 'gone']);
    await guards.execute(context => {
      left = context as CallContext;
    });
    expect(left.signal.aborted).toBe(false);
  });

  it('knows that its caller has left before it was told', async () => {
    const caller = new AbortController();
    const seen: unknown[] = [];
    let inside: CallContext | undefined;
    // Listens before the call does, and so hears of it first.
    caller.signal.addEventListener('abort', () => {
      seen.push(inside!.signal.aborted, inside!.signal.reason);
    });
    const call = run(new Giver([], 'a')).execute(
      context => {
        inside = context as CallContext;
        return new Promise(() => {});
      },
      { signal: caller.signal },
    );
    caller.abort('gone');
    expect(seen).toEqual([true, 'gone']);
    await expect(call).rejects.toBe('gone');
  });
});
