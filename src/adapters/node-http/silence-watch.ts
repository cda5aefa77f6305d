import { systemClock } from '../../kernel/clock.js';
import { DueTimer } from '../../resilience/due-timer.js';

/** An answer whose upstream must not be silent for too long. */
export interface Watched {
  readonly idleTimeoutMs: number;
  /** A number that is another one once it was heard again, or once more of what it said was taken. */
  readonly heard: number;
  /** Whether nobody takes what the upstream has to say. */
  readonly held: boolean;
  /** Set by the watch. */
  heardBefore: number;
  fellSilent(): void;
}

/** Looks at answers under way at the times at which they may have been silent for too long. */
export class SilenceWatch {
  readonly #due = new DueTimer<Watched>(systemClock, watched => this.#look(watched));
  readonly #at = new Map<Watched, ReturnType<DueTimer<Watched>['add']>>();

  enter(watched: Watched): void {
    if (watched.idleTimeoutMs === Infinity) return;
    this.#at.set(watched, this.#due.add(watched, systemClock.now() + watched.idleTimeoutMs));
  }

  leave(watched: Watched): void {
    const due = this.#at.get(watched);
    if (due === undefined) return;
    this.#at.delete(watched);
    this.#due.remove(due);
  }

  #look(watched: Watched): void {
    this.#at.delete(watched);
    if (watched.heard === watched.heardBefore && !watched.held) {
      watched.fellSilent();
      return;
    }
    watched.heardBefore = watched.heard;
    this.enter(watched);
  }
}
