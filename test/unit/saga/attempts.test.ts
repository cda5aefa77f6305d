import { expect, it } from 'vitest';
import { defineSaga } from '../../../src/saga/definition.js';
import { Gate, SagaScene } from './saga-scene.js';

it('counts attempts and keeps their times over restarts, and begins none before its time', async () => {
  const scene = new SagaScene();
  const seen: string[] = [];
  const at: number[] = [];
  const saga = defineSaga('s').step('a', {
    forward: ({ attempt, epoch, idempotencyKey }) => {
      seen.push(`${idempotencyKey} ${attempt} under ${epoch}`);
      at.push(scene.clock.now());
      throw new Error('broken pipe');
    },
    retry: { attempts: 3, backoff: { kind: 'constant', delayMs: 10_000, jitter: 'none' } },
    compensate: 'nothing',
  });
  for (let worker = 0; worker < 3; worker++) {
    const sagas = await scene.worker([saga]);
    if (worker === 0) await sagas.start(saga, {}, { id: 's1' });
    await scene.clock.advance(3_000);
    expect(seen.length).toBe(1);
    await sagas.close();
  }
  const last = await scene.worker([saga]);
  expect(await scene.end(last, 's1')).toBe('compensated');
  expect(seen.map(line => line.split(' under ')[0])).toEqual([
    ...['s1:a:forward 1', 's1:a:forward 2', 's1:a:forward 3'],
  ]);
  expect(at[1]! - at[0]!).toBeGreaterThanOrEqual(10_000);
  expect(at[2]! - at[1]!).toBeGreaterThanOrEqual(10_000);
  await last.close();
});

it('counts an attempt of a worker that was lost, so that a step which kills them is given up', async () => {
  const scene = new SagaScene();
  let calls = 0;
  const undone: string[] = [];
  const saga = defineSaga('s')
    .step('before', { forward: () => 'B', compensate: ({ output }) => void undone.push(`before ${output}`) })
    .step('kills', {
      forward: () => {
        calls++;
        return new Gate().promise;
      },
      timeoutMs: Infinity,
      retry: { attempts: 3 },
      compensate: ({ ran }) => void undone.push(`kills ${ran}`),
    });
  for (let epoch = 1; epoch <= 3; epoch++) {
    const sagas = await scene.worker([saga], { drainMs: 0 });
    if (epoch === 1) await sagas.start(saga, {}, { id: 's1' });
    await scene.clock.advance(3_000);
    const closing = sagas.close();
    await scene.clock.advance(0);
    await closing;
    // It was closed before the step ended, as a process that dies is: its claim runs out.
    await scene.clock.advance(31_000);
  }
  expect(calls).toBe(3);
  const last = await scene.worker([saga]);
  expect(await scene.end(last, 's1')).toBe('compensated');
  expect(undone).toEqual(['kills false', 'before B']);
  expect((await last.get('s1'))?.state.because?.error?.message).toBe('its worker was gone 3 times');
  await last.close();
});

it('gives each step of each saga a key of its own, the same for all its attempts', async () => {
  const scene = new SagaScene();
  const keys = new Map<string, number>();
  const note = ({ idempotencyKey }: { readonly idempotencyKey: string }): void => {
    keys.set(idempotencyKey, (keys.get(idempotencyKey) ?? 0) + 1);
    if (keys.get(idempotencyKey) === 1) throw new Error('once');
  };
  const saga = defineSaga('s')
    .step('a', { forward: note, compensate: note })
    .step('b', { forward: note, compensate: note })
    .waitForEvent('never', { timeoutMs: 1_000 });
  const sagas = await scene.worker([saga]);
  for (const id of ['s1', 's2']) await sagas.start(saga, {}, { id });
  for (const id of ['s1', 's2']) expect(await scene.end(sagas, id)).toBe('compensated');
  const expected = ['s1', 's2'].flatMap(id =>
    ['a', 'b'].flatMap(step => [`${id}:${step}:forward`, `${id}:${step}:compensate`]),
  );
  expect([...keys.keys()].sort()).toEqual([...expected].sort());
  expect(new Set(keys.values())).toEqual(new Set([2]));
  await sagas.close();
});
