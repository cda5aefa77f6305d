import type { Due } from '../core/due-heap.js';
import { Slots } from '../core/slots.js';
import type { Waiter, WaitOrder } from '../core/wait-line.js';
import { type Clock, systemClock } from '../kernel/clock.js';
import type { CallContext, CallOptions, Context } from '../kernel/context.js';
import {
  BulkheadFullError,
  DeadlineError,
  DeadlockError,
  QueueTimeoutError,
  type RejectedError,
} from '../kernel/errors.js';
import { Emitter, type Listener, type Observable } from '../kernel/events.js';
import { GuardRun } from '../kernel/guard-run.js';
import type { GuardedCall } from '../kernel/guarded-call.js';
import { checkKeys, checkNumber, checkOneOf } from '../kernel/options.js';
import type { Guard, Operation, Policy } from '../kernel/policy.js';
import { DueTimer } from './due-timer.js';

export interface BulkheadOptions {
  /** How many operations may run at a time; an integer >= 1. */
  readonly slots: number;
  /** How many calls may wait for a slot; an integer >= 0. With 0, a call that finds no slot free is refused. @default 0 */
  readonly queue?: number;
  /**
   * Who of those who wait comes first: the first to come, the last to come (under overload the callers of the
   * oldest have given up already), or the one with the highest `priority` in its call options.
   * @default 'fifo'
   */
  readonly order?: WaitOrder;
  /**
   * How many priorities there are, 1..32, centred on the default priority 0: three are −1, 0 and 1, four are −1 to
   * 2. What lies outside counts as the nearest, fractions as the next lower. @default 3
   */
  readonly levels?: number;
  /** Each time a call has waited this long, in ms, it counts as one priority higher; `Infinity`: never. @default 1000 */
  readonly ageMs?: number;
  /** How long a call may wait, in ms; it never waits beyond its own deadline. @default Infinity */
  readonly queueTimeoutMs?: number;
  /** Shown in errors, events and `describe()`. @default 'bulkhead' */
  readonly name?: string;
  /** @default systemClock */
  readonly clock?: Clock;
}

/**
 * Why a call was refused. `full`: the line was full when it came. `displaced`: it lost its place in a full line to
 * one that comes before it. `queue-timeout`: it waited too long. `deadline`: its deadline came. `deadlock`: it
 * would have waited for itself. `closed`: the bulkhead is disposed of.
 */
export type BulkheadRefusal = 'full' | 'displaced' | 'queue-timeout' | 'deadline' | 'deadlock' | 'closed';

export interface BulkheadEvents {
  /** A call has to wait; `waiting` counts it. */
  queued: { readonly policy: string; readonly waiting: number; readonly at: number };
  /** A call that had to wait got a slot. */
  admitted: { readonly policy: string; readonly waitedMs: number; readonly at: number };
  /** A call was given up by its caller, or by a policy outside, while it waited. */
  abandoned: { readonly policy: string; readonly waiting: number; readonly at: number };
  /** A call was refused. */
  rejected: { readonly policy: string; readonly reason: BulkheadRefusal; readonly at: number };
  /** The number of slots was changed. */
  resized: { readonly policy: string; readonly from: number; readonly to: number; readonly at: number };
}

/** What a bulkhead is like at a moment. */
export interface BulkheadSnapshot {
  readonly name: string;
  readonly slots: number;
  /** Operations that run. More than `slots` after that was lowered, until enough of them have ended. */
  readonly taken: number;
  readonly waiting: number;
  readonly queue: number;
  /** Calls refused since it was made, for any reason. */
  readonly rejected: number;
}

const defaults = Object.freeze({
  queue: 0,
  order: 'fifo',
  levels: 3,
  ageMs: 1_000,
  queueTimeoutMs: Infinity,
  name: 'bulkhead',
} as const);
const known = ['slots', 'queue', 'order', 'levels', 'ageMs', 'queueTimeoutMs', 'name', 'clock'];
const orders: readonly WaitOrder[] = ['fifo', 'lifo', 'priority'];

/** A call in the line. */
class Queued {
  readonly call: GuardedCall;
  readonly since: number;
  due: Due<Waiter<Queued>> | undefined = undefined;
  /** The calls with a slot here that this one was made inside of. */
  inside: readonly CallContext[] | undefined = undefined;

  constructor(call: GuardedCall, since: number) {
    this.call = call;
    this.since = since;
  }
}

/**
 * Limits how many operations run at a time, so that one slow remote cannot take everything the process has; a
 * bounded number of calls may wait for a slot.
 *
 * A slot is held until the operation settles, also when its caller has been answered before by a timeout outside:
 * work that still runs still counts. A slot that comes free goes to the next in line within the same turn; nobody
 * who comes in between overtakes. When the line is full, whoever would be served last is refused: the newcomer
 * under `fifo`, the oldest under `lifo`, the least urgent under `priority`.
 *
 * Fails with {@link BulkheadFullError}, {@link QueueTimeoutError}, {@link DeadlineError} when the call's deadline
 * comes while it waits, and {@link DeadlockError}: see below. All of them say that the operation never ran. A caller
 * that aborts while it waits gets its `signal.reason` at once.
 *
 * An operation that calls its own bulkhead and waits for the answer can wait for ever. A call made with the context
 * of a call (`bulkhead.execute(inner, context)`, also through other policies) is known to be part of it; when it
 * would wait and every slot is held by calls that wait for such parts of themselves, it is refused instead. A call
 * made without the context is not seen as part of anything, and waits.
 *
 * @example
 * const bulkhead = new Bulkhead({ slots: 10, queue: 50, queueTimeoutMs: 500 });
 * await bulkhead.execute(() => 'answer'); // => 'answer'
 */
export class Bulkhead implements Policy, Guard<true>, Observable<BulkheadEvents> {
  static readonly defaults: typeof defaults = defaults;

  readonly name: string;
  readonly clock: Clock;
  readonly #queue: number;
  readonly #order: WaitOrder;
  readonly #levels: number;
  readonly #ageMs: number;
  readonly #queueTimeoutMs: number;
  readonly #slots: Slots<Queued>;
  readonly #due: DueTimer<Waiter<Queued>>;
  /** Whose slots stay taken until a call in the line has had its turn, and how many such calls there are. */
  readonly #blocked = new Map<CallContext, number>();
  #events: Emitter<BulkheadEvents> | undefined;
  #run: GuardRun | undefined;
  #serving = false;
  #closed = false;
  #rejected = 0;

  /** @throws TypeError or RangeError that names the option, the rule and the value. */
  constructor(options: BulkheadOptions) {
    checkKeys('Bulkhead', options, known);
    const given = { ...defaults, ...options };
    const slots = checkNumber('Bulkhead', 'slots', given.slots, { min: 1, integer: true });
    this.name = given.name;
    this.clock = given.clock ?? systemClock;
    this.#queue = checkNumber('Bulkhead', 'queue', given.queue, { min: 0, integer: true });
    this.#order = checkOneOf('Bulkhead', 'order', given.order, orders);
    this.#levels = checkNumber('Bulkhead', 'levels', given.levels, { min: 1, max: 32, integer: true });
    this.#ageMs = checkNumber('Bulkhead', 'ageMs', given.ageMs, { above: 0, infinity: true });
    const span = { above: 0, infinity: true };
    this.#queueTimeoutMs = checkNumber('Bulkhead', 'queueTimeoutMs', given.queueTimeoutMs, span);
    this.#slots = new Slots(slots, {
      places: this.#queue,
      order: this.#order,
      levels: this.#levels,
      ageMs: this.#ageMs,
    });
    this.#due = new DueTimer(this.clock, waiter => this.#expire(waiter));
  }

  execute<T>(operation: Operation<T>, options?: CallOptions | Context): Promise<T> {
    this.#run ??= new GuardRun([this]);
    return this.#run.execute(operation, options);
  }

  enter(): true | undefined {
    if (this.#slots.take()) return true;
    // Refused here, the call never becomes a record.
    if (this.#slots.isFull && (this.#order === 'fifo' || this.#queue === 0)) throw this.#full();
    return undefined;
  }

  wait(call: GuardedCall): Waiter<Queued> {
    if (this.#closed) throw this.#refusal('closed', new BulkheadFullError(`${this.name}: closed`, this.#facts));
    const deadline = callersDeadline(call);
    const limited = deadline < Infinity || this.#queueTimeoutMs < Infinity;
    const now = limited || this.#events !== undefined ? this.clock.now() : 0;
    if (deadline <= now) throw this.#late();
    const inside = this.#insideOf(call);
    if (inside !== undefined && this.#closesCircle(inside)) throw this.#deadlock();
    const { displaced, waiter } = this.#join(new Queued(call, now));
    if (inside !== undefined) this.#block(waiter.item, inside);
    if (limited) waiter.item.due = this.#due.add(waiter, Math.min(deadline, now + this.#queueTimeoutMs));
    if (displaced !== undefined) this.#displace(displaced);
    this.#emitLine('queued');
    return waiter;
  }
