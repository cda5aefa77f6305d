import { describe, expect, it, vi } from 'vitest';
import { pipeline, wrap } from '../../../src/kernel/pipeline.js';
import type { Operation } from '../../../src/kernel/policy.js';
import { type Log, Recorder } from './recording-guards.js';

describe('wrap', () => {
  it('hands the context first and the arguments after it, at each call anew', async () => {
    const keys: unknown[] = [];
    const add = wrap(pipeline(), ({ attempt, key }, a: number, b?: number, ...more: number[]) => {
      keys.push([attempt, key]);
      return more.reduce((sum, n) => sum + n, a + (b ?? 10));
    });
    await expect(add(1)).resolves.toBe(11);
    await expect(add(1, 2)).resolves.toBe(3);
    await expect(add(1, 2, 3, 4)).resolves.toBe(10);
    expect(keys).toEqual(Array.from({ length: 3 }, () => [1, undefined]));
  });

  it('runs each call through the policy', async () => {
    const log: Log = [];
    const call = wrap(pipeline(new Recorder(log, 'a')), (_, text: string) => text.toUpperCase());
    await Promise.all([call('x'), call('y')]);
    expect(log).toEqual(['enter a', 'enter a', 'exit a ok X', 'exit a ok Y']);
  });

  it('rejects when the operation throws, and when it rejects', async () => {
    const error = new Error('why');
    const sync = wrap(pipeline(), () => {
      throw error;
    });
    await expect(sync()).rejects.toBe(error);
    await expect(wrap(pipeline(), () => Promise.reject(error))()).rejects.toBe(error);
  });

  it('keeps the receiver of `execute`', async () => {
    class Counting {
      calls = 0;
      execute<T>(operation: Operation<T>): Promise<T> {
        this.calls++;
        return pipeline().execute(operation);
      }
    }
    const policy = new Counting();
    await wrap(policy, () => 1)();
    expect(policy.calls).toBe(1);
  });

  it('refuses at once what is no policy or no function', () => {
    const make = wrap as (policy: unknown, operation: unknown) => unknown;
    for (const bad of [undefined, null, {}, { execute: 5 }]) {
      expect(() => make(bad, () => 1)).toThrow(new TypeError('wrap: the first argument must be a policy'));
    }
    const log: Log = [];
    const policy = pipeline(new Recorder(log, 'a'));
    expect(() => make(policy, undefined)).toThrow(TypeError);
    expect(() => make(policy, 'op')).toThrow(/wrap: the operation must be a function, got string/);
    expect(log).toEqual([]);
  });

  it('calls the operation once for each call, and not before', async () => {
    const operation = vi.fn(() => 1);
    const call = wrap(pipeline(), operation);
    expect(operation).not.toHaveBeenCalled();
    await call();
    expect(operation).toHaveBeenCalledOnce();
  });
});
