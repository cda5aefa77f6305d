import type { Clock } from '../kernel/clock.js';
import { TimeoutError } from '../kernel/errors.js';
import { onAbort } from '../kernel/on-abort.js';
import { checkKeys } from '../kernel/options.js';
import { checkSignal, checkTimeout } from './event-bus-options.js';
import { EventOverflowError } from './event-errors.js';
import type { Position } from './event-feed.js';

/** How to wait until an event is processed. */
export interface WhenProcessedOptions {
  /** Ends the wait when it aborts, with its reason. */
  readonly signal?: AbortSignal | undefined;
  /** How long to wait, in ms. @default no limit */
  readonly timeoutMs?: number | undefined;
}

interface Waiter {
  readonly position: Position;
  readonly resolve: () => void;
  readonly reject: (error: unknown) => void;
}

/** More than so many who wait for one projection are a leak. */
const MOST_WAITERS = 10_000;

/** Those who wait until a projection has come to a position. */
export class ProjectionWaiters {
  readonly #name: string;
  readonly #clock: Clock;
  readonly #waiters = new Set<Waiter>();

  constructor(name: string, clock: Clock) {
    this.#name = name;
    this.#clock = clock;
  }

  get size(): number {
    return this.#waiters.size;
  }

  /** Rejects with `ERR_TIMEOUT`, the reason of the signal, or what {@link ProjectionWaiters.fail} is told. */
  wait(position: Position, options: WhenProcessedOptions): Promise<void> {
    const owner = 'whenProcessed';
    checkKeys(owner, options, ['signal', 'timeoutMs']);
    const { signal } = options;
    const timeoutMs = checkTimeout(owner, options.timeoutMs);
    checkSignal(owner, signal);
    if (signal?.aborted) return Promise.reject(signal.reason);
    if (this.#waiters.size >= MOST_WAITERS) {
      const message = `${this.#name}: ${MOST_WAITERS} wait for a position already`;
      return Promise.reject(new EventOverflowError(message, { policy: this.#name }));
    }
    return new Promise((resolve, reject) => {
      const end = (settle: () => void) => (): void => {
        this.#waiters.delete(waiter);
        timer?.cancel();
        unlink?.();
        settle();
      };
      const waiter: Waiter = {
        position,
        resolve: end(resolve),
        reject: error => end(() => reject(error))(),
      };
      const late = `${this.#name}: not at position ${String(position)} within ${timeoutMs} ms`;
      const timer =
        timeoutMs < Infinity
          ? this.#clock.schedule(
              timeoutMs,
              () => waiter.reject(new TimeoutError(late, timeoutMs, { policy: this.#name })),
              true,
            )
          : undefined;
      const unlink = signal && onAbort(signal, () => waiter.reject(signal.reason));
      this.#waiters.add(waiter);
    });
  }

  /** All positions that `isPassed` says so of have been processed. */
  tell(isPassed: (position: Position) => boolean): void {
    for (const waiter of this.#waiters) if (isPassed(waiter.position)) waiter.resolve();
  }

  /** No event will be processed any more. */
  fail(error: unknown): void {
    for (const waiter of this.#waiters) waiter.reject(error);
  }
}
