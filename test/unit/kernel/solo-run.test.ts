import { describe, expect, it, vi } from 'vitest';
import type { CallContext } from '../../../src/kernel/context.js';
import { pipeline } from '../../../src/kernel/pipeline.js';
import type { Guard } from '../../../src/kernel/policy.js';
import { SoloRun } from '../../../src/kernel/solo-run.js';
import { VirtualClock } from '../../../src/testing/virtual-clock.js';
import { deferred } from './recording-guards.js';

/** A guard whose permit can be changed, as at a new epoch, and which can be closed. */
class Door {
  readonly log: string[] = [];
  permit: string | undefined = 'first';
  failing = false;

  enter(_call: CallContext): string | undefined {
    if (this.failing) throw new Error('enter fails');
    return this.permit;
  }

  refusal(): Error {
    return new Error('closed');
  }

  exit(permit: string, ok: boolean, result: unknown, call: CallContext): void {
    this.log.push(`${permit} ${ok ? 'ok' : 'error'} ${String(result)} ${call.key ?? '-'}`);
    if (result === 'fail the exit') throw new Error('exit fails');
  }
}

const make = () => {
  const door = new Door();
  return { door, run: new SoloRun(door, new VirtualClock({ nowMs: 100 })) };
};
const ways = [
  ['without options', undefined, '-'],
  ['with options', { key: 'k', timeoutMs: 50 }, 'k'],
] as const;

describe.each(ways)('a run of one guard, called %s', (_how, options, key) => {
  it('takes the permit back with what the operation answered or threw', async () => {
    const { door, run } = make();
    await expect(run.execute(() => 1, options)).resolves.toBe(1);
    await expect(run.execute(async () => 2, options)).resolves.toBe(2);
    const thrown = Object.freeze(new Error('x'));
    await expect(run.execute(() => Promise.reject(thrown), options)).rejects.toBe(thrown);
    const sync = run.execute(() => {
      throw undefined;
    }, options);
    await expect(sync).rejects.toBeUndefined();
    expect(door.log).toEqual([
      `first ok 1 ${key}`,
      `first ok 2 ${key}`,
      `first error Error: x ${key}`,
      `first error undefined ${key}`,
    ]);
  });

  it('gives each call’s own permit back when the guard changes it meanwhile', async () => {
    const { door, run } = make();
    const gates = [1, 2, 3].map(() => deferred<number>());
    const calls = gates.map((gate, i) => {
      door.permit = ['first', 'second', 'second'][i]!;
      return run.execute(() => gate.promise, options);
    });
    const changing = run.execute(() => {
      door.permit = 'third';
      return 4;
    }, options);
    gates.toReversed().forEach((gate, i) => {
      gate.resolve(3 - i);
    });
    await Promise.all([...calls, changing]);
    expect(door.log.toSorted()).toEqual([
      `first ok 1 ${key}`,
      `second ok 2 ${key}`,
      `second ok 3 ${key}`,
      `second ok 4 ${key}`,
    ]);
  });

  it('refuses with what the guard says, or throws, and runs nothing', async () => {
    const { door, run } = make();
    const operation = vi.fn();
    door.permit = undefined;
    await expect(run.execute(operation, options)).rejects.toThrow('closed');
    door.failing = true;
    await expect(run.execute(operation, options)).rejects.toThrow('enter fails');
    expect(operation).not.toHaveBeenCalled();
    expect(door.log).toEqual([]);
  });

  it('answers though the guard fails when the call leaves', async () => {
    const report = vi.spyOn(console, 'error').mockImplementation(() => {});
    const { run } = make();
    await expect(run.execute(() => 'fail the exit', options)).resolves.toBe('fail the exit');
    expect(report).toHaveBeenCalledOnce();
    report.mockRestore();
  });

  it('tells the guard nothing of an operation that is no function', async () => {
    const { door, run } = make();
    await expect(run.execute(7 as never, options)).rejects.toThrow(
      'execute: the operation must be a function, got number',
    );
    expect(door.log).toEqual([]);
  });

  it('gives the permit back when the answer cannot be looked at', async () => {
    const { door, run } = make();
    const hostile = Promise.resolve(1);
    void Object.defineProperty(hostile, 'constructor', {
      get() {
        throw new Error('hostile');
      },
    });
    await expect(run.execute(() => hostile, options)).rejects.toThrow('hostile');
    expect(door.log).toEqual([`first error Error: hostile ${key}`]);
  });
});

describe('a run of one guard', () => {
  it('hands the operation what the caller said', async () => {
    const { run } = make();
    await expect(run.execute(context => [context.key, context.deadline], ways[1][1])).resolves.toEqual([
      'k',
      150,
    ]);
  });

  it('does not start for a caller who has given up, nor with bad options', async () => {
    const { door, run } = make();
    const enter = vi.spyOn(door, 'enter');
    await expect(run.execute(() => 1, { signal: AbortSignal.abort('gone') })).rejects.toBe('gone');
    await expect(run.execute(() => 1, { timeoutMs: -1 })).rejects.toThrow(RangeError);
    expect(enter).not.toHaveBeenCalled();
  });
});

describe('a call that a listener gives up while it is admitted', () => {
  const admitting = (act: () => void) => {
    const door = new Door();
    const enter = door.enter.bind(door);
    door.enter = call => {
      act();
      return enter(call);
    };
    return door;
  };

  it('does not run, gives its permit back and fails with the reason', async () => {
    const caller = new AbortController();
    const door = admitting(() => caller.abort('too late'));
    const other = new Door();
    const operation = vi.fn();
    const solo = new SoloRun(door, new VirtualClock());
    await expect(solo.execute(operation, { signal: caller.signal })).rejects.toBe('too late');
    expect([operation.mock.calls.length, door.log]).toEqual([0, ['first error too late -']]);

    const later = new AbortController();
    const fused = pipeline(other as Guard, admitting(() => later.abort('later')) as Guard);
    await expect(fused.execute(operation, { signal: later.signal })).rejects.toBe('later');
    expect([operation.mock.calls.length, other.log]).toEqual([0, ['first error later -']]);
  });
});

describe('a run of one guard that takes nothing back', () => {
  const enter = vi.fn((): true => true);
  const exit = vi.fn();
  const run = new SoloRun({ oneWay: true, enter, exit }, new VirtualClock({ nowMs: 100 }));

  it('lets calls in and hands on what they end with', async () => {
    const answer = Promise.resolve(1);
    expect(run.execute(() => answer)).toBe(answer);
    await expect(run.execute(() => 2)).resolves.toBe(2);
    const thrown = new Error('x');
    const failing = (): never => {
      throw thrown;
    };
    await expect(run.execute(failing)).rejects.toBe(thrown);
    expect(enter).toHaveBeenCalledTimes(3);
    expect(exit).not.toHaveBeenCalled();
  });
});
