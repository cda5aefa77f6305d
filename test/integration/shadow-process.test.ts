import { expect, it } from 'vitest';
import { runProgram } from './child-program.js';

const program = (ratio: number) => `
  import { Bulkhead, shadow } from 'keelson';
  const guard = shadow(new Bulkhead({ slots: 1, queue: 10 }));
  const sleep = ms => new Promise(resolve => setTimeout(resolve, ms));
  guard.execute(() => sleep(150));
  guard.execute(() => sleep(100));
  guard.enforceRatio = ${ratio};
  if (${ratio} > 0) guard.execute(() => console.log('let in'));
`;

it('a process lives until a call is let in that waits behind one that only watches', async () => {
  const end = await runProgram(program(1));
  expect(end).toMatchObject({ code: 0, stderr: '' });
  expect(end.stdout.trim()).toBe('let in');
});

it('a process does not live for a permit that nobody can wait for', async () => {
  const { code, stdout, elapsedMs } = await runProgram(program(0).replace('sleep(100)', 'sleep(140)'));
  expect([code, stdout]).toEqual([0, '']);
  expect(elapsedMs).toBeLessThan(10_000);
});
