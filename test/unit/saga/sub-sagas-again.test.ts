import { expect, it } from 'vitest';
import { defineSaga } from '../../../src/saga/definition.js';
import { StepFailedError } from '../../../src/saga/saga-errors.js';
import { SagaScene } from './saga-scene.js';

const refused = (): never => {
  throw new StepFailedError('no');
};
const broken = (): never => {
  throw new Error('broken pipe');
};

it('begins one after the pivot anew that was undone, when somebody tries it again', async () => {
  const scene = new SagaScene();
  const calls: string[] = [];
  let room = 0;
  const inner = defineSaga<{ n: number }>('child')
    .step('x', {
      forward: ({ idempotencyKey }) => void calls.push(idempotencyKey),
      compensate: ({ idempotencyKey }) => void calls.push(idempotencyKey),
    })
    .step('y', { forward: () => (room-- > 0 ? 'sent' : refused()), compensate: 'nothing' });
  const outer = defineSaga('parent')
    .pivot('pay', { forward: () => {} })
    .saga('inner', inner, () => ({ n: 1 }))
    .step('z', { forward: ({ outputs }) => outputs.inner.y });
  const sagas = await scene.worker([inner, outer]);
  await sagas.start(outer, {}, { id: 'p' });
  expect(await scene.end(sagas, 'p')).toBe('parked');
  await sagas.retry('p');
  expect(await scene.end(sagas, 'p')).toBe('parked');
  expect((await sagas.get('p'))?.state.entries['inner']?.error?.message).toBe(
    'the saga p/inner/2 was undone: no',
  );
  room = 1;
  await sagas.retry('p');
  expect(await scene.end(sagas, 'p')).toBe('completed');
  expect((await sagas.get('p'))?.state.entries['z']?.output).toBe('sent');
  // No participant takes a call for a repeat of one that was undone.
  expect(calls).toEqual([
    ...['p/inner:x:forward', 'p/inner:x:compensate', 'p/inner/2:x:forward', 'p/inner/2:x:compensate'],
    'p/inner/3:x:forward',
  ]);
  const all = (await sagas.list()).map(({ id, status, parent }) => `${id} ${status} ${parent}`);
  expect(all).toEqual([
    ...['p completed undefined', 'p/inner compensated p', 'p/inner/2 compensated p', 'p/inner/3 completed p'],
  ]);
  await sagas.close();
});

it('begins one after the pivot anew that was parked, and undone by somebody', async () => {
  const scene = new SagaScene();
  const calls: string[] = [];
  let down = true;
  const inner = defineSaga('child')
    .step('x', { forward: () => void calls.push('x'), compensate: () => void calls.push('undo x') })
    .step('y', { forward: () => (down ? broken() : 1), idempotent: false, compensate: 'nothing' });
  const outer = defineSaga('parent')
    .pivot('pay', { forward: () => {} })
    .saga('inner', inner, () => ({}));
  const sagas = await scene.worker([inner, outer]);
  await sagas.start(outer, {}, { id: 'p' });
  expect(await scene.end(sagas, 'p/inner')).toBe('parked');
  expect((await sagas.get('p'))?.status).toBe('waiting');
  await sagas.forceCompensate('p/inner', 'another carrier');
  expect(await scene.end(sagas, 'p')).toBe('parked');
  down = false;
  await sagas.retry('p');
  expect(await scene.end(sagas, 'p')).toBe('completed');
  expect(calls).toEqual(['x', 'undo x', 'x']);
  await sagas.close();
});

it('is tried again under its own id where it never began', async () => {
  const scene = new SagaScene();
  const inner = defineSaga<{ n: unknown }>('child').step('x', { forward: () => 1, compensate: 'nothing' });
  let n: unknown = 1n;
  const outer = defineSaga('parent')
    .pivot('pay', { forward: () => {} })
    .saga('inner', inner, () => ({ n }) as never);
  const sagas = await scene.worker([inner, outer]);
  await sagas.start(outer, {}, { id: 'p' });
  expect(await scene.end(sagas, 'p')).toBe('parked');
  n = 1;
  await sagas.retry('p');
  expect(await scene.end(sagas, 'p')).toBe('completed');
  expect((await sagas.list()).map(({ id }) => id)).toEqual(['p', 'p/inner']);
  await sagas.close();
});
