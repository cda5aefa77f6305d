import { afterEach, expect, it, vi } from 'vitest';
import { defineSaga } from '../../src/saga/definition.js';
import { InMemorySagaStore } from '../../src/saga/in-memory-saga-store.js';
import type { SagaWrite } from '../../src/saga/saga-store.js';
import type { StepLane } from '../../src/saga/step-lane.js';
import { StepRunner } from '../../src/saga/step-runner.js';
import { StepTask } from '../../src/saga/step-task.js';
import { StepsUnderway } from '../../src/saga/steps-underway.js';
import { exploreSaga, SagaExplorationError } from '../../src/testing/saga/explore-saga.js';

/*
 * Mistakes that are planted into the package: `exploreSaga` is to tell of each, and of nothing without them.
 */

const undoable = { forward: () => {}, compensate: () => {} };
const line = defineSaga('line').step('a', undoable).step('b', undoable);
const parallel = defineSaga('parallel').step('a', undoable).parallel({ b: undoable, c: undoable });

afterEach(() => vi.restoreAllMocks());

/** A store whose writes are led through `spoil`, which knows what is written at the moment. */
function spoilWrites(spoil: (write: SagaWrite, now: SagaWrite) => SagaWrite): void {
  const { write: real } = InMemorySagaStore.prototype;
  vi.spyOn(InMemorySagaStore.prototype, 'write').mockImplementation(async function (
    this: InMemorySagaStore,
    write: SagaWrite,
  ) {
    const now = await this.get(write.id);
    return real.call(this, now === undefined ? write : spoil(write, now as never));
  });
}

const found = async (saga: typeof line | typeof parallel): Promise<string> => {
  const explored = exploreSaga(saga as typeof line, { input: {}, interruptions: 1 });
  const error = await explored.then(
    () => new Error('it found nothing'),
    (one: unknown) => one as Error,
  );
  if (error instanceof SagaExplorationError) return error.message.split('\n')[0]!;
  throw error;
};

it('finds nothing where nothing is planted', async () => {
  const { runs } = await exploreSaga(line, { input: {}, interruptions: 1 });
  expect(runs).toBeGreaterThan(500);
}, 240_000);

it('finds a store that does not compare revisions', async () => {
  spoilWrites((write, { revision }) => ({ ...write, revision }));
  expect(await found(line)).toMatch(/^it has come to no end: (running|waiting)/);
}, 240_000);

it('finds a store that does not compare epochs', async () => {
  spoilWrites((write, { epoch, revision }) => ({ ...write, epoch, revision }));
  expect(await found(line)).not.toBe('');
}, 240_000);

it('finds steps that are undone before those beside them have ended', async () => {
  const { begun } = StepsUnderway.prototype;
  vi.spyOn(StepsUnderway.prototype, 'begun').mockImplementation(function (this: StepsUnderway) {
    // What is written down of them stays: they are only not waited for.
    return /#turns/.test(new Error('where').stack!) ? [] : begun.call(this);
  });
  expect(await found(parallel)).toMatch(/^(a|b|c) is undone while other steps run/);
}, 240_000);

it('finds steps whose outcome nobody knows and that are taken for failed', async () => {
  const { run } = StepRunner.prototype;
  vi.spyOn(StepRunner.prototype, 'run').mockImplementation(function (this: StepRunner, task, held) {
    const { record, entry, outputs, retriable } = task;
    const lane: StepLane = { ...task.lane, node: { ...task.node, classify: () => 'failed' } };
    return run.call(this, new StepTask(lane, record, entry, outputs, retriable), held);
  });
  expect(await found(line)).toMatch(/^it is undone, and the effect of (a|b) stays/);
}, 240_000);
