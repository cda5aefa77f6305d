import { describe, expect, it, vi } from 'vitest';
import type { Guard, ParkedCall } from '../../../src/kernel/policy.js';
import { deferred, Giver, type Log, Parker, Recorder, run } from './recording-guards.js';

/** Aborts the caller when a call enters. */
function aborting(caller: AbortController, log: Log, label: string): Recorder {
  const guard = new Recorder(log, label);
  guard.enter = () => {
    log.push(`enter ${label}`);
    caller.abort('gone');
    return guard.permit;
  };
  return guard;
}

describe('a call that is given up before it can wait', () => {
  it('joins no line when its caller gave up while it entered', async () => {
    const log: Log = [];
    const caller = new AbortController();
    const parker = new Parker(log, 'b');
    const call = run(aborting(caller, log, 'a'), parker).execute(() => 1, { signal: caller.signal });
    await expect(call).rejects.toBe('gone');
    expect(parker.parked).toBeUndefined();
    expect(log).toEqual(['enter a', 'exit a error gone']);
  });

  it('joins no second line when its caller gave up at the end of the first wait', async () => {
    const log: Log = [];
    const caller = new AbortController();
    const first = new Parker(log, 'a');
    const second = new Parker(log, 'c');
    const operation = vi.fn();
    const call = run(first, aborting(caller, log, 'b'), second).execute(operation, {
      signal: caller.signal,
    });
    first.parked!.admit(first.permit);
    await expect(call).rejects.toBe('gone');
    expect(second.parked).toBeUndefined();
    expect(operation).not.toHaveBeenCalled();
    expect(log).toEqual(['enter b', 'exit b error gone', 'exit a error gone']);
  });

  it('joins no line when a guard outside gave up in the `enter` of the one that parks', async () => {
    const log: Log = [];
    const giver = new Giver(log, 'a');
    const parker = new Parker(log, 'b');
    parker.enter = () => {
      giver.call!.giveUp('now');
      return undefined;
    };
    await expect(run(giver, parker).execute(() => 1)).rejects.toBe('now');
    expect(parker.parked).toBeUndefined();
    expect(log).toEqual(['enter a', 'exit a error now']);
  });

  it('starts no operation that was cancelled amid the guards', async () => {
    const log: Log = [];
    const giver = new Giver(log, 'a');
    const sudden = new Recorder(log, 'b');
    sudden.enter = () => {
      giver.call!.cancel('no need');
      return sudden.permit;
    };
    const operation = vi.fn();
    await expect(run(giver, sudden).execute(operation)).rejects.toBe('no need');
    expect(operation).not.toHaveBeenCalled();
    expect(log).toEqual(['enter a', 'exit b error no need', 'exit a error no need']);
  });

  it('hands back what it holds when the guard inside throws after it was given up', async () => {
    const log: Log = [];
    const giver = new Giver(log, 'a');
    const sudden = new Recorder(log, 'b');
    sudden.enter = () => {
      giver.call!.giveUp('now');
      throw new Error('also');
    };
    await expect(run(giver, sudden).execute(() => 1)).rejects.toBe('now');
    expect(log).toEqual(['enter a', 'exit a error Error: also']);
  });
});

describe('a call that is given up while it waits', () => {
  it('leaves the line when it is only cancelled, for no operation could heed the signal', async () => {
    const log: Log = [];
    const giver = new Giver(log, 'a');
    const parker = new Parker(log, 'b');
    const call = run(giver, parker).execute(() => 1);
    giver.call!.cancel('late');
    await expect(call).rejects.toBe('late');
    expect(log).toEqual(['enter a', 'withdraw b', 'exit a error late']);
  });

  it('is withdrawn with its ticket when it was given up before `wait` had returned one', async () => {
    const log: Log = [];
    const caller = new AbortController();
    const parker = new Parker(log, 'a');
    parker.wait = () => {
      caller.abort('gone');
      return 'late ticket';
    };
    const call = run(parker).execute(() => 1, { signal: caller.signal });
    await expect(call).rejects.toBe('gone');
    expect(parker.withdrawn).toBe('late ticket');
    expect(log).toEqual(['withdraw a']);
  });

  it('is withdrawn by a guard whose tickets are undefined', async () => {
    const log: Log = [];
    const caller = new AbortController();
    const parker = new Parker(log, 'a');
    parker.wait = () => undefined as never;
    const call = run(parker).execute(() => 1, { signal: caller.signal });
    caller.abort('gone');
    await expect(call).rejects.toBe('gone');
    expect(log).toEqual(['withdraw a']);
  });

  it('is not withdrawn by a guard that has refused it itself', async () => {
    const log: Log = [];
    const parker = new Parker(log, 'a');
    parker.wait = call => {
      call.refuse(new Error('full'));
      return 'ticket';
    };
    await expect(run(parker).execute(() => 1)).rejects.toThrow('full');
    expect(log).toEqual([]);
  });

  it('is answered though the guard fails to withdraw it', async () => {
    const report = vi.spyOn(console, 'error').mockImplementation(() => {});
    const log: Log = [];
    const caller = new AbortController();
    const parker = new Parker(log, 'b');
    parker.withdraw = () => {
      throw new Error('broken withdraw');
    };
    const call = run(new Recorder(log, 'a'), parker).execute(() => 1, { signal: caller.signal });
    caller.abort('gone');
    await expect(call).rejects.toBe('gone');
    expect(log).toEqual(['enter a', 'exit a error gone']);
    const told = 'keelson: a guard failed while a call left its line';
    expect(report.mock.calls).toEqual([[told, new Error('broken withdraw')]]);
    report.mockRestore();
  });

  it('is withdrawn once, whatever the guard calls back meanwhile', async () => {
    const log: Log = [];
    const giver = new Giver(log, 'a');
    const parker = new Parker(log, 'b');
    parker.withdraw = () => {
      log.push('withdraw b');
      giver.call!.giveUp('again');
      parker.parked!.refuse('again');
      parker.parked!.admit(parker.permit);
    };
    const operation = vi.fn();
    const call = run(giver, parker).execute(operation);
    giver.call!.giveUp('late');
    await expect(call).rejects.toBe('late');
    expect(operation).not.toHaveBeenCalled();
    expect(log).toEqual(['enter a', 'withdraw b', 'exit a error late']);
  });

  it('needs no `withdraw` of the guard', async () => {
    const report = vi.spyOn(console, 'error').mockImplementation(() => {});
    const caller = new AbortController();
    const parker: Guard<object> = { enter: () => undefined, wait: () => 1, exit: () => {} };
    const call = run(parker).execute(() => 1, { signal: caller.signal });
    caller.abort('gone');
    await expect(call).rejects.toBe('gone');
    expect(report).not.toHaveBeenCalled();
    report.mockRestore();
  });
});

describe('a guard that parks', () => {
  it('may admit before `wait` returns', async () => {
    const log: Log = [];
    const parker = new Parker(log, 'a');
    parker.wait = call => {
      call.admit(parker.permit);
      return 'needless';
    };
    await expect(run(parker).execute(() => 7)).resolves.toBe(7);
    expect(log).toEqual(['exit a ok 7']);
  });

  it('cannot refuse the wait of the next guard by throwing after it has admitted', async () => {
    const report = vi.spyOn(console, 'error').mockImplementation(() => {});
    const log: Log = [];
    const first = new Parker(log, 'a');
    const second = new Parker(log, 'b');
    first.wait = call => {
      call.admit(first.permit);
      throw new Error('too late');
    };
    const call = run(first, second).execute(() => 7);
    const told = 'keelson: a guard failed after it had admitted a call';
    expect(report.mock.calls).toEqual([[told, new Error('too late')]]);
    second.parked!.admit(second.permit);
    await expect(call).resolves.toBe(7);
    expect(log).toEqual(['exit b ok 7', 'exit a ok 7']);
    report.mockRestore();
  });

  it('is told when it admits nobody and knows no wait', async () => {
    const log: Log = [];
    const forgetful: Guard<object> = { enter: () => undefined, exit: () => log.push('exit') };
    const call = run(new Recorder(log, 'a'), forgetful).execute(() => 1);
    await expect(call).rejects.toThrow(/guard.*`enter`.*permit.*`wait`/);
    expect(log[1]).toMatch(/^exit a error TypeError/);
  });

  it('parks calls of one run side by side, each with its own permits', async () => {
    const exits: unknown[] = [];
    const parked: ParkedCall<object>[] = [];
    const parker: Guard<object> = {
      enter: () => undefined,
      wait: call => parked.push(call),
      exit: (permit, _ok, result) => exits.push([permit, result]),
    };
    const guards = run(parker, { enter: () => ({}), exit: () => {} });
    const gates = [deferred<string>(), deferred<string>()];
    const calls = gates.map(gate => guards.execute(() => gate.promise));
    parked[1]!.admit({ id: 1 });
    parked[0]!.admit({ id: 0 });
    gates[0]!.resolve('first');
    gates[1]!.resolve('second');
    await Promise.all(calls);
    expect(exits).toEqual([
      [{ id: 0 }, 'first'],
      [{ id: 1 }, 'second'],
    ]);
  });
});

describe('a call that runs', () => {
  it('keeps the signal of a success unaborted, whoever cancels later', async () => {
    const giver = new Giver([], 'a');
    let signal: AbortSignal | undefined;
    await run(giver).execute(context => {
      signal = context.signal;
    });
    giver.call!.cancel('too late');
    expect(signal!.aborted).toBe(false);
  });

  it('tells a parked call without a giver of its caller, and waits for the operation', async () => {
    const log: Log = [];
    const caller = new AbortController();
    const parker = new Parker(log, 'a');
    const gate = deferred<string>();
    const seen: unknown[] = [];
    const call = run(parker).execute(
      context => {
        (context as ParkedCall & { onCancel(heard: () => void): void }).onCancel(() => {
          seen.push('heard');
        });
        return gate.promise;
      },
      { signal: caller.signal },
    );
    parker.parked!.admit(parker.permit);
    caller.abort('gone');
    expect(seen).toEqual(['heard']);
    expect(log).toEqual([]);
    gate.resolve('done all the same');
    await expect(call).resolves.toBe('done all the same');
  });

  it('returns the permits when looking at the answer throws', async () => {
    const log: Log = [];
    const hostile = Promise.resolve(1);
    void Object.defineProperty(hostile, 'constructor', {
      get() {
        throw new Error('hostile');
      },
    });
    await expect(run(new Recorder(log, 'a')).execute(() => hostile)).rejects.toThrow('hostile');
    await expect(run(new Giver(log, 'b')).execute(() => hostile)).rejects.toThrow('hostile');
    expect(log).toEqual(['enter a', 'exit a error Error: hostile', 'enter b', 'exit b error Error: hostile']);
  });

  it('tells its guards and its operation of being given up', async () => {
    const giver = new Giver([], 'a');
    const call = run(giver).execute(() => new Promise(() => {}), { signal: new AbortController().signal });
    const told = giver.call as unknown as { cancelled: boolean; reason: unknown; cancellable: boolean };
    expect([told.cancellable, told.cancelled, told.reason]).toEqual([true, false, undefined]);
    giver.call!.giveUp('late');
    expect([told.cancelled, told.reason]).toEqual([true, 'late']);
    await expect(call).rejects.toBe('late');
  });
});
