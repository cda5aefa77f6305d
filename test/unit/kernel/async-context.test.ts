import { AsyncLocalStorage } from 'node:async_hooks';
import { afterEach, describe, expect, it, vi } from 'vitest';
import type { Guard, ParkedCall } from '../../../src/kernel/policy.js';
import { run } from './recording-guards.js';

class Line implements Guard<true> {
  readonly parked: ParkedCall<true>[] = [];

  enter(): undefined {
    return undefined;
  }

  wait(call: ParkedCall<true>): number {
    return this.parked.push(call);
  }

  exit(): void {}
}

describe('an operation that waited', () => {
  it('sees the async context of its own caller, not of whoever made room', async () => {
    const request = new AsyncLocalStorage<string>();
    const first = new Line();
    const second = new Line();
    const guards = run(first as unknown as Guard<object>, second as unknown as Guard<object>);
    const start = (id: string): Promise<unknown> =>
      request.run(id, () =>
        guards.execute(async () => {
          const atStart = request.getStore();
          await null;
          return [atStart, request.getStore()];
        }),
      );
    const calls = ['a', 'b', 'c'].map(start);
    request.run('room', () => {
      for (const call of [...first.parked].reverse()) call.admit(true);
    });
    request.run('more room', () => {
      for (const call of second.parked) call.admit(true);
    });
    await expect(Promise.all(calls)).resolves.toEqual([
      ['a', 'a'],
      ['b', 'b'],
      ['c', 'c'],
    ]);
    expect(request.getStore()).toBeUndefined();
  });

  it('leaves whoever made room in its own context', async () => {
    const request = new AsyncLocalStorage<string>();
    const line = new Line();
    const call = request.run('caller', () => run(line as unknown as Guard<object>).execute(() => 1));
    const seen = request.run('room', () => {
      line.parked[0]!.admit(true);
      return request.getStore();
    });
    expect(seen).toBe('room');
    await call;
  });
});

describe('captureScope', () => {
  afterEach(() => {
    vi.unstubAllGlobals();
    vi.resetModules();
  });

  const hosts: readonly (readonly [string, unknown])[] = [
    ['no process', undefined],
    ['a process that knows no getBuiltinModule', {}],
    ['a process without that module', { getBuiltinModule: () => undefined }],
  ];
  it.each(hosts)('has nothing to capture with %s, and calls are parked all the same', async (_what, host) => {
    vi.resetModules();
    vi.stubGlobal('process', host);
    const { captureScope } = await import('../../../src/kernel/async-context.js');
    expect(captureScope()).toBeUndefined();
    const { GuardRun } = await import('../../../src/kernel/guard-run.js');
    const line = new Line();
    const call = new GuardRun([line]).execute(() => 7);
    line.parked[0]!.admit(true);
    await expect(call).resolves.toBe(7);
  });

  it('looks for the runtime’s means once', async () => {
    vi.resetModules();
    const { getBuiltinModule } = process;
    const look = vi.fn(getBuiltinModule);
    vi.stubGlobal('process', { getBuiltinModule: look });
    const { captureScope } = await import('../../../src/kernel/async-context.js');
    expect(captureScope()).toBeDefined();
    expect(captureScope()).toBeDefined();
    expect(look).toHaveBeenCalledOnce();
  });
});
