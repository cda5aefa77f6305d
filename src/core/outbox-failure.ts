import { type Backoff, backoffMs } from './backoff.js';

/**
 * What a publish that failed says of its message. `unreachable`: nothing, for the bus took nobody's.
 * `failed`: another try may do better. `refused`: none ever will.
 */
export type PublishVerdict = 'unreachable' | 'failed' | 'refused';

/** Why a key stands still. */
export type ParkReason = 'refused' | 'failed' | 'crashed';

/** How often a message is tried, and how long after which try. */
export interface PublishTries {
  /** >= 1. */
  readonly attempts: number;
  readonly backoff: Backoff;
}

/** What becomes of a key whose next message failed: it waits so many ms, or stands still. */
export type AfterFailure =
  | { readonly then: 'wait'; readonly waitMs: number }
  | { readonly then: 'park'; readonly reason: ParkReason };

/** `tries` ended badly before this one. `random` is in `[0, 1)`. */
export function afterPublishFailure(
  rules: PublishTries,
  verdict: 'failed' | 'refused',
  tries: number,
  random: number,
): AfterFailure {
  if (verdict === 'refused') return { then: 'park', reason: 'refused' };
  if (tries + 1 >= rules.attempts) return { then: 'park', reason: 'failed' };
  return { then: 'wait', waitMs: Math.round(backoffMs(rules.backoff, tries + 1, 0, random)) };
}

/** After so many that were not taken in a row, none of them well, it is the bus. */
const STREAK = 3;

/**
 * Spares a bus that takes nothing: after some failures in a row nothing begins for a while, and then one
 * message at a time, until one goes through.
 */
export class BusPause {
  readonly #backoff: Backoff;
  #streak = 0;
  #until = -Infinity;

  constructor(backoff: Backoff) {
    this.#backoff = backoff;
  }

  /** Until when nothing begins. */
  get until(): number {
    return this.#until;
  }

  /** Whether the bus has been found to take nothing. */
  get paused(): boolean {
    return this.#streak >= STREAK;
  }

  failed(now: number, random: number): void {
    this.#streak++;
    if (!this.paused) return;
    this.#until = Math.max(this.#until, now + backoffMs(this.#backoff, this.#streak - STREAK + 1, 0, random));
  }

  worked(): void {
    this.#streak = 0;
    this.#until = -Infinity;
  }

  /** How many messages may begin besides the `open` ones. */
  room(now: number, open: number): number {
    if (!this.paused) return Infinity;
    return now < this.#until || open > 0 ? 0 : 1;
  }
}
