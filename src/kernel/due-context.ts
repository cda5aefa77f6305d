import { CallContext } from './context.js';
import type { Due } from './deadline-list.js';

/** A context that may have a deadline of its own, and stand in a deadline list for it. */
export class DueContext extends CallContext implements Due {
  /** The links of the list. */
  dueBefore: DueContext | undefined = undefined;
  dueAfter: DueContext | undefined = undefined;
  /** `Infinity` in its place would make V8 box every one of them. */
  private due: number | undefined = undefined;

  /** Set while the call is being set up, before the operation can see it, and by the deadline list. */
  override get deadline(): number {
    return this.due ?? this.parent!.deadline;
  }

  override set deadline(due: number) {
    this.due = due;
  }

  /** The deadline list moves a deadline of its own no further than this. */
  get latest(): number {
    return this.parent!.deadline;
  }

  /**
   * A guard reckons its deadline from coarse time, and it is measured alike: else nothing would be left of a
   * short span when it begins late in a long turn.
   */
  override remainingMs(): number {
    const { deadline, parent } = this;
    if (deadline === parent!.deadline) return parent!.remainingMs();
    return Math.max(0, deadline - this.clock.coarse());
  }
}
