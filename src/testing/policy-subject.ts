import type { CallOptions } from '../kernel/context.js';
import type { Outcome } from '../kernel/outcome.js';
import { pipeline } from '../kernel/pipeline.js';
import type { Guard, Operation, Policy } from '../kernel/policy.js';
import { LawError } from './law.js';
import { VirtualClock } from './virtual-clock.js';

/** Makes a fresh policy or guard that takes its time from `clock`. */
export type MakePolicy = (clock: VirtualClock) => Policy<never, unknown> | Guard;

/** A fresh policy on a clock of its own. */
export class PolicySubject {
  readonly clock: VirtualClock = new VirtualClock();
  readonly policy: Policy<unknown, unknown>;
  readonly #law: string;

  /** `compose` puts the policy into a pipeline; by default it is used as it is, and a guard alone in one. */
  constructor(
    law: string,
    make: MakePolicy,
    compose: (part: ReturnType<MakePolicy>) => Policy<unknown, unknown> = standing,
  ) {
    this.#law = law;
    this.policy = compose(make(this.clock));
  }

  /** Starts a call. The outcome never rejects; a policy that throws instead of rejecting breaks the law. */
  start(operation: Operation<unknown>, options?: CallOptions): Promise<Outcome> {
    let answer: Promise<unknown>;
    try {
      answer = this.policy.execute(operation, options);
    } catch (error) {
      throw new LawError(this.#law, 'execute to return a promise whatever happens, not to throw', error);
    }
    if (typeof (answer as Partial<Promise<unknown>> | undefined)?.then !== 'function') {
      throw new LawError(this.#law, 'execute to return a promise', answer);
    }
    return answer.then(
      (value): Outcome => ({ ok: true, value }),
      (error: unknown): Outcome => ({ ok: false, error }),
    );
  }

  /** Runs a call to its end, however much virtual time it takes. */
  call(operation: Operation<unknown>, options?: CallOptions): Promise<Outcome> {
    return this.finish(this.start(operation, options));
  }

  async finish<T>(outcome: Promise<T>): Promise<T> {
    try {
      return await this.clock.runUntil(outcome);
    } catch (error) {
      throw new LawError(this.#law, 'the call to settle', error);
    }
  }

  /** Resolves after `ms` of virtual time, as the reply of a remote does. */
  sleep(ms: number): Promise<void> {
    return new Promise(resolve => this.clock.schedule(ms, resolve));
  }
}

/** The policy as it is. A guard runs nothing by itself: it stands alone in a pipeline. */
export function standing(part: Policy<never, unknown> | Guard): Policy<unknown, unknown> {
  const policy = 'execute' in part ? part : (pipeline as (guard: Guard) => unknown)(part);
  return policy as unknown as Policy<unknown, unknown>;
}

/** Whether a policy refused the call before the operation ran. */
export function refused(outcome: Outcome): boolean {
  return !outcome.ok && (outcome.error as { rejected?: unknown } | null | undefined)?.rejected === true;
}
