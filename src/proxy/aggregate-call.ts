import type { CallContext } from '../kernel/context.js';
import type { Due } from '../kernel/deadline-list.js';
import { RevocableContext } from '../kernel/revocable-context.js';

/** What is told when the call of an answer ends from outside. */
export interface CallEnd {
  /** Its time is over. */
  expire(): void;
  /** Its caller has given it up, or all parts were given up here. */
  giveUp(reason: unknown): void;
}

/**
 * The context that all parts of one answer share: they are given up together, and live by one deadline. What
 * is loaded for one answer is shared within it as well.
 */
export class AggregateCall extends RevocableContext implements Due {
  /** When it began, in the coarse time that its deadline was reckoned from. */
  readonly startedAt: number;
  dueAt: number;
  dueBefore: Due | undefined = undefined;
  dueAfter: Due | undefined = undefined;
  readonly latest: number;
  end: CallEnd | undefined = undefined;

  /** `latest` is a deadline from outside that nothing may pass. */
  constructor(parent: CallContext, startedAt: number, timeoutMs: number, latest: number) {
    super(parent);
    this.startedAt = startedAt;
    this.dueAt = Math.min(startedAt + timeoutMs, latest);
    this.latest = latest;
  }

  /** How long it may take in all, in ms, for words. */
  get allowedMs(): number {
    return Math.round(this.dueAt - this.startedAt);
  }

  override get deadline(): number {
    return Math.min(this.dueAt, this.parent!.deadline);
  }

  override get firmDeadline(): number {
    return this.dueAt;
  }

  /** From coarse time, for the deadline was reckoned from that. */
  override remainingMs(): number {
    const { deadline } = this;
    return deadline === Infinity ? Infinity : Math.max(0, deadline - this.clock.coarse());
  }

  override revoke(reason: unknown): void {
    super.revoke(reason);
    this.end?.giveUp(reason);
  }
}
