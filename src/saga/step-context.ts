import type { Context } from '../kernel/context.js';

/** What every function of a saga can read: what it began with, and what its steps have answered. */
export interface SagaView<Input, Outputs> {
  /** The id of the saga. */
  readonly sagaId: string;
  /** What it was started with. */
  readonly input: Input;
  /** By name, what the steps that are over have answered. */
  readonly outputs: Readonly<Outputs>;
}

/**
 * What a step is told. It is a {@link Context} as well: `signal` aborts when nobody waits for the answer any
 * more, `deadline` is the end of its timeout, `attempt` counts from 1 over restarts.
 */
export interface StepContext<Input, Outputs> extends SagaView<Input, Outputs>, Context {
  /** The name of the step. */
  readonly step: string;
  /** Whether it is done or undone. */
  readonly direction: 'forward' | 'compensate';
  /** `sagaId:step:direction`: the same for all attempts, in all processes. */
  readonly idempotencyKey: string;
  /** How often the saga was claimed: a participant that has seen a larger one refuses this one. */
  readonly epoch: number;
}

/** What a compensation is told besides. */
export interface CompensationContext<Input, Outputs, Output> extends StepContext<Input, Outputs> {
  /** What the step answered; `undefined` where nobody knows whether it ran. */
  readonly output: Output | undefined;
  /** Whether the step certainly ran. If not, it may come later than its compensation. */
  readonly ran: boolean;
}
