import { describe, expect, it, vi } from 'vitest';
import type { Context } from '../../../src/kernel/context.js';
import type { Guard } from '../../../src/kernel/policy.js';
import { deferred, Giver, type Log, Parker, Recorder, run } from './recording-guards.js';

describe('a run with a guard that parks', () => {
  it('starts the operation in the turn of the admission and leaves in order', async () => {
    const log: Log = [];
    const parker = new Parker(log, 'b');
    const call = run(new Recorder(log, 'a'), parker, new Recorder(log, 'c')).execute(() => {
      log.push('operation');
      return 1;
    });
    expect(log).toEqual(['enter a']);
    parker.parked!.admit(parker.permit);
    expect(log).toEqual(['enter a', 'enter c', 'operation']);
    parker.parked!.admit(parker.permit);
    parker.parked!.refuse(new Error('too late'));
    await expect(call).resolves.toBe(1);
    expect(log.slice(3)).toEqual(['exit c ok 1', 'exit b ok 1', 'exit a ok 1']);
  });

  it('rejects with what the guard refuses, at the wait or later', async () => {
    const log: Log = [];
    const parker = new Parker(log, 'b');
    const call = run(new Recorder(log, 'a'), parker).execute(() => 1);
    parker.parked!.refuse(new Error('no'));
    await expect(call).rejects.toThrow('no');
    const full: Guard<object> = {
      enter: () => undefined,
      wait() {
        throw new Error('full');
      },
      exit: () => {},
    };
    await expect(run(new Recorder(log, 'a'), full).execute(() => 1)).rejects.toThrow('full');
    expect(log.filter(line => line.startsWith('exit'))).toEqual([
      'exit a error Error: no',
      'exit a error Error: full',
    ]);
  });

  it('withdraws from the line in the turn in which the caller gives up', async () => {
    const log: Log = [];
    const parker = new Parker(log, 'b');
    const caller = new AbortController();
    const operation = vi.fn();
    const call = run(new Recorder(log, 'a'), parker).execute(operation, { signal: caller.signal });
    caller.abort('gone');
    expect(log).toEqual(['enter a', 'withdraw b', 'exit a error gone']);
    expect(parker.withdrawn).toBe('ticket');
    parker.parked!.admit(parker.permit);
    await expect(call).rejects.toBe('gone');
    expect(operation).not.toHaveBeenCalled();
  });

  it('parks a second time when the next guard waits as well', async () => {
    const log: Log = [];
    const first = new Parker(log, 'a');
    const second = new Parker(log, 'b');
    const call = run(first, second).execute(() => 1);
    first.parked!.admit(first.permit);
    second.parked!.admit(second.permit);
    await expect(call).resolves.toBe(1);
    expect(log).toEqual(['exit b ok 1', 'exit a ok 1']);
  });

  it('gives an admitted call its own signal, which follows the caller', async () => {
    const parker = new Parker([], 'a');
    const caller = new AbortController();
    const call = run(parker).execute(
      context =>
        new Promise((_, no) => context.signal.addEventListener('abort', () => no(context.signal.reason))),
      { signal: caller.signal },
    );
    parker.parked!.admit(parker.permit);
    caller.abort('gone');
    await expect(call).rejects.toBe('gone');
  });
});

describe('a run with a guard that gives up', () => {
  it('serves call after call, and each gives back what it was handed', async () => {
    const log: Log = [];
    const guards = run(new Giver(log, 'a'), new Recorder(log, 'b'));
    for (const answer of [1, 2]) {
      log.length = 0;
      await expect(guards.execute(() => answer)).resolves.toBe(answer);
      expect(log).toEqual(['enter a', 'enter b', `exit b ok ${answer}`, `exit a ok ${answer}`]);
    }
  });

  it('settles the guards outside at once and the guards inside when the operation ends', async () => {
    const log: Log = [];
    const giver = new Giver(log, 'b');
    const gate = deferred<string>();
    const call = run(new Recorder(log, 'a'), giver, new Recorder(log, 'c')).execute(() => gate.promise);
    giver.call!.giveUp('late');
    giver.call!.giveUp('later');
    expect(log.slice(3)).toEqual(['exit b error late', 'exit a error late']);
    await expect(call).rejects.toBe('late');
    gate.resolve('done');
    await gate.promise;
    expect(log.slice(5)).toEqual(['exit c ok done']);
  });

  it('aborts the signal with the error, also one that is read only afterwards', async () => {
    const giver = new Giver([], 'a');
    let context: Context | undefined;
    const call = run(giver).execute(given => {
      context = given;
      return new Promise(() => {});
    });
    giver.call!.giveUp('late');
    expect(context!.signal.aborted).toBe(true);
    expect(context!.signal.reason).toBe('late');
    await expect(call).rejects.toBe('late');
  });

  it('gives up on a parked call further inside', async () => {
    const log: Log = [];
    const giver = new Giver(log, 'a');
    const parker = new Parker(log, 'b');
    const call = run(giver, parker).execute(() => 1);
    giver.call!.giveUp('late');
    expect(log).toEqual(['enter a', 'withdraw b', 'exit a error late']);
    await expect(call).rejects.toBe('late');
  });

  it('hands all permits back when it is given up amid the guards', async () => {
    const log: Log = [];
    const giver = new Giver(log, 'a');
    const sudden = new Recorder(log, 'b');
    sudden.enter = () => {
      giver.call!.giveUp('now');
      return sudden.permit;
    };
    const operation = vi.fn();
    await expect(run(giver, sudden).execute(operation)).rejects.toBe('now');
    expect(operation).not.toHaveBeenCalled();
    expect(log).toEqual(['enter a', 'exit b error now', 'exit a error now']);
  });

  it('answers a caller that gives up while the operation runs on', async () => {
    const log: Log = [];
    const caller = new AbortController();
    const call = run(new Giver(log, 'a'), new Recorder(log, 'b')).execute(() => new Promise(() => {}), {
      signal: caller.signal,
    });
    caller.abort('gone');
    expect(log.slice(2)).toEqual(['exit a error gone']);
    await expect(call).rejects.toBe('gone');
  });

  it('consumes the late rejection of an operation that was given up', async () => {
    const giver = new Giver([], 'a');
    const gate = deferred<never>();
    const call = run(giver).execute(() => gate.promise);
    giver.call!.giveUp('late');
    await expect(call).rejects.toBe('late');
    gate.reject(new Error('nobody hears this'));
    await gate.promise.catch(() => {});
  });

  it('cancels without settling where the guard asks for that', async () => {
    const giver = new Giver([], 'a');
    const gate = deferred<string>();
    let signal: AbortSignal | undefined;
    const call = run(giver).execute(context => {
      signal = context.signal;
      return gate.promise;
    });
    giver.call!.cancel('hurry');
    expect(signal!.aborted).toBe(true);
    gate.resolve('in the end');
    await expect(call).resolves.toBe('in the end');
  });

  it('leaves no listener on a signal that outlives the call', async () => {
    const caller = new AbortController();
    const add = vi.spyOn(caller.signal, 'addEventListener');
    const remove = vi.spyOn(caller.signal, 'removeEventListener');
    let kept: Context | undefined;
    await run(new Giver([], 'a')).execute(
      context => {
        kept = context;
        return context.signal.aborted;
      },
      { signal: caller.signal },
    );
    expect(add).toHaveBeenCalledOnce();
    expect(remove).toHaveBeenCalledOnce();
    // A context that is read after its call links to nothing any more.
    expect(kept!.signal.aborted).toBe(false);
    expect(add).toHaveBeenCalledOnce();
  });

  it('never aborts the signal of a call that succeeded', async () => {
    const giver = new Giver([], 'a');
    let signal: AbortSignal | undefined;
    await run(giver).execute(context => {
      signal = context.signal;
    });
    giver.call!.giveUp('too late');
    expect(signal!.aborted).toBe(false);
  });
});
