import { type Clock, systemClock, type Timer } from '../kernel/clock.js';
import { type CallOptions, type Context, callersDeadline } from '../kernel/context.js';
import { DeadlineList } from '../kernel/deadline-list.js';
import { DeadlineError, TimeoutError } from '../kernel/errors.js';
import { Emitter, type Listener, namesOf, type Observable } from '../kernel/events.js';
import { GuardRun } from '../kernel/guard-run.js';
import type { GuardedCall } from '../kernel/guarded-call.js';
import { type OptionChanges, type UndoUpdate, updateOptions } from '../kernel/live-options.js';
import { checkKeys, checkNumber, checkOneOf, orNull } from '../kernel/options.js';
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
  /** Options were changed by `update`. */
  updated: { readonly policy: string; readonly changes: OptionChanges; readonly at: number };
}

/** What can be changed while it works. */
export type TimeoutUpdate = Partial<Pick<TimeoutOptions, 'timeoutMs' | 'strategy'>>;

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

/** What calls begin with from one update to the next: they end by it too. */
interface Era extends Limits {
  readonly due: DeadlineList<GuardedCall>;
}

const defaults: { readonly strategy: 'race'; readonly name: string } = /* @__PURE__ */ Object.freeze({
  strategy: 'race',
  name: 'timeout',
});
const known = ['timeoutMs', 'strategy', 'name', 'clock'];

/** What a timeout goes by. */
type Limits = Required<TimeoutUpdate>;

function checked({ timeoutMs, strategy = defaults.strategy }: TimeoutOptions): Limits {
  return {
    timeoutMs: checkNumber('Timeout', 'timeoutMs', timeoutMs, { above: 0, infinity: true }),
    strategy: checkOneOf('Timeout', 'strategy', strategy, ['race', 'cooperative']),
  };
}

/**
 * Limits how long an operation may take: all attempts together when it stands outside a retry, each attempt
 * when it stands inside. A deadline of the call that comes sooner is kept as well.
 *
 * The time counts from the end of the event-loop turn in which the call starts, so that a turn that blocked
 * the loop is not charged to the remote. Fails with {@link TimeoutError}, or with {@link DeadlineError} when
 * the call's deadline had passed before it started.
 */
export class Timeout implements Policy, Guard<Era>, Observable<TimeoutEvents> {
  /** Shown in errors, events and `describe()`. */
  readonly name: string;
  readonly clock: Clock;
  #era: Era;
  /** The timers of calls whose deadline does not stand in the list. */
  #alone: Map<GuardedCall, Timer> | undefined;
  #running = 0;
  #timedOut = 0;
  #events: Emitter<TimeoutEvents> | undefined;
  #run: GuardRun | undefined;

  constructor(options: TimeoutOptions) {
    checkKeys('Timeout', options, known);
    this.name = options.name ?? defaults.name;
    this.clock = options.clock ?? systemClock;
    this.#era = this.#newEra(checked(options));
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

  enter(call: GuardedCall): Era {
    const era = this.#era;
    const now = this.clock.coarse();
    const deadline = now + era.timeoutMs;
    if (call.firmDeadline < deadline) this.#keepCallers(call, era);
    else if (deadline < Infinity) this.#keepOwn(call, era, deadline, now);
    this.#running++;
    return era;
  }

  exit(era: Era, _ok: boolean, _result: unknown, call: GuardedCall): void {
    this.#running--;
    era.due.remove(call);
    if (this.#alone !== undefined) this.#clearTimer(call);
  }

  on<Name extends keyof TimeoutEvents>(event: Name, listener: Listener<TimeoutEvents[Name]>): () => void {
    this.#events ??= new Emitter(namesOf<TimeoutEvents>({ timedOut: true, updated: true }));
    return this.#events.on(event, listener);
  }

  /**
   * Changes options for the calls that begin from now on, and answers how to put them back.
   *
   * @throws TypeError or RangeError that names the option, the rule and the value; then nothing has changed.
   */
  update(options: TimeoutUpdate): UndoUpdate {
    return updateOptions<Limits>(
      {
        owner: 'Timeout',
        read: () => ({ timeoutMs: this.#era.timeoutMs, strategy: this.#era.strategy }),
        write: next => {
          this.#era = this.#newEra(checked(next));
        },
        tell: changes => {
          if (!this.#events?.has('updated')) return;
          this.#events.emit('updated', { policy: this.name, changes, at: this.clock.wall() });
        },
      },
      options,
    );
  }

  /** How it stands at this moment. */
  snapshot(): TimeoutSnapshot {
    return { name: this.name, running: this.#running, timedOut: this.#timedOut };
  }

  /** How it was made. */
  describe(): TimeoutDescription {
    const { timeoutMs, strategy } = this.#era;
    return {
      kind: 'timeout',
      name: this.name,
      timeoutMs: orNull(timeoutMs),
      strategy,
    };
  }

  #newEra({ timeoutMs, strategy }: Limits): Era {
    const era: Era = {
      timeoutMs,
      strategy,
      due: new DeadlineList(this.clock, call => this.#expire(call, era, era.timeoutMs)),
    };
    return era;
  }

  #keepOwn(call: GuardedCall, era: Era, deadline: number, now: number): void {
    call.dueAt = deadline;
    if (era.due.fits(deadline)) era.due.add(call, now);
    else this.#setTimer(call, era, era.timeoutMs, era.timeoutMs);
  }

  /** A deadline of the caller's is out of the order in which the list keeps its own. */
  #keepCallers(call: GuardedCall, era: Era): void {
    const remainingMs = call.remainingMs();
    if (remainingMs === 0) {
      throw new DeadlineError(`${this.name}: the deadline has passed`, { policy: this.name });
    }
    // Where a policy outside set it, that one answers when its time comes, and with the right words. The span
    // is kept all the same, for work that outlives the call which it was started for.
    if (callersDeadline(call) === Infinity) this.#setTimer(call, era, era.timeoutMs, era.timeoutMs);
    // Up to here some of it has passed, mostly microseconds: nobody wants to read of 49.98 ms.
    else this.#setTimer(call, era, remainingMs, Math.ceil(remainingMs));
  }

  #setTimer(call: GuardedCall, era: Era, delayMs: number, spanMs: number): void {
    const { clock } = this;
    // As in the list, replies that lie in the socket buffers are read before it fires.
    const fire = (): void =>
      clock.afterTurn(() => {
        if (this.#alone!.has(call)) this.#expire(call, era, spanMs);
      });
    this.#alone ??= new Map();
    this.#alone.set(call, clock.schedule(delayMs, fire, true));
  }

  #clearTimer(call: GuardedCall): void {
    this.#alone!.get(call)?.cancel();
    this.#alone!.delete(call);
  }

  #expire(call: GuardedCall, { strategy }: Era, timeoutMs: number): void {
    const facts = { policy: this.name };
    // A call that still waits for its turn has not run, and says nothing about the remote.
    const error = call.waits
      ? new DeadlineError(`${this.name}: no turn within ${timeoutMs} ms`, facts)
      : new TimeoutError(`${this.name}: no answer within ${timeoutMs} ms`, timeoutMs, facts);
    this.#timedOut++;
    if (strategy === 'race') call.giveUp(error);
    else call.cancel(error);
    if (this.#events?.has('timedOut')) {
      this.#events.emit('timedOut', { policy: this.name, timeoutMs, at: this.clock.wall() });
    }
  }
}
