import { describe, expect, it } from 'vitest';
import { runProgram } from './child-program.js';

const preamble = `import { pipeline, Timeout } from 'keelson';`;

describe('a process with a Timeout', { timeout: 60_000 }, () => {
  it('ends by itself when no call waits', async () => {
    const end = await runProgram(`${preamble}
      const timeout = new Timeout({ timeoutMs: 60_000 });
      await timeout.execute(() => 1);
      await timeout.execute(() => new Promise(resolve => setTimeout(resolve, 20)));
      await timeout.execute(() => new Promise(resolve => setTimeout(resolve, 20)), { timeoutMs: 30_000 });
      await timeout.execute(() => Promise.reject(1)).catch(() => {});
      console.log(process.getActiveResourcesInfo().filter(kind => kind === 'Timeout').length);
    `);
    expect(end).toMatchObject({ code: 0, stderr: '' });
    expect(end.stdout.trim()).toBe('0');
    expect(end.elapsedMs).toBeLessThan(10_000);
  });

  it.each([
    ['its own span', 'new Timeout({ timeoutMs: 150 })', 'undefined'],
    ['the deadline of the call', 'new Timeout({ timeoutMs: 60_000 })', '{ timeoutMs: 150 }'],
  ])('lives until a call that waits has been told: %s', async (_whose, timeout, options) => {
    const end = await runProgram(`${preamble}
      ${timeout}.execute(() => new Promise(() => {}), ${options}).catch(error => console.log(error.code));
    `);
    expect(end).toMatchObject({ code: 0, stderr: '' });
    expect(end.stdout.trim()).toBe('ERR_TIMEOUT');
  });

  it('warns of no overflow with spans beyond 2^31 - 1 ms, and does not fire after 1 ms', async () => {
    const end = await runProgram(`${preamble}
      const late = () => new Promise(resolve => setTimeout(resolve, 50, 'answer'));
      for (const timeoutMs of [2 ** 31, 2 ** 40, Infinity]) {
        console.log(await new Timeout({ timeoutMs }).execute(late));
        console.log(await new Timeout({ timeoutMs: Infinity }).execute(late, { timeoutMs }));
      }
    `);
    expect(end).toMatchObject({ code: 0, stderr: '' });
    expect(end.stdout.trim().split('\n')).toEqual(Array(6).fill('answer'));
  });
});
