import { describe, expect, it } from 'vitest';
import { defineSaga } from '../../src/saga/definition.js';
import { exploreSaga, SagaExplorationError } from '../../src/testing/saga/explore-saga.js';

/*
 * Sagas of every shape, with a worker that is killed, or paused and comes back, before each thing that is
 * felt outside. `exploreSaga` is the check: it throws at the first run in which something is lost or doubled.
 */

const undoable = { forward: () => {}, compensate: () => {} };
const forwardOnly = { forward: () => {} };
const child = defineSaga('child').step('x', undoable).step('y', undoable);

const shapes = {
  line: defineSaga('line').step('a', undoable).step('b', undoable).step('c', undoable),
  pivot: defineSaga('pivot').step('a', undoable).pivot('b', forwardOnly).step('c', forwardOnly),
  parallel: defineSaga('parallel').step('a', undoable).parallel({ b: undoable, c: undoable }),
  marked: defineSaga('marked').parallel({ a: { ...undoable, nullSafe: false }, b: undoable }),
  once: defineSaga('once')
    .step('a', undoable)
    .step('b', { ...undoable, idempotent: false }),
  sleep: defineSaga('sleep').step('a', undoable).sleep('nap', 3_600_000).step('b', undoable),
  lock: defineSaga('lock')
    .lock('account', () => 'account 1')
    .step('a', undoable),
};

describe('one worker goes', () => {
  for (const [name, saga] of Object.entries(shapes)) {
    it(`loses and doubles nothing in a saga with ${name}`, async () => {
      const seen = await exploreSaga(saga, { input: {}, interruptions: 1 });
      expect(seen.ends.completed).toBeGreaterThan(0);
      expect(seen.ends.compensated).toBeGreaterThan(0);
      expect(seen.takeovers).toBeGreaterThan(100);
    }, 240_000);
  }

  it('loses and doubles nothing in a saga that waits for a signal', async () => {
    const saga = defineSaga('event')
      .step('a', undoable)
      .waitForEvent('paid', { timeoutMs: 60_000 })
      .step('b', undoable);
    const seen = await exploreSaga(saga, { input: {}, interruptions: 1, signals: { paid: { cents: 5 } } });
    expect(seen.ends.completed).toBeGreaterThan(0);
  }, 240_000);

  it('loses and doubles nothing in a saga that has another one as a step', async () => {
    const saga = defineSaga('parent')
      .saga('kid', child, () => ({}))
      .step('b', undoable);
    const seen = await exploreSaga(saga, { input: {}, interruptions: 1, definitions: [child] });
    expect(seen.ends.completed).toBeGreaterThan(0);
    expect(seen.ends.compensated).toBeGreaterThan(0);
  }, 240_000);
});

it('loses and doubles nothing when two workers go, one after the other', async () => {
  const saga = defineSaga('line').step('a', undoable).step('b', undoable);
  const seen = await exploreSaga(saga, { input: {}, interruptions: 2, zombies: false });
  expect(seen.runs).toBeGreaterThan(1_000);
}, 240_000);

it('tells of the first run in which what was wished for is not so', async () => {
  const wrong = exploreSaga(shapes.line, {
    input: {},
    interruptions: 1,
    invariant: ({ record }) => (record.status === 'compensated' ? 'it was undone' : undefined),
  });
  await expect(wrong).rejects.toThrow(SagaExplorationError);
  await expect(wrong).rejects.toThrow(/it was undone\n {2}planned: .*"refused"/);
});
