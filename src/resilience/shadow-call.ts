import { CallContext } from '../kernel/context.js';
import type { GuardedCall } from '../kernel/guarded-call.js';
import type { AbandonableCall } from '../kernel/policy.js';

/**
 * Stands in for a call that a shadowed guard may not touch: what the guard does to it is told and nothing
 * else. It is what the guard needs of a call, deadline and links of the deadline list included, and the
 * permit that the guard gave for it.
 */
export class ShadowCall extends CallContext implements AbandonableCall {
  /** The links of the deadline list that the call stands in. */
  dueBefore: ShadowCall | undefined = undefined;
  dueAfter: ShadowCall | undefined = undefined;
  permit: unknown = undefined;
  /** A deadline that the guard has set: the operation is not told of it. */
  private due: number | undefined = undefined;
  private readonly onGiveUp: (call: CallContext, error: unknown) => void;

  constructor(call: CallContext, onGiveUp: (call: CallContext, error: unknown) => void) {
    super(call);
    this.onGiveUp = onGiveUp;
  }

  get dueAt(): number {
    return this.due ?? Infinity;
  }

  set dueAt(due: number) {
    this.due = due;
  }

  override get deadline(): number {
    return Math.min(this.dueAt, this.parent!.deadline);
  }

  override get firmDeadline(): number {
    return this.due ?? this.parent!.firmDeadline;
  }

  /** The deadline list moves a deadline of its own no further than this. */
  get latest(): number {
    return this.parent!.firmDeadline;
  }

  /** Whether the call waits for its turn, at a guard further inside. */
  get waits(): boolean {
    return (this.parent as GuardedCall).waits;
  }

  giveUp(error: unknown): void {
    this.onGiveUp(this.parent!, error);
  }

  cancel(reason: unknown): void {
    this.onGiveUp(this.parent!, reason);
  }
}
