import type { Clock } from '../kernel/clock.js';
import { DeadlineList, type Due } from '../kernel/deadline-list.js';
import { onAbort } from '../kernel/on-abort.js';

/** Somebody who waits for news of a saga. */
class Wait<News> implements Due {
  readonly saga: string;
  /** With whom it waits for its time. */
  readonly list: DeadlineList<Wait<News>>;
  readonly resolve: (news: News | undefined) => void;
  readonly latest = Infinity;
  dueAt: number;
  dueBefore: Due | undefined = undefined;
  dueAfter: Due | undefined = undefined;
  /** Ends its interest in a signal. */
  unlink: (() => void) | undefined = undefined;

  constructor(saga: string, list: DeadlineList<Wait<News>>, dueAt: number, resolve: Wait<News>['resolve']) {
    this.saga = saga;
    this.list = list;
    this.dueAt = dueAt;
    this.resolve = resolve;
  }
}

/**
 * Those who wait for news of sagas, each for a while. However many there are, those that wait for as long
 * share one timer.
 */
export class EndingWaits<News> {
  readonly #clock: Clock;
  readonly #waiting = new Map<string, readonly Wait<News>[]>();
  /** By the ms that those in it wait. */
  readonly #lists = new Map<number, DeadlineList<Wait<News>>>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  get size(): number {
    let size = 0;
    for (const { length } of this.#waiting.values()) size += length;
    return size;
  }

  /** Until there is news of a saga; `undefined` after `ms` without. Rejects with the reason of `signal`. */
  wait(saga: string, ms: number, signal: AbortSignal | undefined): Promise<News | undefined> {
    return new Promise((resolve, reject) => {
      const list = this.#listOf(ms);
      const from = this.#clock.coarse();
      const wait = new Wait(saga, list, list.fitting(from + ms), resolve);
      const others = this.#waiting.get(saga);
      this.#waiting.set(saga, others === undefined ? [wait] : [...others, wait]);
      if (signal !== undefined) {
        wait.unlink = onAbort(signal, () => {
          this.#leave(wait);
          reject(signal.reason);
        });
      }
      list.add(wait, from);
    });
  }

  /** There is news of a saga. */
  tell(saga: string, news: News | undefined): void {
    for (const wait of this.#waiting.get(saga) ?? []) this.#end(wait, news);
  }

  /** Nobody is to wait any longer. */
  endAll(): void {
    for (const saga of this.#waiting.keys()) this.tell(saga, undefined);
  }

  #end(wait: Wait<News>, news: News | undefined): void {
    this.#leave(wait);
    wait.resolve(news);
  }

  #leave(wait: Wait<News>): void {
    wait.list.remove(wait);
    wait.unlink?.();
    const left = this.#waiting.get(wait.saga)!.filter(other => other !== wait);
    if (left.length === 0) this.#waiting.delete(wait.saga);
    else this.#waiting.set(wait.saga, left);
  }

  #listOf(ms: number): DeadlineList<Wait<News>> {
    let list = this.#lists.get(ms);
    if (list === undefined) {
      list = new DeadlineList(this.#clock, wait => this.#end(wait, undefined));
      this.#lists.set(ms, list);
    }
    return list;
  }
}
