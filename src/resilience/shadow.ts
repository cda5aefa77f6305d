import { keyShare } from '../core/key-share.js';
import { type Clock, systemClock } from '../kernel/clock.js';
import type { CallContext, CallOptions, Context } from '../kernel/context.js';
import { Emitter, type EventNames, type Listener, namesOf, type Observable } from '../kernel/events.js';
import { GuardRun } from '../kernel/guard-run.js';
import { isAtRest, isGrantedBy, isGuard } from '../kernel/is-guard.js';
import { checkKeys, checkNumber, given, refuse } from '../kernel/options.js';
import type { Guard, Operation, ParkedCall, Policy } from '../kernel/policy.js';
import { type Random, systemRandom } from '../kernel/random.js';
import { SoloRun } from '../kernel/solo-run.js';
import { WaitingRoom } from '../kernel/waiting-room.js';
import { describeInside } from './inside-description.js';
import { ShadowCall } from './shadow-call.js';
import { type ShadowTeller, ShadowTurn } from './shadow-turn.js';

/** How a guard is shadowed. */
export interface ShadowOptions {
  /**
   * The share of calls for which the guard is in force, 0..1: of the keys, where calls have a key, else of
   * the calls. It can be changed at any time.
   * @default 0
   */
  readonly enforceRatio?: number;
  /** Shown in events and `describe()`. @default the name of the guard, or 'shadow' */
  readonly name?: string;
  /** The source of chance, for calls without a key. @default systemRandom */
  readonly random?: Random;
  /** The source of time. @default that of the guard */
  readonly clock?: Clock;
}

/** A call was let through that the guard would not have. */
export interface ShadowedCall {
  /** The name of the shadow. */
  readonly policy: string;
  /** Epoch ms. */
  readonly at: number;
  /** The key of the call, if it has one. */
  readonly key: string | undefined;
}

/** What can be listened to by `on`. */
export interface ShadowEvents {
  /** The guard would have refused the call, with `error`: at once, or after it would have waited. */
  wouldReject: ShadowedCall & { readonly error: unknown };
  /** The guard would have made the call wait. */
  wouldWait: ShadowedCall;
  /** The guard would have given up on the call, with `error`, while the operation ran. */
  wouldGiveUp: ShadowedCall & { readonly error: unknown };
}

/** What a shadow is like at a moment. */
export interface ShadowSnapshot {
  /** That of the shadow. */
  readonly name: string;
  /** For which share of calls the guard is in force now. */
  readonly enforceRatio: number;
  /** Calls let through that the guard would have refused, at once or after a wait. */
  readonly wouldReject: number;
  /** Calls let through that it would have made wait. */
  readonly wouldWait: number;
  /** Calls not ended that it would have given up on. */
  readonly wouldGiveUp: number;
}

/** How a shadow was made. */
export interface ShadowDescription {
  /** Which policy this is. */
  readonly kind: 'shadow';
  /** That of the shadow. */
  readonly name: string;
  /** For which share of calls the guard is in force now. */
  readonly enforceRatio: number;
  /** The description of the guard. */
  readonly policy: unknown;
}

/** A guard that is watched before it is trusted. */
export interface Shadow<G extends Guard = Guard> extends Guard, Policy, Observable<ShadowEvents> {
  /** Shown in events and `describe()`. */
  readonly name: string;
  /** The guard itself. */
  readonly guard: G;
  /** The guard, for who watches all parts of a whole. */
  readonly parts: readonly [G];
  /** For which share of calls it is in force: set it to go live step by step. Bad shares throw. */
  enforceRatio: number;
  /** Whether the guard says nothing against being forgotten. */
  readonly atRest: boolean;
  /** How it stands at this moment. */
  snapshot(): ShadowSnapshot;
  /** How it was made, with the present share. */
  describe(): ShadowDescription;
}

const defaults: { readonly enforceRatio: number } = /* @__PURE__ */ Object.freeze({ enforceRatio: 0 });
const known = ['enforceRatio', 'name', 'random', 'clock'];
const eventNames: EventNames<ShadowEvents> = { wouldReject: true, wouldWait: true, wouldGiveUp: true };

/** What a call holds that went past the guard. */
const PAST: object = /* @__PURE__ */ Object.freeze({});

/**
 * Puts a guard, ours or one of your own, beside the calls instead of in their way: it decides and keeps its
 * books as ever, but a call that it would refuse is let through without a permit, one that it would make
 * wait runs at once and waits in the line as well, one that it would give up on runs on, and each is
 * counted. A call in the line is let in, refused or given up there as if it had not begun, and then holds
 * its permit for as long as its operation took. `enforceRatio` puts it in force for a share of the calls:
 * one key is always on the same side, and stays in force when the share grows.
 *
 * @throws TypeError or RangeError that names the option, the rule and the value.
 * @example
 * ```ts
 * import { Bulkhead, shadow } from 'keelson';
 *
 * const bulkhead = shadow(new Bulkhead({ slots: 1 }));
 * const calls = [1, 2].map(one => bulkhead.execute(async () => one));
 * await Promise.all(calls); // => [1, 2]
 * bulkhead.snapshot().wouldReject; // => 1
 * bulkhead.enforceRatio = 1;
 * ```
 */
export function shadow<G extends Guard<never> | Guard>(guard: G, options: ShadowOptions = {}): Shadow<G> {
  return new GuardShadow(guard as Guard, options) as unknown as Shadow<G>;
}

class GuardShadow implements Shadow, ShadowTeller {
  readonly name: string;
  readonly guard: Guard;
  readonly clock: Clock;
  readonly givesUp: boolean;
  // Calls are known to wait by that there is a `wait`.
  declare readonly wait?: (call: ParkedCall) => unknown;
  readonly #random: Random;
  #enforceRatio: number;
  #events: Emitter<ShadowEvents> | undefined;
  #run: SoloRun<unknown> | GuardRun | undefined;
  readonly #counts = { wouldReject: 0, wouldWait: 0, wouldGiveUp: 0 };
  readonly #onGiveUp = (call: CallContext, error: unknown): void => this.wouldGiveUp(call, error);

  constructor(guard: Guard, options: ShadowOptions) {
    if (!isGuard(guard)) {
      throw new TypeError('shadow: the first argument must be a guard: something with `enter` and `exit`');
    }
    checkKeys('shadow', options, known);
    const { enforceRatio, name, random, clock } = { ...defaults, random: systemRandom, ...given(options) };
    if (typeof random !== 'function') refuse('shadow', 'random', 'a function', random);
    this.guard = guard;
    this.name = name ?? (guard as { readonly name?: string }).name ?? 'shadow';
    this.clock = clock ?? guard.clock ?? systemClock;
    this.givesUp = guard.givesUp === true;
    this.#random = random;
    this.#enforceRatio = checkRatio(enforceRatio);
    if (guard.wait !== undefined) this.wait = call => guard.wait!(call);
  }

  get enforceRatio(): number {
    return this.#enforceRatio;
  }

  set enforceRatio(ratio: number) {
    this.#enforceRatio = checkRatio(ratio);
  }

  get parts(): readonly [Guard] {
    return [this.guard];
  }

  get atRest(): boolean {
    return isAtRest(this.guard);
  }

  execute<T>(operation: Operation<T>, options?: CallOptions | Context): Promise<T> {
    this.#run ??= this.givesUp
      ? new GuardRun([this], this.clock)
      : new SoloRun<unknown>(this, this.clock, this.wait && new WaitingRoom(this));
    return this.#run.execute(operation, options);
  }

  enter(call: CallContext): unknown {
    if (this.givesUp && !this.#enforces(call)) return this.#enterAside(call);
    let permit: unknown;
    try {
      permit = this.guard.enter(call);
      if (permit !== undefined) return permit;
    } catch (error) {
      if (!this.givesUp && !this.#enforces(call)) return this.#letPass(call, error);
      throw error;
    }
    // A guard in force is asked next, by `refusal` and `wait`, what becomes of the call.
    return this.givesUp || this.#enforces(call) ? undefined : this.#turnPast(call, call);
  }

  refusal(call: CallContext): unknown {
    return this.guard.refusal?.(call);
  }

  withdraw(ticket: unknown): void {
    this.guard.withdraw?.(ticket);
  }

  exit(permit: unknown, ok: boolean, result: unknown, call: CallContext): void {
    if (permit === PAST) return;
    if (permit instanceof ShadowTurn) permit.ended(ok, result);
    else if (this.givesUp && permit instanceof ShadowCall) this.guard.exit(permit.permit, ok, result, permit);
    else this.guard.exit(permit, ok, result, call);
  }

  /** Nobody holds anything of the guard who went past it. */
  granted(permit: unknown, guard: object): boolean {
    if (permit === PAST || permit === undefined || permit instanceof ShadowCall) return false;
    return isGrantedBy(this.guard, permit, guard);
  }

  on<Name extends keyof ShadowEvents>(event: Name, listener: Listener<ShadowEvents[Name]>): () => void {
    this.#events ??= new Emitter(namesOf(eventNames));
    return this.#events.on(event, listener);
  }

  snapshot(): ShadowSnapshot {
    return { name: this.name, enforceRatio: this.#enforceRatio, ...this.#counts };
  }

  describe(): ShadowDescription {
    const { name, enforceRatio } = this;
    return { kind: 'shadow', name, enforceRatio, policy: describeInside(this.guard) };
  }

  /** A guard that may give up is shown another call than the one that runs. */
  #enterAside(call: CallContext): unknown {
    const aside = new ShadowCall(call, this.#onGiveUp);
    try {
      aside.permit = this.guard.enter(aside);
    } catch (error) {
      return this.#letPass(call, error);
    }
    return aside.permit === undefined ? this.#turnPast(call, aside) : aside;
  }

  /** Lets a call through that the guard, which knows it as `shown`, has not let in. */
  #turnPast(call: CallContext, shown: CallContext): object {
    try {
      const refusal = this.guard.refusal?.(shown);
      if (refusal !== undefined) return this.#letPass(call, refusal);
      // Whoever hears of a refusal may have given it up.
      if (call.cancelled) return PAST;
      const turn = new ShadowTurn(call, this);
      turn.join();
      this.#tell('wouldWait', call, undefined);
      return turn;
    } catch (error) {
      return this.#letPass(call, error);
    }
  }

  wouldReject(call: CallContext, error: unknown): void {
    this.#tell('wouldReject', call, error);
  }

  wouldGiveUp(call: CallContext, error: unknown): void {
    this.#tell('wouldGiveUp', call, error);
  }

  #letPass(call: CallContext, error: unknown): object {
    this.#tell('wouldReject', call, error);
    return PAST;
  }

  #enforces(call: CallContext): boolean {
    const ratio = this.#enforceRatio;
    if (ratio === 0 || ratio === 1) return ratio === 1;
    const { key } = call;
    return (key === undefined ? this.#random() : keyShare(key)) < ratio;
  }

  #tell(event: keyof ShadowEvents, call: CallContext, error: unknown): void {
    this.#counts[event]++;
    if (!this.#events?.has(event)) return;
    const told = { policy: this.name, at: this.clock.wall(), key: call.key };
    this.#events.emit(event, event === 'wouldWait' ? told : { ...told, error });
  }
}

function checkRatio(ratio: unknown): number {
  return checkNumber('shadow', 'enforceRatio', ratio, { min: 0, max: 1 });
}
