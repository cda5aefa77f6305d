import { describe, expect, it, vi } from 'vitest';
import type { Guard } from '../../../src/kernel/policy.js';
import { Denier, deferred, type Log, Recorder, Refuser, run } from './recording-guards.js';

describe('a run of guards that admit at once', () => {
  it('enters outermost first and exits innermost first', async () => {
    const log: Log = [];
    const answer = await run(new Recorder(log, 'a'), new Recorder(log, 'b')).execute(() => {
      log.push('operation');
      return 7;
    });
    expect(answer).toBe(7);
    expect(log).toEqual(['enter a', 'enter b', 'operation', 'exit b ok 7', 'exit a ok 7']);
  });

  it('is the identity without guards', async () => {
    await expect(run().execute(async () => 'x')).resolves.toBe('x');
  });

  it('hands the refusal of a guard to the guards outside it, and runs nothing', async () => {
    const log: Log = [];
    const operation = vi.fn();
    const call = run(new Recorder(log, 'a'), new Refuser(log, 'b'), new Recorder(log, 'c')).execute(
      operation,
    );
    await expect(call).rejects.toThrow('refused');
    expect(operation).not.toHaveBeenCalled();
    expect(log).toEqual(['enter a', 'exit a error Error: refused']);
  });

  it('hands what a guard says against a call to the guards outside it, and runs nothing', async () => {
    const log: Log = [];
    const operation = vi.fn();
    const guards = run(new Recorder(log, 'a'), new Denier(log, 'b'), new Recorder(log, 'c'));
    await expect(guards.execute(operation)).rejects.toThrow('denied');
    await expect(guards.execute(operation, { key: 'k' })).rejects.toThrow('denied');
    expect(operation).not.toHaveBeenCalled();
    const once = ['enter a', 'exit a error Error: denied'];
    expect(log).toEqual([...once, ...once]);
  });

  it.each([undefined, null, 0, 'text', Object.freeze(new Error('frozen'))])(
    'passes a thrown %s through untouched, sync or async',
    async thrown => {
      const log: Log = [];
      const guards = run(new Recorder(log, 'a'));
      const sync = guards.execute(() => {
        throw thrown;
      });
      await sync.then(
        () => expect.unreachable(),
        error => expect(error).toBe(thrown),
      );
      await guards
        .execute(() => Promise.reject(thrown))
        .then(
          () => expect.unreachable(),
          error => expect(error).toBe(thrown),
        );
      expect(log.filter(line => line.startsWith('exit'))).toHaveLength(2);
    },
  );

  it('settles once for a thenable that settles twice, and for one whose then throws', async () => {
    const log: Log = [];
    const guards = run(new Recorder(log, 'a'));
    const twice = {
      then: (yes: (value: number) => void, no: (error: unknown) => void) => {
        yes(1);
        no(2);
        yes(3);
      },
    };
    const broken = {
      get then(): never {
        throw new Error('no then');
      },
    };
    await expect(guards.execute(() => twice as unknown as Promise<number>)).resolves.toBe(1);
    await expect(guards.execute(() => broken as unknown as Promise<number>)).rejects.toThrow('no then');
    expect(log.filter(line => line.startsWith('exit'))).toEqual([
      'exit a ok 1',
      'exit a error Error: no then',
    ]);
  });

  it('keeps the permits of concurrent calls apart when a guard hands out one for each', async () => {
    let made = 0;
    const seen: unknown[] = [];
    const guard: Guard<object> = {
      enter: () => ({ id: ++made }),
      exit: (permit, _ok, result) => seen.push([(permit as { id: number }).id, result]),
    };
    const gates = [deferred<string>(), deferred<string>()];
    const guards = run(guard, { enter: () => 'same', exit: () => {} } as unknown as Guard<object>);
    const calls = gates.map(gate => guards.execute(() => gate.promise));
    gates[1]!.resolve('second');
    await calls[1];
    gates[0]!.resolve('first');
    await calls[0];
    expect(seen).toEqual([
      [2, 'second'],
      [1, 'first'],
    ]);
  });

  it('keeps them apart when a guard changes the permit that it hands out, as at a new epoch', async () => {
    let epoch = 'first';
    const seen: unknown[] = [];
    const guard = {
      enter: () => epoch,
      exit: (permit: string, _ok: boolean, result: unknown) => {
        seen.push([permit, result]);
      },
    };
    const guards = run(guard as unknown as Guard<object>, new Recorder([], 'b'));
    await guards.execute(() => 0);
    const gates = [1, 2, 3].map(() => deferred<number>());
    const calls = gates.map((gate, i) => {
      epoch = i < 1 ? 'first' : 'second';
      return guards.execute(() => gate.promise);
    });
    gates.forEach((gate, i) => {
      gate.resolve(i + 1);
    });
    await Promise.all(calls);
    expect(seen).toEqual([
      ['first', 0],
      ['first', 1],
      ['second', 2],
      ['second', 3],
    ]);
  });

  it('rejects what is no function before any guard sees it', async () => {
    const log: Log = [];
    const call = run(new Recorder(log, 'a')).execute(undefined as never);
    await expect(call).rejects.toThrow(
      new TypeError('execute: the operation must be a function, got undefined'),
    );
    expect(log).toEqual([]);
  });

  it('rejects bad call options with the name of the option', async () => {
    await expect(run().execute(() => 1, { timeoutMs: Number.NaN })).rejects.toThrow(/timeoutMs.*NaN/);
  });

  it('does not start a call whose caller has given up already', async () => {
    const log: Log = [];
    const reason = new Error('left');
    const call = run(new Recorder(log, 'a')).execute(() => 1, { signal: AbortSignal.abort(reason) });
    await expect(call).rejects.toBe(reason);
    expect(log).toEqual([]);
  });

  it('reports a guard that fails at the exit and lets the others have their permits back', async () => {
    const log: Log = [];
    const report = vi.spyOn(console, 'error').mockImplementation(() => {});
    const broken: Guard<object> = {
      enter: () => ({}),
      exit: () => {
        throw new Error('broken exit');
      },
    };
    await expect(run(new Recorder(log, 'a'), broken).execute(() => 1)).resolves.toBe(1);
    expect(log).toEqual(['enter a', 'exit a ok 1']);
    const told = 'keelson: a guard failed while a call left it';
    expect(report.mock.calls).toEqual([[told, new Error('broken exit')]]);
    report.mockRestore();
  });
});
