import type { Permit } from '../core/permit.js';

type Verdict = 'success' | 'failure' | 'ignored';
/** Called with the breaker as `this`: a closure for each permit would cost as much as the permit. */
type Settle = (permit: Permit, verdict: Verdict, error: unknown) => void;

/**
 * The right to make one call. Settle it once; what comes after is ignored. Until then it counts as in flight.
 */
export class CircuitPermit {
  readonly #breaker: object;
  readonly #settle: Settle;
  #permit: Permit | undefined;

  /** @internal */
  constructor(breaker: object, settle: Settle, permit: Permit) {
    this.#breaker = breaker;
    this.#settle = settle;
    this.#permit = permit;
  }

  /** The remote did well; the time it took decides whether it was slow. */
  success(): void {
    this.#end('success');
  }

  /** `error` is asked for the break that it wants. */
  failure(error?: unknown): void {
    this.#end('failure', error);
  }

  /** The call says nothing about the remote: it never ran, or nobody wanted the answer any more. */
  ignore(): void {
    this.#end('ignored');
  }

  /** For `using`: ignores the call unless it was settled. */
  [Symbol.dispose](): void {
    this.ignore();
  }

  #end(verdict: Verdict, error?: unknown): void {
    const permit = this.#permit;
    this.#permit = undefined;
    if (permit !== undefined) this.#settle.call(this.#breaker, permit, verdict, error);
  }
}
