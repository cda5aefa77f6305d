import { type Clock, systemClock, type Timer } from '../kernel/clock.js';
import { type CallOptions, type Context, callersDeadline } from '../kernel/context.js';
import { DeadlineList } from '../kernel/deadline-list.js';
import { DeadlineError, TimeoutError } from '../kernel/errors.js';
import { Emitter, type Listener, type Observable } from '../kernel/events.js';
import { GuardRun } from '../kernel/guard-run.js';
import type { GuardedCall } from '../kernel/guarded-call.js';
import { checkKeys, checkNumber, checkOneOf, refuse } from '../kernel/options.js';
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
  /** A call ran out of time, after `timeoutMs`. `at` is epoch time. */
  timedOut: { readonly policy: string; readonly timeoutMs: number; readonly at: number };
}

/** What a timeout is like at a moment. */
export interface TimeoutSnapshot {
  /** That of the timeout. */
  readonly name: string;
  /** The calls that have no answer yet. */
  readonly running: number;
  /** The calls that ever ran out of time. */
  readonly timedOut: number;
}

/** How a timeout was made. */
export interface TimeoutDescription {
  /** Which policy this is. */
  readonly kind: 'timeout';
  /** That of the timeout. */
  readonly name: string;
  /** `null` for no limit. */
  readonly timeoutMs: number | null;
  /** What happens when the time is up. */
  readonly strategy: 'race' | 'cooperative';
}

/** A call whose deadline does not stand in the list. */
interface Alone {
  readonly spanMs: number;
  readonly timer: Timer;
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
 * The time counts from the end of the event-loop turn in which the call starts, so that a turn that blocked
 * the loop is not charged to the remote. Fails with {@link TimeoutError}, or with {@link DeadlineError} when
 * the call's deadline had passed before it started.
 */
export class Timeout implements Policy, Guard<true>, Observable<TimeoutEvents> {
  /** Shown in errors, events and `describe()`. */
  readonly name: string;
  readonly clock: Clock;
  readonly #timeoutMs: number;
  readonly #strategy: 'race' | 'cooperative';
  readonly #due: DeadlineList<GuardedCall>;
  #alone: Map<GuardedCall, Alone> | undefined;
  #running = 0;
  #timedOut = 0;
  #events: Emitter<TimeoutEvents> | undefined;
  #run: GuardRun | undefined;

  constructor(options: TimeoutOptions) {
    checkKeys('Timeout', options, known);
    this.name = options.name ?? defaults.name;
    if (typeof this.name !== 'string') refuse('Timeout', 'name', 'a string', this.name);
    this.clock = options.clock ?? systemClock;
    this.#timeoutMs = checkNumber('Timeout', 'timeoutMs', options.timeoutMs, { above: 0, infinity: true });
    this.#strategy = checkOneOf('Timeout', 'strategy', options.strategy ?? defaults.strategy, [
      'race',
      'cooperative',
    ]);
    this.#due = new DeadlineList(this.clock, call => this.#expire(call));
  }

  /** What stands where an option was left out. */
  static get defaults(): typeof defaults {
    return defaults;
  }

  get givesUp(): true {
    return true;
  }

  /** Whether it may be forgotten, as `keyed` does: no call is in flight. */
  get atRest(): boolean {
    return this.#running === 0;
  }

  execute<T>(operation: Operation<T>, options?: CallOptions | Context): Promise<T> {
    this.#run ??= new GuardRun([this]);
    return this.#run.execute(operation, options);
  }

  enter(call: GuardedCall): true {
    const now = this.clock.coarse();
    const deadline = now + this.#timeoutMs;
    if (call.deadline < deadline) this.#keepCallers(call);
    else if (deadline < Infinity) this.#keepOwn(call, deadline, now);
    this.#running++;
    return true;
  }

  exit(_permit: true, _ok: boolean, _result: unknown, call: GuardedCall): void {
    this.#running--;
    this.#due.remove(call);
    if (this.#alone !== undefined) this.#clearTimer(call);
  }

  on<Name extends keyof TimeoutEvents>(event: Name, listener: Listener<TimeoutEvents[Name]>): () => void {
    this.#events ??= new Emitter(['timedOut']);
    return this.#events.on(event, listener);
  }

  /** How it stands at this moment. */
  snapshot(): TimeoutSnapshot {
    return { name: this.name, running: this.#running, timedOut: this.#timedOut };
  }

  /** How it was made. */
  describe(): TimeoutDescription {
    const timeoutMs = this.#timeoutMs === Infinity ? null : this.#timeoutMs;
    return { kind: 'timeout', name: this.name, timeoutMs, strategy: this.#strategy };
  }

  #keepOwn(call: GuardedCall, deadline: number, now: number): void {
    call.deadline = deadline;
    if (this.#due.fits(deadline)) this.#due.add(call, now);
    else this.#setTimer(call, this.#timeoutMs, this.#timeoutMs);
  }

  /** A deadline of the caller's is out of the order in which the list keeps its own. */
  #keepCallers(call: GuardedCall): void {
    const remainingMs = call.remainingMs();
    if (remainingMs === 0) {
      throw new DeadlineError(`${this.name}: the deadline has passed`, { policy: this.name });
    }
    // Where a policy outside set it, that one answers when its time comes, and with the right words. The span
    // is kept all the same, for work that outlives the call which it was started for.
    if (callersDeadline(call) === Infinity) this.#setTimer(call, this.#timeoutMs, this.#timeoutMs);
    // Up to here some of it has passed, mostly microseconds: nobody wants to read of 49.98 ms.
    else this.#setTimer(call, remainingMs, Math.ceil(remainingMs));
  }

  #setTimer(call: GuardedCall, delayMs: number, spanMs: number): void {
    const { clock } = this;
    // As in the list, replies that lie in the socket buffers are read before it fires.
    const fire = (): void =>
      clock.afterTurn(() => {
        if (this.#alone!.has(call)) this.#expire(call);
      });
    this.#alone ??= new Map();
    this.#alone.set(call, { spanMs, timer: clock.schedule(delayMs, fire, true) });
  }

  #clearTimer(call: GuardedCall): void {
    this.#alone!.get(call)?.timer.cancel();
    this.#alone!.delete(call);
  }

  #expire(call: GuardedCall): void {
    const timeoutMs = this.#alone?.get(call)?.spanMs ?? this.#timeoutMs;
    const facts = { policy: this.name };
    // A call that still waits for its turn has not run, and says nothing about the remote.
    const error = call.waits
      ? new DeadlineError(`${this.name}: no turn within ${timeoutMs} ms`, facts)
      : new TimeoutError(`${this.name}: no answer within ${timeoutMs} ms`, timeoutMs, facts);
    this.#timedOut++;
    if (this.#strategy === 'race') call.giveUp(error);
    else call.cancel(error);
    if (this.#events?.has('timedOut')) {
      this.#events.emit('timedOut', { policy: this.name, timeoutMs, at: this.clock.wall() });
    }
  }
}
