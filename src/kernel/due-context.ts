import { CallContext } from './context.js';
import type { Due } from './deadline-list.js';

/**
 * A context that may have a deadline of its own, and stand in a deadline list for it. Whoever makes one sets
 * its fields: see `leanClass`.
 */
export class DueContext extends CallContext implements Due {
  /** The links of the list. */
  dueBefore!: DueContext | undefined;
  dueAfter!: DueContext | undefined;
  /** `Infinity` in its place would make V8 box every one of them. */
  protected due: number | undefined;

  /** Its own deadline. Set before the operation can see it, and by the deadline list. */
  get dueAt(): number {
    return this.due ?? Infinity;
  }

  set dueAt(due: number) {
    this.due = due;
  }

  /** That of the call outside may still move, and comes first or second. */
  override get deadline(): number {
    const outer = this.parent!.deadline;
    return this.due === undefined || outer < this.due ? outer : this.due;
  }

  override get firmDeadline(): number {
    return this.due ?? this.parent!.firmDeadline;
  }

  /** The deadline list moves a deadline of its own no further than this. */
  get latest(): number {
    return this.parent!.firmDeadline;
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
