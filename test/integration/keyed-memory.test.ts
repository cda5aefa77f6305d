import { describe, expect, it } from 'vitest';
import { runProgram } from './child-program.js';

const KEYS = 100_000;

const program = `
  import { CircuitBreaker, keyed } from 'keelson';
  const heap = async () => {
    for (let i = 0; i < 3; i++) {
      gc();
      await new Promise(resolve => setImmediate(resolve));
    }
    const { heapUsed, external, arrayBuffers } = process.memoryUsage();
    return heapUsed + external + arrayBuffers;
  };
  const breakers = keyed(
    name => new CircuitBreaker({ name, failureRatio: 0.5, window: { calls: 100 } }),
    { maxKeys: ${KEYS}, idleMs: 3_600_000 },
  );
  const call = async ({ key }) => key;
  // Code is compiled before it counts.
  for (let i = 0; i < 2_000; i++) await breakers.execute(call, { key: 'warm' });
  const before = await heap();
  for (let i = 0; i < ${KEYS}; i++) await breakers.execute(call, { key: 'tenant-' + i });
  const after = await heap();
  // As many again: each takes the room of one that is at rest.
  for (let i = 0; i < ${KEYS}; i++) await breakers.execute(call, { key: 'other-' + i });
  const again = await heap();
  const timers = process.getActiveResourcesInfo().filter(one => one === 'Timeout').length;
  console.log(JSON.stringify({
    size: breakers.size, bytes: after - before, more: again - after, timers,
  }));
`;

describe('keyed breakers', { timeout: 60_000 }, () => {
  it('are 100 000 in no more than 50 MB, and no more for as many keys again', async () => {
    const end = await runProgram(program, { nodeFlags: ['--expose-gc'], killAfterMs: 50_000 });
    expect(end).toMatchObject({ code: 0, stderr: '' });
    const { size, bytes, more, timers } = JSON.parse(end.stdout) as Record<string, number>;
    expect({ size, timers }).toEqual({ size: KEYS, timers: 0 });
    expect(bytes).toBeLessThan(50e6);
    // Each of them, keys of other lengths aside.
    expect(more! / KEYS).toBeLessThan(50);
  });
});
