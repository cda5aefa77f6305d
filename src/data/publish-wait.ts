import type { Clock } from '../kernel/clock.js';
import { DeadlineList, type Due } from '../kernel/deadline-list.js';
import { TimeoutError } from '../kernel/errors.js';

/** What a publish threw; `undefined` when the bus has the message. */
export type PublishFailure = { readonly error: unknown } | undefined;

/** One that has no answer yet. */
class Waiting implements Due {
  dueAt: number;
  dueBefore: Due | undefined = undefined;
  dueAfter: Due | undefined = undefined;
  readonly latest = Infinity;
  readonly answer: (failure: PublishFailure) => void;

  constructor(dueAt: number, answer: (failure: PublishFailure) => void) {
    this.dueAt = dueAt;
    this.answer = answer;
  }
}

/** Waits for a bus no longer than it may take: with one timer for all that is on its way. */
export class PublishWaits {
  readonly #clock: Clock;
  readonly #timeoutMs: number;
  readonly #due: DeadlineList<Waiting>;

  constructor(clock: Clock, timeoutMs: number) {
    this.#clock = clock;
    this.#timeoutMs = timeoutMs;
    this.#due = new DeadlineList(clock, waiting => {
      waiting.answer({ error: new TimeoutError(`no answer within ${timeoutMs} ms`, timeoutMs) });
    });
  }

  /** An answer that comes later than that changes nothing. */
  of(publish: () => Promise<unknown>): Promise<PublishFailure> {
    return new Promise(resolve => {
      const now = this.#clock.coarse();
      const waiting = new Waiting(this.#due.fitting(now + this.#timeoutMs), resolve);
      this.#due.add(waiting, now);
      const answer = (failure: PublishFailure): void => {
        this.#due.remove(waiting);
        resolve(failure);
      };
      try {
        publish().then(
          () => answer(undefined),
          (error: unknown) => answer({ error }),
        );
      } catch (error) {
        answer({ error });
      }
    });
  }
}
