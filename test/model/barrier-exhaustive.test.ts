import { expect, it } from 'vitest';
import { type BarrierDecision, type BarrierDirection, decideBarrier } from '../../src/core/barrier.js';
import { explore } from '../../src/testing/explore.js';

/** What is committed: the row of the step, and the effect that its transactions had on the business data. */
interface Committed {
  readonly forward: 'none' | 'done';
  readonly compensate: 'none' | 'done' | 'void';
  readonly epoch: number;
  readonly effect: number;
}

/** A call: who asks, how often it may be sent, and what was decided while it holds the row. */
interface Call {
  readonly direction: BarrierDirection;
  readonly epoch: number;
  /** So often it may still be sent: its answers are lost. */
  readonly left: number;
  readonly decided: BarrierDecision | undefined;
}

interface World {
  readonly row: Committed;
  readonly calls: readonly Call[];
  /** What was answered last to each call, in a transaction that was committed. */
  readonly answers: readonly (BarrierDecision | undefined)[];
  /** What the log of committed calls says, whatever the row does. */
  readonly ran: { readonly forward: number; readonly compensate: number };
  readonly compensated: boolean;
  readonly highest: number;
}

type Event = { readonly call: number; readonly does: 'claim' | 'commit' | 'rollback' };

function commit(world: World, at: number): World {
  const { row, calls } = world;
  const { direction, decided, epoch } = calls[at]!;
  const ran = decided === 'run';
  const next: Committed = {
    forward: direction === 'forward' && ran ? 'done' : row.forward,
    compensate:
      direction === 'compensate' && (ran || decided === 'void') ? (ran ? 'done' : 'void') : row.compensate,
    epoch: Math.max(row.epoch, epoch),
    effect: row.effect + (ran ? (direction === 'forward' ? 1 : -1) : 0),
  };
  const undone = direction === 'compensate' && decided !== 'stale';
  return {
    row: next,
    calls: calls.map((call, place) => (place === at ? { ...call, decided: undefined } : call)),
    answers: world.answers.map((answer, place) => (place === at ? decided : answer)),
    ran: { ...world.ran, [direction]: world.ran[direction] + (ran ? 1 : 0) },
    compensated: world.compensated || undone,
    highest: Math.max(world.highest, epoch),
  };
}

function step(world: World, { call: at, does }: Event): World {
  if (does === 'commit') return commit(world, at);
  const change = (changed: Partial<Call>): World => ({
    ...world,
    calls: world.calls.map((call, place) => (place === at ? { ...call, ...changed } : call)),
  });
  // A rollback takes the answer along: it is asked again.
  if (does === 'rollback') return change({ decided: undefined });
  const { direction, epoch, left } = world.calls[at]!;
  // As the statement does: the row that is held has the larger epoch.
  const held = { ...world.row, epoch: Math.max(world.row.epoch, epoch) };
  return change({ decided: decideBarrier(held, direction, epoch), left: left - 1 });
}

function* events({ calls }: World): Iterable<Event> {
  const holder = calls.findIndex(call => call.decided !== undefined);
  if (holder >= 0) {
    yield { call: holder, does: 'commit' };
    yield { call: holder, does: 'rollback' };
    return;
  }
  for (const [call, { left }] of calls.entries()) if (left > 0) yield { call, does: 'claim' };
}

function objection({ row, ran, compensated }: World): string | undefined {
  if (ran.forward > 1 || ran.compensate > 1) return 'something ran twice';
  const wanted = compensated ? 0 : ran.forward;
  if (row.effect !== wanted) return `the effect is ${row.effect}, and should be ${wanted}`;
  if (row.effect < 0) return 'undone what never was done';
  return undefined;
}

function moved(before: World, { call: at, does }: Event, after: World): string | undefined {
  if (does !== 'commit') return undefined;
  const { direction, epoch, decided } = before.calls[at]!;
  if (epoch < before.highest && decided !== 'stale') return 'an orchestrator that was overtaken was heard';
  if (decided === 'stale') return epoch < before.highest ? undefined : 'the latest orchestrator was refused';
  if (direction === 'forward') {
    if (before.compensated && decided !== 'refused') return 'a step came through after its compensation';
    if (!before.compensated && before.ran.forward === 1 && decided !== 'duplicate') return 'no kept answer';
    if (!before.compensated && before.ran.forward === 0 && decided !== 'run') return 'it did not run';
    return undefined;
  }
  if (before.ran.forward === 0 && decided !== 'void') return 'there was something to undo';
  if (before.ran.forward === 1 && before.ran.compensate === 0 && decided !== 'run')
    return 'it was not undone';
  if (before.ran.compensate === 1 && decided !== 'duplicate') return 'no kept answer of the compensation';
  return after.compensated ? undefined : 'a compensation that left no trace';
}

it.each([
  { name: 'one orchestrator', epochs: [1, 1, 1, 1] },
  { name: 'one that was overtaken', epochs: [1, 2, 1, 2] },
  { name: 'one that was overtaken while it compensates', epochs: [1, 1, 1, 2] },
  { name: 'three in a row', epochs: [3, 1, 2, 3] },
])('a step counts once or was undone, in every order of two steps and two compensations: $name', scene => {
  const { epochs } = scene;
  const call = (direction: BarrierDirection, epoch: number): Call => ({
    ...{ direction, epoch },
    ...{ left: 3, decided: undefined },
  });
  const { states, transitions } = explore<World, Event>({
    initial: {
      row: { forward: 'none', compensate: 'none', epoch: 0, effect: 0 },
      calls: [
        call('forward', epochs[0]!),
        call('forward', epochs[1]!),
        call('compensate', epochs[2]!),
        call('compensate', epochs[3]!),
      ],
      answers: [undefined, undefined, undefined, undefined],
      ran: { forward: 0, compensate: 0 },
      compensated: false,
      highest: 0,
    },
    events,
    step,
    key: world => JSON.stringify(world),
    always: objection,
    invariant: moved,
    goals: {
      'done, and never undone': ({ ran, compensated }) => ran.forward === 1 && !compensated,
      'done and undone': ({ ran }) => ran.forward === 1 && ran.compensate === 1,
      'nothing to undo': ({ row }) => row.compensate === 'void',
      'a late step': ({ answers }) => answers.includes('refused'),
      'a kept answer': ({ answers }) => answers.includes('duplicate'),
      ...(new Set(epochs).size > 1 && {
        'an overtaken one': ({ answers }: World) => answers.includes('stale'),
      }),
    },
    liveness: [
      {
        name: 'the row is let go of',
        to: ({ calls }) => calls.every(({ decided }) => decided === undefined),
      },
    ],
  });
  console.info(`barrier, ${scene.name}: ${states} states, ${transitions} transitions`);
  expect(states).toBeGreaterThan(1_000);
});
