import { nextAttemptAt } from '../core/saga-retry.js';
import { entryOf, type SagaEvent, type SagaState } from '../core/saga-state.js';
import type { Clock } from '../kernel/clock.js';
import type { Context } from '../kernel/context.js';
import { type ErrorText, errorText } from '../kernel/error-words.js';
import { factOf } from '../kernel/errors.js';
import type { Interruptible, RunEnd } from '../kernel/handler-run.js';
import type { Operation } from '../kernel/policy.js';
import type { Random } from '../kernel/random.js';
import type { EffectNode } from './saga-node.js';
import type { SagaRecord } from './saga-store.js';
import { StepCall } from './step-call.js';
import { StepLanes } from './step-lane.js';
import { type StepOutcome, stepOutcome } from './step-outcome.js';
import { StepTask } from './step-task.js';
import { storable } from './storable.js';

/** Runs the steps of all sagas of an orchestrator, and tells what came of each attempt. */
export class StepRunner {
  readonly #now: () => number;
  readonly #random: Random;
  readonly #maxDataLength: number;
  readonly #lanes: StepLanes;

  /** `now` is the time of the store. */
  constructor(clock: Clock, now: () => number, random: Random, maxDataLength: number) {
    this.#now = now;
    this.#random = random;
    this.#maxDataLength = maxDataLength;
    this.#lanes = new StepLanes(clock);
  }

  /** A step of a saga, as it is to be run in the direction of `state`. */
  task(
    node: EffectNode,
    retriable: boolean,
    record: SagaRecord,
    state: SagaState,
    outputs: StepTask['outputs'],
  ): StepTask {
    const lane = this.#lanes.of(node, state.direction === 'forward');
    return new StepTask(lane, record, entryOf(state, node.name), outputs, retriable);
  }

  /** Runs a step once. Answers at once where the step does; `held` can end it before its time. */
  run(task: StepTask, held: Interruptible): SagaEvent | Promise<SagaEvent> {
    const end = task.lane.runs.start(operationOf(task), task, held);
    return end instanceof Promise ? end.then(later => this.#told(task, later)) : this.#told(task, end);
  }

  /** What becomes of a step whose attempts are used up by workers that were gone before they could tell. */
  exhausted({ lane, attempts, entry }: StepTask): SagaEvent | undefined {
    if (attempts < lane.rules.retry.attempts) return undefined;
    const words = entry.error ?? { name: 'Error', message: `its worker was gone ${attempts} times` };
    return giveUp(lane.node.name, lane.forward, true, words);
  }

  #told(task: StepTask, { outcome }: RunEnd): SagaEvent {
    return outcome.ok ? this.#success(task, outcome.value) : this.#failure(task, outcome.error, this.#now());
  }

  #success({ lane, forward }: StepTask, value: unknown): SagaEvent {
    if (!forward || value === undefined) return lane.over;
    const step = lane.node.name;
    try {
      return { kind: 'done', step, output: storable(value, 'output', this.#maxDataLength) };
    } catch (error) {
      // It has had its effect, and would answer the same another time.
      return giveUp(step, true, true, errorText(error));
    }
  }

  #failure(task: StepTask, error: unknown, now: number): SagaEvent {
    const { node, forward, entry, attempts } = task;
    const { retry } = task.lane.rules;
    const step = node.name;
    const outcome = this.#outcomeOf(node, error);
    const { firstAt = now } = entry;
    const words = errorText(error);
    const maybe = outcome === 'unknown';
    const hopeless = outcome === 'failed' && forward && !task.retriable;
    const dueAt = hopeless ? undefined : nextAttemptAt(retry, attempts + 1, firstAt, now, this.#random());
    if (dueAt === undefined) return giveUp(step, forward, maybe, words);
    const at = Math.max(dueAt, wishedAt(error, now, firstAt + retry.maxElapsedMs));
    return { kind: 'retrying', step, at: now, dueAt: at, ...(maybe && { maybe }), error: words };
  }

  /** A function of the user's that throws has not said anything. */
  #outcomeOf({ classify }: EffectNode, error: unknown): StepOutcome {
    try {
      const told = classify?.(error) ?? stepOutcome(error);
      return OUTCOMES.includes(told) ? told : 'unknown';
    } catch {
      return 'unknown';
    }
  }
}

/** What is called when a step runs. */
function operationOf(task: StepTask): Operation<unknown> {
  const { compensate, forward, check } = task.node;
  if (!task.forward) return context => compensate!(callOf(task, context));
  if (check === undefined || !task.entry.maybe) return context => forward(callOf(task, context));
  return async context => {
    const found = await check(callOf(task, context));
    // It may have taken so long that another attempt is under way, or the saga is another's.
    context.signal.throwIfAborted();
    return found.ran ? found.output : forward(callOf(task, context));
  };
}

/** Its types are known to the definition alone. */
const callOf = (task: StepTask, context: Context): never => new StepCall(task, context) as never;

function giveUp(step: string, forward: boolean, maybe: boolean, error: ErrorText): SagaEvent {
  if (!forward) return { kind: 'stuck', step, error };
  return { kind: 'failed', step, ...(maybe && { maybe }), error };
}

/** When the participant wants to be asked again, if that is a time before the last one. */
function wishedAt(error: unknown, now: number, lastAt: number): number {
  const wishMs = factOf(error, 'retryAfterMs');
  if (typeof wishMs !== 'number' || !(wishMs > 0)) return 0;
  const at = Math.ceil(now + Math.min(wishMs, LONGEST_WISH_MS));
  return at <= lastAt ? at : 0;
}

/** Nobody is waited for longer than a day because it says so. */
const LONGEST_WISH_MS = 86_400_000;
const OUTCOMES: readonly unknown[] = ['failed', 'not-run', 'unknown'];
