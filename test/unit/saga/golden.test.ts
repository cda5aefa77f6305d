import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import manifest from '../../../package.json' with { type: 'json' };
import { apply, nextSteps, statusOf } from '../../../src/core/saga.js';
import { FRESH, type SagaEvent, type SagaState } from '../../../src/core/saga-state.js';
import { defineSaga } from '../../../src/saga/definition.js';
import { StepFailedError } from '../../../src/saga/saga-errors.js';
import type { SagaData } from '../../../src/saga/saga-node.js';
import { SagaScene } from './saga-scene.js';

const folder = new URL('../../golden/', import.meta.url);

/** What a version wrote down of a saga, and what it took it for, event by event. */
interface Story {
  readonly saga: string;
  readonly hash: string;
  readonly told: readonly {
    readonly event: SagaEvent;
    readonly state: SagaState;
    readonly status: string;
    readonly next: readonly string[];
  }[];
}

const undo = { compensate: () => {} };
const refused = (): never => {
  throw new StepFailedError('sold out');
};
const broken = (): never => {
  throw new Error('broken pipe');
};
const once = { retry: { attempts: 1 } };
const twice = { retry: { attempts: 2 } };
const order = defineSaga('order');

/** Sagas that come to every end, and through every kind of event but one of them with people in it. */
const definitions: Readonly<Record<string, SagaData>> = {
  completed: order
    .step('reserve', { forward: () => 'r1', ...undo })
    .pivot('charge', { forward: () => ({ cents: 300 }) }),
  compensated: order
    .step('reserve', { forward: () => 'r1', ...undo })
    .step('pack', { forward: broken, ...undo, ...twice })
    .step('charge', { forward: refused, ...undo }),
  refused: order
    .step('reserve', { forward: () => 'r1', ...undo })
    .step('charge', { forward: refused, ...undo }),
  parked: order
    .step('reserve', { forward: () => 'r1', ...undo })
    .pivot('charge', { forward: broken, ...once }),
  marked: order.parallel({
    reserve: { forward: () => 'r1', ...undo, nullSafe: false },
    charge: { forward: () => 'c1', ...undo },
  }),
  waits: order
    .sleep('night', 5_000)
    .waitForEvent('paid', { timeoutMs: 60_000 })
    .step('ship', { forward: () => 's1', ...undo }),
};

/** The events of each, as this version writes them down. */
async function live(saga: SagaData): Promise<readonly SagaEvent[]> {
  const scene = new SagaScene();
  const sagas = await scene.worker([saga]);
  const { id } = await sagas.start(saga, {}, { id: 's1' });
  if ((await scene.end(sagas, id)) === 'parked') {
    await sagas.forceCompensate(id, 'the customer is gone');
    await scene.end(sagas, id);
  }
  const history = await scene.store.history(id);
  await sagas.close();
  return history.map(({ event }) => event);
}

function tell(saga: string, { plan, hash }: SagaData, events: readonly SagaEvent[]): Story {
  let state: SagaState = FRESH;
  const told = events.map(event => {
    state = apply(plan, state, event);
    const next = nextSteps(plan, state).map(({ name }) => name);
    return { event, state, status: statusOf(plan, state), next };
  });
  return { saga, hash, told };
}

if (process.env['GOLDEN'] === 'rewrite') {
  const stories: Story[] = [];
  for (const [name, saga] of Object.entries(definitions)) stories.push(tell(name, saga, await live(saga)));
  writeFileSync(
    new URL(`sagas-${manifest.version}.json`, folder),
    `${JSON.stringify(stories, undefined, 1)}\n`,
  );
}

const versions = existsSync(folder) ? readdirSync(folder).filter(name => name.startsWith('sagas-')) : [];

describe('what a version wrote down of its sagas', () => {
  it('is kept of this one too (before a release: npm run golden)', () => {
    expect(versions).toContain(`sagas-${manifest.version}.json`);
  });

  it.each(versions)('means the same to this one, to the last field: %s (SG10)', file => {
    const stories = JSON.parse(readFileSync(new URL(file, folder), 'utf8')) as readonly Story[];
    expect(stories.map(({ saga }) => saga)).toEqual(Object.keys(definitions));
    for (const story of stories) {
      const again = tell(
        story.saga,
        definitions[story.saga]!,
        story.told.map(({ event }) => event),
      );
      expect(JSON.parse(JSON.stringify(again))).toEqual(story);
    }
  });

  it.each(versions)('comes to every end in it: %s', file => {
    const stories = JSON.parse(readFileSync(new URL(file, folder), 'utf8')) as readonly Story[];
    const seen = stories.flatMap(({ told }) => told.map(({ status }) => status));
    expect(new Set(seen)).toEqual(new Set(['running', 'completed', 'compensated', 'parked', 'compensating']));
  });
});
