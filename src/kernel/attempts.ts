import { CallContext } from './context.js';
import { newId } from './random.js';

/** The context of the first attempt of a call that may be repeated, and the parent of all later ones. */
export class FirstAttempt extends CallContext {
  #idempotencyKey: string | undefined;

  constructor(parent: CallContext) {
    super(parent, parent.deadline);
  }

  override get attempt(): number {
    return 1;
  }

  /** The caller's key, or that of an outer repetition, or one made when it is first read. */
  override get idempotencyKey(): string {
    this.#idempotencyKey ??= super.idempotencyKey ?? newId();
    return this.#idempotencyKey;
  }

  /** The context of attempt number `attempt`, from 2. */
  next(attempt: number): CallContext {
    return new LaterAttempt(this, attempt);
  }
}

class LaterAttempt extends CallContext {
  readonly #attempt: number;

  constructor(first: FirstAttempt, attempt: number) {
    super(first, first.deadline);
    this.#attempt = attempt;
  }

  override get attempt(): number {
    return this.#attempt;
  }
}
