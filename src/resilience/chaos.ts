import { BlastRadius } from '../core/blast-radius.js';
import { backgroundContext, contextOf, noOperation } from '../kernel/call-options.js';
import { type Clock, systemClock } from '../kernel/clock.js';
import { type CallContext, type CallOptions, type Context, callersDeadline } from '../kernel/context.js';
import { TimeoutError } from '../kernel/errors.js';
import { Emitter, type Listener, namesOf, type Observable } from '../kernel/events.js';
import { type OptionChanges, type UndoUpdate, updateOptions } from '../kernel/live-options.js';
import { given } from '../kernel/options.js';
import type { Operation, Policy } from '../kernel/policy.js';
import { type Random, systemRandom } from '../kernel/random.js';
import {
  type ChaosDescription,
  type ChaosKind,
  type ChaosOptions,
  type ChaosUpdate,
  type CheckedChaosOptions,
  chaosDefaults,
  checkChaos,
  describeChaos,
} from './chaos-options.js';
import { launch } from './launch.js';
import { canTruncate, truncated } from './truncate.js';

/** What can be listened to by `chaos.on`; `at` is the wall clock, in ms since the epoch. */
export interface ChaosEvents {
  /** Something was done to a call: it fails, waits, is answered, or its answer will break off. */
  injected: {
    readonly policy: string;
    readonly at: number;
    readonly kind: ChaosKind;
    readonly key: string | undefined;
    /** For `latency`: how long the call waits, in ms. */
    readonly delayMs: number | undefined;
  };
  /** `enabled` threw: nothing was done to the call. */
  askFailed: { readonly policy: string; readonly at: number; readonly error: unknown };
  /** Options were changed by `update`. */
  updated: { readonly policy: string; readonly changes: OptionChanges; readonly at: number };
}

/** What a {@link Chaos} has done so far. */
export interface ChaosSnapshot {
  /** That of the policy. */
  readonly name: string;
  /** Whether the switch is on. */
  readonly enabled: boolean;
  /** Of the calls of the window: how many are affected. */
  readonly affected: number;
  /** Calls that were spared because the blast radius was reached. */
  readonly spared: number;
  /** How often each was done. */
  readonly injected: Readonly<Record<ChaosKind, number>>;
}

/** What is to be done to one call. */
interface Plan {
  readonly delayMs: number | undefined;
  readonly instead: 'fault' | 'outcome' | undefined;
  readonly truncate: boolean;
}

/**
 * Makes some calls fail, wait, be answered wrongly, or break off in the middle of the answer: to see that
 * what stands outside of it copes. It injects nothing unless it is told to.
 *
 * DANGER: in production it hurts real callers. Bound it with `maxAffectedRatio`, choose its victims with
 * `enabled`, keep `disable()` within reach, and never let it near what must not fail.
 *
 * @example
 * ```ts
 * import { Chaos, pipeline, Retry } from 'keelson';
 * import { seededRandom } from 'keelson/testing';
 *
 * const chaos = new Chaos({ faultRatio: 0.5, random: seededRandom(7) });
 * const retry = new Retry({ attempts: 20, backoff: { kind: 'constant', delayMs: 1 } });
 * await pipeline(retry, chaos).execute(() => 'made it'); // => 'made it'
 * ```
 */
export class Chaos<Out = never> implements Policy<unknown, Out>, Observable<ChaosEvents> {
  declare readonly '~policy'?: (value: unknown) => Out;

  /** Shown in errors, events and `describe()`. */
  readonly name: string;
  /** The source of time. */
  readonly clock: Clock;
  #options: CheckedChaosOptions<Out>;
  readonly #random: Random;
  readonly #radius: BlastRadius;
  readonly #background: CallContext;
  readonly #injected: Record<ChaosKind, number> = { fault: 0, latency: 0, outcome: 0, truncate: 0 };
  /** Ends the waits of delayed calls. */
  readonly #waiting = new Set<() => void>();
  #on: boolean;
  #spared = 0;
  #events: Emitter<ChaosEvents> | undefined;

  /** @throws TypeError or RangeError that names the option, the rule and the value. */
  constructor(options: ChaosOptions<Out> = {}) {
    const all = checkChaos(options);
    this.name = all.name;
    this.clock = all.clock ?? systemClock;
    this.#options = all;
    this.#random = all.random ?? systemRandom;
    this.#radius = new BlastRadius(all.maxAffectedRatio, all.windowCalls);
    this.#background = backgroundContext(this.clock);
    this.#on = all.enabled !== false;
  }

  /** What stands where an option was left out. */
  static get defaults(): typeof chaosDefaults {
    return chaosDefaults;
  }

  /** The kill switch: nothing is injected from now on. Calls that wait at this moment run at once. */
  disable(): void {
    this.#on = false;
    for (const wake of [...this.#waiting]) wake();
  }

  /** Injects again what it was set up for; a function given as `enabled` is still asked. */
  enable(): void {
    this.#on = true;
  }

  /** Runs the operation, or does to the call what chance says. */
  execute<T>(operation: Operation<T>, options?: CallOptions | Context): Promise<T | Out> {
    if (typeof operation !== 'function') return Promise.reject(noOperation('execute', operation));
    let call = this.#background;
    let plan: Plan | undefined;
    try {
      if (options !== undefined) call = contextOf(options, this.clock);
      if (call.cancelled) return Promise.reject(call.reason);
      if (this.#on && this.#isMeant(call)) plan = this.#plan();
    } catch (error) {
      return Promise.reject(error);
    }
    return plan === undefined ? launch(operation, call) : this.#affect(plan, operation, call);
  }

  on<Name extends keyof ChaosEvents>(event: Name, listener: Listener<ChaosEvents[Name]>): () => void {
    this.#events ??= new Emitter(namesOf<ChaosEvents>({ injected: true, askFailed: true, updated: true }));
    return this.#events.on(event, listener);
  }

  /**
   * Changes options for the calls that begin from now on, and answers how to put them back. Calls that wait
   * do so for what they were given. The blast radius goes on counting the calls that it knows.
   *
   * @throws TypeError or RangeError that names the option, the rule and the value; then nothing has changed.
   */
  update(options: ChaosUpdate<Out>): UndoUpdate {
    return updateOptions(
      {
        owner: 'Chaos',
        read: () => updatable(this.#options),
        write: next => this.#amend(next),
        tell: changes => {
          if (!this.#events?.has('updated')) return;
          this.#events.emit('updated', { policy: this.name, changes, at: this.clock.wall() });
        },
      },
      options as Partial<ReturnType<typeof updatable<Out>>>,
    );
  }

  /** How it is set up, as JSON. */
  describe(): ChaosDescription {
    return describeChaos(this.#options);
  }

  /** How it stands and what it has done so far, as JSON. */
  snapshot(): ChaosSnapshot {
    return {
      name: this.name,
      enabled: this.#on,
      affected: this.#radius.affected,
      spared: this.#spared,
      injected: { ...this.#injected },
    };
  }

  #amend(next: object): void {
    const { name, clock, random, enabled } = this.#options;
    const all = checkChaos(given({ ...next, name, clock, random, enabled }) as ChaosOptions<Out>);
    this.#options = all;
    this.#radius.amend(all.maxAffectedRatio, all.windowCalls);
  }

  /** A mistake in the user's function must not hurt a call: that one goes free. */
  #isMeant(call: CallContext): boolean {
    const { enabled } = this.#options;
    if (typeof enabled === 'boolean') return true;
    try {
      return enabled(call) === true;
    } catch (error) {
      if (this.#events?.has('askFailed')) {
        this.#events.emit('askFailed', { policy: this.name, at: this.clock.wall(), error });
      }
      return false;
    }
  }

  /** What chance has in store for a call, within the blast radius; `undefined` for nothing. */
  #plan(): Plan | undefined {
    const { faultRatio, latencyRatio, outcomeRatio, truncateRatio, leastMs, mostMs } = this.#options;
    const delays = this.#draws(latencyRatio);
    const delayMs = delays ? leastMs + (mostMs - leastMs) * this.#random() : undefined;
    // Each is drawn for, so that one ratio changed does not shift the luck of the others.
    const fault = this.#draws(faultRatio);
    const outcome = this.#draws(outcomeRatio);
    const truncate = this.#draws(truncateRatio);
    const wanted = delays || fault || outcome || truncate;
    if (this.#radius.admit(wanted)) {
      return { delayMs, instead: fault ? 'fault' : outcome ? 'outcome' : undefined, truncate };
    }
    if (wanted) this.#spared++;
    return undefined;
  }

  #draws(ratio: number): boolean {
    return ratio > 0 && this.#random() < ratio;
  }

  async #affect<T>(plan: Plan, operation: Operation<T>, call: CallContext): Promise<T | Out> {
    const { fault, outcome, truncateAfter } = this.#options;
    if (plan.delayMs !== undefined) {
      this.#tell('latency', call, plan.delayMs);
      // A listener may have given the call up.
      if (call.cancelled) throw call.reason;
      await this.#wait(plan.delayMs, call);
      // The switch was thrown in the meantime: the rest of the plan is off.
      if (!this.#on) return await launch(operation, call);
    }
    if (plan.instead === 'fault') {
      this.#tell('fault', call);
      throw fault === undefined ? this.#error('an injected fault') : fault(call);
    }
    if (plan.instead === 'outcome') {
      this.#tell('outcome', call);
      return await outcome!(call);
    }
    const answer = await launch(operation, call);
    if (!plan.truncate || !canTruncate(answer)) return answer;
    this.#tell('truncate', call);
    return truncated(answer, truncateAfter, () => this.#error('the answer was cut off')) as T;
  }

  /** Ends early, with a rejection, by an abort or at the caller's own deadline. */
  #wait(delayMs: number, call: CallContext): Promise<void> {
    // Where a policy outside has set the deadline, that one gives the call up when its time comes.
    const spanMs = callersDeadline(call) === Infinity ? Infinity : call.remainingMs();
    return new Promise((resolve, reject) => {
      const end = (then: () => void): void => {
        timer.cancel();
        unsubscribe();
        this.#waiting.delete(wake);
        then();
      };
      const wake = (): void => end(resolve);
      const elapse = (): void =>
        end(() => {
          if (delayMs < spanMs) resolve();
          else reject(this.#late(spanMs));
        });
      const unsubscribe = call.onCancel(() => end(() => reject(call.reason)));
      const timer = this.clock.schedule(Math.min(delayMs, spanMs), elapse, true);
      this.#waiting.add(wake);
    });
  }

  #late(spanMs: number): TimeoutError {
    const timeoutMs = Math.ceil(spanMs);
    const text = `${this.name}: no answer within ${timeoutMs} ms`;
    return new TimeoutError(text, timeoutMs, { policy: this.name });
  }

  #error(what: string): Error {
    return new Error(`${this.name}: ${what}`);
  }

  #tell(kind: ChaosKind, { key }: CallContext, delayMs?: number): void {
    this.#injected[kind]++;
    if (!this.#events?.has('injected')) return;
    this.#events.emit('injected', { policy: this.name, at: this.clock.wall(), kind, key, delayMs });
  }
}

/** The present options, by their names. */
function updatable<Out>(options: CheckedChaosOptions<Out>) {
  const { faultRatio, fault, latencyRatio, latencyMs, outcomeRatio, outcome, truncateRatio } = options;
  const { truncateAfter, maxAffectedRatio, windowCalls } = options;
  return {
    ...{ faultRatio, fault, latencyRatio, latencyMs, outcomeRatio, outcome, truncateRatio },
    ...{ truncateAfter, maxAffectedRatio, windowCalls },
  };
}
