import { CallContext } from './context.js';
import { newId } from './random.js';

/** What runs an operation more than once for one call: a retry, a hedge. */
export interface Repeater {
  /** How many attempts it makes of one call at most. */
  readonly attempts: number;
  /** What bounds its extra attempts together with those of others. */
  readonly budget: object | undefined;
}

/** The context of the first attempt of a call that may be repeated, and the parent of all later ones. */
export class FirstAttempt<R extends Repeater = Repeater> extends CallContext {
  readonly repeater: R;
  #idempotencyKey: string | undefined;

  constructor(parent: CallContext, repeater: R) {
    super(parent);
    this.repeater = repeater;
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
    super(first);
    this.#attempt = attempt;
  }

  override get attempt(): number {
    return this.#attempt;
  }
}

/** What already repeats the call that `context` belongs to, innermost first. */
export function repeatersAround(context: CallContext): readonly Repeater[] {
  const repeaters: Repeater[] = [];
  for (let at: CallContext | undefined = context; at !== undefined; at = at.parent) {
    if (at instanceof FirstAttempt) repeaters.push(at.repeater);
  }
  return repeaters;
}
