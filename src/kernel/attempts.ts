import { CallContext } from './context.js';
import { type InTheMaking, leanClass } from './lean-class.js';
import type { Operation } from './policy.js';
import { newId } from './random.js';

/** What runs an operation more than once for one call: a retry, a hedge. */
export interface Repeater {
  /** How many attempts it makes of one call at most. */
  readonly attempts: number;
  /** What bounds its extra attempts together with those of others. */
  readonly budget: object | undefined;
}

/**
 * The context of the first attempt of a call that may be repeated, and the parent of all later ones. It keeps
 * the operation for whoever repeats it.
 */
export class FirstAttempt<R extends Repeater = Repeater, T = unknown> extends CallContext {
  readonly repeater: R;
  readonly operation: Operation<T>;
  // Both are no fields until they are set: they would cost every call eight bytes.
  /** When the call began, on the repeater's clock; set by one that wants to know. */
  startedAt?: number;
  private madeKey?: string;

  constructor(parent: CallContext, repeater: R, operation: Operation<T>) {
    super(parent);
    this.repeater = repeater;
    this.operation = operation;
  }

  override get attempt(): number {
    return 1;
  }

  /** The caller's key, or that of an outer repetition, or one made when it is first read. */
  override get idempotencyKey(): string {
    this.madeKey ??= super.idempotencyKey ?? newId();
    return this.madeKey;
  }

  /** The context of attempt number `attempt`, from 2. */
  next(attempt: number): CallContext {
    return new LaterAttempt(this, attempt);
  }
}

/** A first attempt as every call makes it. */
export const LeanFirstAttempt: typeof FirstAttempt = /* @__PURE__ */ leanClass(
  FirstAttempt,
  function (
    this: InTheMaking<FirstAttempt>,
    parent: CallContext,
    repeater: Repeater,
    operation: Operation<unknown>,
  ) {
    this.parent = parent;
    this.repeater = repeater;
    this.operation = operation;
  },
);

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
