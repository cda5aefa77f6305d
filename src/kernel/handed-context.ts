import { CallContext } from './context.js';
import type { GuardPlan } from './guard-plan.js';
import type { Guard } from './policy.js';

/**
 * What an operation without a record of its own is handed: a call that is made with it is known to come from
 * inside. Calls without options share one for ever, which costs them nothing.
 */
export class HandedContext extends CallContext {
  running = true;
  readonly #plan: GuardPlan;

  constructor(parent: CallContext, plan: GuardPlan) {
    super(parent);
    this.#plan = plan;
  }

  override holds(guard: Guard): boolean {
    return this.running && this.#plan.guards.includes(guard);
  }
}
