import { CallContext } from './context.js';
import type { GuardPlan } from './guard-plan.js';
import type { Guard } from './policy.js';

const none: readonly unknown[] = /* @__PURE__ */ Object.freeze([]);

/**
 * What an operation without a record of its own is handed: a call that is made with it is known to come from
 * inside. Calls without options share one for ever, which costs them nothing.
 */
export class HandedContext extends CallContext {
  running = true;
  readonly #plan: GuardPlan;
  readonly #permits: readonly unknown[];

  /** Without its permits, it is not known whom those guards let in that stand behind another. */
  constructor(parent: CallContext, plan: GuardPlan, permits: readonly unknown[] = none) {
    super(parent);
    this.#plan = plan;
    this.#permits = permits;
  }

  override holds(guard: Guard): boolean {
    return this.running && this.#plan.holds(guard, this.#permits, this.#plan.guards.length);
  }
}
