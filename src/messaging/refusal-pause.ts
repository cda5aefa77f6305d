import type { Clock, Timer } from '../kernel/clock.js';

/** How long a refusal without a word of when to ask again pauses at first, and at the most. */
const FIRST_PAUSE_MS = 100;
const LONGEST_PAUSE_MS = 30_000;

/**
 * The pause after a policy refused to run a handler. After it one message goes ahead of the others, to see
 * whether the policy lets it.
 */
export class RefusalPause {
  readonly #clock: Clock;
  #ms = 0;
  #timer: Timer | undefined;
  #probing = false;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Nothing is begun. */
  get active(): boolean {
    return this.#timer !== undefined;
  }

  /** From the refusal until a handler ran: no more than one at a time is begun. */
  get probing(): boolean {
    return this.#probing;
  }

  /** Answers for how many ms, unless it is a pause already; longer each time where nobody says how long. */
  begin(afterMs: number | undefined, over: () => void): number | undefined {
    if (this.#timer !== undefined) return undefined;
    this.#ms = Math.min(Math.max(FIRST_PAUSE_MS, 2 * this.#ms), LONGEST_PAUSE_MS);
    const forMs = afterMs ?? this.#ms;
    this.#probing = true;
    this.#timer = this.#clock.schedule(forMs, () => {
      this.#timer = undefined;
      over();
    });
    return forMs;
  }

  /** A handler ran; answers whether that ends what a refusal began. */
  end(): boolean {
    if (!this.#probing || this.#timer !== undefined) return false;
    this.#probing = false;
    this.#ms = 0;
    return true;
  }

  /** The subscription ends. */
  cancel(): void {
    this.#timer?.cancel();
  }
}
