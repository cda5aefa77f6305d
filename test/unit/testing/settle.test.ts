import { afterEach, describe, expect, it, vi } from 'vitest';
import { settle } from '../../../src/testing/settle.js';

afterEach(() => {
  vi.unstubAllGlobals();
  vi.useRealTimers();
  vi.resetModules();
});

async function hops(count: number, done: () => void): Promise<void> {
  for (let hop = 0; hop < count; hop++) await undefined;
  done();
}

describe('settle', () => {
  it('waits for chains of promises of any length', async () => {
    let done = false;
    void hops(10_000, () => {
      done = true;
    });
    await settle();
    expect(done).toBe(true);
  });

  it('lets as many turns pass as it is told', async () => {
    let turns = 0;
    setImmediate(() => {
      turns++;
      setImmediate(() => turns++);
    });
    await settle();
    expect(turns).toBe(1);
    await settle(2);
    expect(turns).toBe(2);
  });

  it('is not stopped by fake timers', async () => {
    vi.useFakeTimers({ toFake: ['setImmediate', 'setTimeout'] });
    await expect(settle()).resolves.toBeUndefined();
  });

  it('works on a runtime without setImmediate', async () => {
    vi.stubGlobal('setImmediate', undefined);
    const portable = await import('../../../src/testing/settle.js');
    vi.unstubAllGlobals();
    expect(portable.settle).not.toBe(settle);
    let done = false;
    void hops(1_000, () => {
      done = true;
    });
    await portable.settle(2);
    expect(done).toBe(true);
  });
});
