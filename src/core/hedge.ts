/**
 * Hedge: which attempts of one call run at a time, when the next one starts, and when there is nothing left
 * to hope for.
 *
 * The next attempt starts when the delay after the latest start has passed, or at once when one fails, for
 * which a refusal by a policy further inside counts like any other failure. What is left out (no budget, no
 * time) and what is suppressed (by a breaker that lets no extra attempt through) has had its turn and starts
 * nothing while another attempt runs, so that a call asks for at most `hedges` extra attempts whatever
 * becomes of them.
 */

/** What is to be done now: start the next attempt, wait for those that run, or end the call as failed. */
export type HedgeStep = 'start' | 'wait' | 'fail';

/**
 * The attempts of one call from the moment on at which the first one failed or its time was over: most calls
 * are done before that and need none of this.
 */
export class HedgeRace {
  /** Attempts that have not ended. The first one runs when the race begins. */
  running = 1;
  /** Extra attempts that have not had their turn. */
  left: number;

  constructor(hedges: number) {
    this.left = hedges;
  }

  /** An extra attempt starts. */
  start(): void {
    this.left--;
    this.running++;
  }

  /** The extra attempt that should start now is left out. */
  skip(): HedgeStep {
    this.left--;
    return this.#hope();
  }

  /** An attempt has failed, or was refused. */
  fail(): HedgeStep {
    this.running--;
    return this.left > 0 ? 'start' : this.#hope();
  }

  /** An extra attempt did not run, for a breaker suppresses such. The next has its turn when it is due. */
  suppress(): HedgeStep {
    this.running--;
    return this.left > 0 && this.running === 0 ? 'start' : this.#hope();
  }

  #hope(): HedgeStep {
    return this.running > 0 ? 'wait' : 'fail';
  }
}
