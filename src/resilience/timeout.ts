import { type Clock, systemClock, type Timer } from '../kernel/clock.js';
import type { CallOptions, Context } from '../kernel/context.js';
import { DeadlineList } from '../kernel/deadline-list.js';
import { DeadlineError, TimeoutError } from '../kernel/errors.js';
import { Emitter, type Listener, type Observable } from '../kernel/events.js';
import { GuardRun } from '../kernel/guard-run.js';
import { type GuardedCall, recordCall } from '../kernel/guarded-call.js';
import { checkKeys, checkNumber, checkOneOf } from '../kernel/options.js';
import type { Guard, Operation, Policy } from '../kernel/policy.js';

/** How a `Timeout` is made. */
export interface TimeoutOptions {
  /** How long the operation may take, in ms; `Infinity` for no limit of its own. */
  readonly timeoutMs: number;
  /**
   * What happens then. `race`: the call fails at once and the signal is aborted; the operation may run on
   * unheard. `cooperative`: the signal is aborted, and the call ends when the operation does.
   * @default 'race'
   */
  readonly strategy?: 'race' | 'cooperative';
  /** Shown in errors, events and `describe()`. @default 'timeout' */
  readonly name?: string;
  /** The source of time. @default systemClock */
  readonly clock?: Clock;
}

/** What a timeout tells. `at` is epoch ms, `policy` its name. */
export interface TimeoutEvents {
  /** An operation ran out of time. */
  timedOut: { readonly policy: string; readonly timeoutMs: number; readonly at: number };
}

const defaults: { readonly strategy: 'race'; readonly name: string } = /* @__PURE__ */ Object.freeze({
  strategy: 'race',
  name: 'timeout',
});
const known = ['timeoutMs', 'strategy', 'name', 'clock'];

/**
 * Limits how long an operation may take: all attempts together when it stands outside a retry, each attempt
 * when it stands inside. A deadline of the call that comes sooner is kept as well.
 *
 * The time counts from the end of the event-loop turn in which the call starts, so that a turn that blocked the
 * loop is not charged to the remote. Fails with {@link TimeoutError}, or with {@link DeadlineError} when the
 * call's deadline had passed before it started.
 */
export class Timeout implements Policy, Guard<true>, Observable<TimeoutEvents> {
  /** Shown in errors, events and `describe()`. */
  readonly name: string;
  readonly clock: Clock;
  readonly #timeoutMs: number;
  readonly #race: boolean;
  readonly #due: DeadlineList<GuardedCall>;
  #timers: Map<GuardedCall, Timer> | undefined;
  #events: Emitter<TimeoutEvents> | undefined;
  #run: GuardRun | undefined;

  constructor(options: TimeoutOptions) {
    checkKeys('Timeout', options, known);
    this.name = options.name ?? defaults.name;
    this.clock = options.clock ?? systemClock;
    this.#timeoutMs = checkNumber('Timeout', 'timeoutMs', options.timeoutMs, { above: 0, infinity: true });
    const strategy = checkOneOf('Timeout', 'strategy', options.strategy ?? defaults.strategy, [
      'race',
      'cooperative',
    ]);
    this.#race = strategy === 'race';
    this.#due = new DeadlineList(this.clock, call => this.#expire(call));
  }

  /** What stands where an option was left out. */
  static get defaults(): typeof defaults {
    return defaults;
  }

  get givesUp(): true {
    return true;
  }

  execute<T>(operation: Operation<T>, options?: CallOptions | Context): Promise<T> {
    this.#run ??= new GuardRun([this], recordCall);
    return this.#run.execute(operation, options);
  }

  enter(call: GuardedCall): true {
    const now = this.clock.coarse();
    const own = now + this.#timeoutMs;
    const deadline = Math.min(own, call.deadline);
    if (deadline <= now)
      throw new DeadlineError(`${this.name}: the deadline has passed`, { policy: this.name });
    call.deadline = deadline;
    if (deadline < own || !this.#due.fits(deadline)) this.#setTimer(call);
    else if (deadline < Infinity) this.#due.add(call, now);
    return true;
  }

  exit(_permit: true, _ok: boolean, _result: unknown, call: GuardedCall): void {
    this.#due.remove(call);
    if (this.#timers !== undefined) this.#clearTimer(call);
  }

  on<Name extends keyof TimeoutEvents>(event: Name, listener: Listener<TimeoutEvents[Name]>): () => void {
    this.#events ??= new Emitter();
    return this.#events.on(event, listener);
  }

  /** How it was made, as JSON; a span of `Infinity` is null. */
  describe(): { readonly kind: 'timeout'; readonly name: string; readonly timeoutMs: number | null } {
    const { name } = this;
    return { kind: 'timeout', name, timeoutMs: this.#timeoutMs === Infinity ? null : this.#timeoutMs };
  }

  /** A deadline of the caller's is out of the order in which the list keeps its own. */
  #setTimer(call: GuardedCall): void {
    const remainingMs = call.deadline - this.clock.now();
    this.#timers ??= new Map();
    this.#timers.set(
      call,
      this.clock.schedule(remainingMs, () => this.#expire(call), true),
    );
  }

  #clearTimer(call: GuardedCall): void {
    this.#timers?.get(call)?.cancel();
    this.#timers?.delete(call);
  }

  #expire(call: GuardedCall): void {
    const timeoutMs = this.#timeoutMs;
    const error = new TimeoutError(`${this.name}: no answer within ${timeoutMs} ms`, timeoutMs, {
      policy: this.name,
    });
    if (this.#race) call.giveUp(error);
    else call.cancel(error);
    if (this.#events?.has('timedOut')) {
      this.#events.emit('timedOut', { policy: this.name, timeoutMs, at: this.clock.wall() });
    }
  }
}
