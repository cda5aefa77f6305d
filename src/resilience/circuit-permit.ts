type Settle = (verdict: 'success' | 'failure' | 'ignored', error?: unknown) => void;

/**
 * The right to make one call. Settle it once; what comes after is ignored. Until then it counts as in flight.
 */
export class CircuitPermit {
  #settle: Settle | undefined;

  constructor(settle: Settle) {
    this.#settle = settle;
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

  #end(...[verdict, error]: Parameters<Settle>): void {
    const settle = this.#settle;
    this.#settle = undefined;
    settle?.(verdict, error);
  }
}
