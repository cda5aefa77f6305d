import { CallContext } from '../kernel/context.js';
import { newId } from '../kernel/random.js';

/** What makes attempts: one object for each policy that repeats. */
export interface Repeater {
  /** How many attempts it makes of one call at most. */
  readonly attempts: number;
  /** The budget it shares with others, if any. */
  readonly budget: object | undefined;
}

/** The context of one attempt. All attempts of a call share an idempotency key, made when first read. */
export class AttemptContext<R extends Repeater = Repeater> extends CallContext {
  readonly repeater: R;
  readonly #attempt: number;
  /** The key, or the first attempt that knows it. */
  #key: string | AttemptContext | undefined;

  constructor(parent: CallContext, repeater: R, attempt: number, first: AttemptContext | undefined) {
    super(parent, parent.deadline);
    this.repeater = repeater;
    this.#attempt = attempt;
    this.#key = first;
  }

  override get attempt(): number {
    return this.#attempt;
  }

  override get idempotencyKey(): string {
    // The key of whoever repeats further outside is the key of the call.
    this.#key ??= this.parent!.idempotencyKey ?? newId();
    if (typeof this.#key !== 'string') this.#key = this.#key.idempotencyKey;
    return this.#key;
  }
}

/** The attempt of a policy further outside that `context` is part of, if there is one. */
export function attemptAround(context: CallContext | undefined): AttemptContext | undefined {
  let at = context;
  while (at !== undefined && !(at instanceof AttemptContext)) at = at.parent;
  return at;
}
