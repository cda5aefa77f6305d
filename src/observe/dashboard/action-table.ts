import type { WatchedThing } from '../watching.js';
import type { DashboardActionName } from './action-names.js';
import type { DashboardAction } from './dashboard-options.js';
import type { DeadLetterShelves } from './dead-letter-shelves.js';
import type { ActionRequest } from './protocol.js';

type Field = 'saga' | 'step' | 'position' | 'reason';
type Target = Readonly<Record<string, (...given: readonly string[]) => unknown>>;

/** What an action is done to, and what it needs to know. */
interface ActionPlan {
  /** The kind of thing; `dead-letters` for a shelf of them. */
  readonly kind: string;
  readonly needs: readonly Field[];
  run(target: Target, given: Readonly<Record<Field, string>>): unknown;
}

const table: Readonly<Record<DashboardActionName, ActionPlan>> = /* @__PURE__ */ Object.freeze({
  'breaker.isolate': {
    kind: 'circuit-breaker',
    needs: [],
    run: (target: Target) => target['isolate']!(),
  },
  'breaker.reset': { kind: 'circuit-breaker', needs: [], run: (target: Target) => target['reset']!() },
  'saga.retry': {
    kind: 'saga-orchestrator',
    needs: ['saga'],
    run: (target: Target, { saga }) => target['retry']!(saga),
  },
  'saga.skip': {
    kind: 'saga-orchestrator',
    needs: ['saga', 'step', 'reason'],
    run: (target: Target, { saga, step, reason }) => target['skip']!(saga, step, reason),
  },
  'saga.compensate': {
    kind: 'saga-orchestrator',
    needs: ['saga', 'reason'],
    run: (target: Target, { saga, reason }) => target['forceCompensate']!(saga, reason),
  },
  'saga.cancel': {
    kind: 'saga-orchestrator',
    needs: ['saga', 'reason'],
    run: (target: Target, { saga, reason }) => target['cancel']!(saga, reason),
  },
  'deadLetter.replay': {
    kind: 'dead-letters',
    needs: ['position'],
    run: (target: Target) => target['replay']!(),
  },
  'deadLetter.discard': {
    kind: 'dead-letters',
    needs: ['position'],
    run: (target: Target) => target['discard']!(),
  },
} satisfies Record<DashboardActionName, ActionPlan>);

/** An action that can be done, once somebody has said that it may. */
export interface PlannedAction {
  readonly action: DashboardAction;
  run(): Promise<void>;
}

const LONGEST_FIELD = 2_000;

/** What is wanted, or why it cannot be: a text. */
export function planAction(
  wanted: ActionRequest,
  name: DashboardActionName,
  thing: WatchedThing | undefined,
  shelves: DeadLetterShelves,
): PlannedAction | string {
  const { kind, needs, run } = table[name];
  const given: Partial<Record<Field, string>> = {};
  for (const field of needs) {
    const value = wanted[field];
    if (typeof value !== 'string' || value.trim() === '' || value.length > LONGEST_FIELD) {
      return `${name} needs \`${field}\`, a text of at most ${LONGEST_FIELD} characters`;
    }
    given[field] = value;
  }
  const fields = given as Record<Field, string>;
  if (kind === 'dead-letters') {
    const target = shelves.nameOf(wanted.key);
    if (target === undefined) return 'there are no dead letters of that key';
    return {
      action: { action: name, target, ...given },
      run: () => settle(wanted.key, run, fields, shelves),
    };
  }
  if (thing?.kind !== kind) return `${name} is for a ${kind} of this process`;
  return {
    action: { action: name, target: thing.id, ...given },
    run: async () => {
      await run(thing.target as never, fields);
    },
  };
}

/** A saga that does not need to be cancelled any more and a letter that is gone are told alike: as errors. */
async function settle(
  key: string,
  run: ActionPlan['run'],
  given: Readonly<Record<Field, string>>,
  shelves: DeadLetterShelves,
): Promise<void> {
  const letter = await shelves.find(key, given.position);
  if (letter === undefined) throw new RangeError(`there is no dead letter at ${given.position}`);
  const answer = await run(letter as never, given);
  shelves.forget(key, given.position);
  if (answer === false) throw new RangeError('the dead letter is gone already');
}
