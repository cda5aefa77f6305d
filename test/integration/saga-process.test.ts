import { expect, it } from 'vitest';
import { runProgram } from './child-program.js';

const program = (then: string): string => `
  import { defineSaga, InMemorySagaStore, SagaOrchestrator } from 'keelson/saga';
  const sleep = ms => new Promise(resolve => setTimeout(resolve, ms));
  const saga = defineSaga('s')
    .step('a', { forward: () => sleep(300).then(() => 'A'), compensate: 'nothing' })
    .step('b', { forward: () => console.log('b'), compensate: 'nothing' });
  const sagas = new SagaOrchestrator({ store: new InMemorySagaStore(), definitions: [saga] });
  ${then}
`;

it('a process that only starts sagas, for others to drive, ends', async () => {
  const end = await runProgram(program(`await sagas.start(saga, {}); console.log('started');`));
  expect(end).toMatchObject({ code: 0, stdout: 'started\n', stderr: '' });
  expect(end.elapsedMs).toBeLessThan(10_000);
});

it('a process that drives sagas lives until it is closed, and no longer', async () => {
  const driven = `
    await sagas.work();
    const outputs = await sagas.run(saga, {});
    console.log(outputs.a);
    await sagas.start(saga, {});
    await sleep(50);
    await sagas.close();
    console.log('closed');
  `;
  const end = await runProgram(program(driven));
  // The second saga ends the step that ran, and begins no other.
  expect(end).toMatchObject({ code: 0, stdout: 'b\nA\nclosed\n', stderr: '' });
  expect(end.elapsedMs).toBeLessThan(10_000);
});

it('a process that waits for work goes on waiting', async () => {
  const end = await runProgram(program('await sagas.work();'), { killAfterMs: 3_000 });
  expect(end.code).toBe(null);
});
