import type { CallContext } from './context.js';
import { GuardPlan } from './guard-plan.js';
import { GuardedCall } from './guarded-call.js';
import { HandedContext } from './handed-context.js';
import type { Fronting } from './is-guard.js';
import type { Guard, Operation } from './policy.js';

/** What a run of one guard needs when calls may have to wait for that guard. */
export class WaitingRoom {
  readonly #plan: GuardPlan;
  /** Whether there may be other guards behind this one, so that the permit tells more than the guard. */
  readonly #isFront: boolean;

  constructor(guard: Guard) {
    this.#plan = new GuardPlan([guard]);
    this.#isFront = (guard as Fronting).granted !== undefined;
  }

  /** What the operation of `call` is handed, so that a call made with it is known to come from inside. */
  hand(call: CallContext, permit?: unknown): HandedContext | undefined {
    if (!this.#plan.parks) return undefined;
    return new HandedContext(call, this.#plan, this.#isFront ? [permit] : undefined);
  }

  /** Makes a call wait that the guard has not let in. */
  park<T>(operation: Operation<T>, call: CallContext): Promise<T> {
    const plan = this.#plan;
    return GuardedCall.park(call, plan, operation, plan.permits, 0) as Promise<T>;
  }
}
