import type { Context } from '../kernel/context.js';
import type { CompensationContext } from './step-context.js';
import type { StepTask } from './step-task.js';

/** A step's context: what the policy around it says about the call, with the facts of the saga. */
export class StepCall implements CompensationContext<unknown, object, unknown> {
  readonly sagaId: string;
  readonly input: unknown;
  readonly outputs: Readonly<Record<string, unknown>>;
  readonly step: string;
  readonly direction: 'forward' | 'compensate';
  readonly epoch: number;
  readonly output: unknown;
  readonly ran: boolean;
  readonly attempt: number;
  readonly idempotencyKey: string;
  readonly #context: Context;

  constructor(task: StepTask, context: Context) {
    const { record, node, forward, entry } = task;
    this.sagaId = record.id;
    this.input = record.input;
    this.outputs = task.outputs;
    this.step = node.name;
    this.direction = forward ? 'forward' : 'compensate';
    this.epoch = record.epoch;
    this.output = forward ? undefined : entry.output;
    this.ran = !forward && entry.state === 'done';
    // A retry of the user's inside the step counts on from the attempts before it.
    this.attempt = task.attempts + context.attempt;
    this.idempotencyKey = task.idempotencyKey;
    this.#context = context;
  }

  get signal(): AbortSignal {
    return this.#context.signal;
  }

  get deadline(): number {
    return this.#context.deadline;
  }

  get key(): string | undefined {
    return this.#context.key;
  }

  get idempotent(): boolean {
    return true;
  }

  get priority(): number {
    return this.#context.priority;
  }

  get attributes(): Readonly<Record<string, unknown>> {
    return this.#context.attributes;
  }

  remainingMs(): number {
    return this.#context.remainingMs();
  }
}
