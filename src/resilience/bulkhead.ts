import { Slots } from '../core/slots.js';
import { type Clock, systemClock } from '../kernel/clock.js';
import { type CallOptions, type Context, callersDeadline } from '../kernel/context.js';
import type { RejectedError } from '../kernel/errors.js';
import { Emitter, type Listener, namesOf, type Observable } from '../kernel/events.js';
import type { GuardedCall } from '../kernel/guarded-call.js';
import { type UndoUpdate, updateOptions } from '../kernel/live-options.js';
import { orNull } from '../kernel/options.js';
import type { Guard, Operation, Policy } from '../kernel/policy.js';
import { SoloRun } from '../kernel/solo-run.js';
import { WaitingRoom } from '../kernel/waiting-room.js';
import {
  type BulkheadDescription,
  type BulkheadOptions,
  bulkheadDefaults,
  checkLine,
  checkSlots,
  type LineOptions,
} from './bulkhead-options.js';
import type { Queued } from './bulkhead-queued.js';
import { type BulkheadRefusal, refusal } from './bulkhead-refusal.js';
import {
  type BulkheadEvents,
  type BulkheadSnapshot,
  type BulkheadUpdate,
  bulkheadEvents,
} from './bulkhead-watching.js';
import { DueTimer } from './due-timer.js';
import { WaitCircle } from './wait-circle.js';

/**
 * Limits how many operations run at a time, so that one slow remote cannot take everything the process has; a
 * bounded number of calls may wait for a slot.
 *
 * A slot is held until the operation settles, also when a timeout outside has answered the caller before:
 * work that still runs still counts. A slot that comes free goes to the next in line within the same turn;
 * nobody who comes in between overtakes. When the line is full, whoever would be served last is refused: the
 * newcomer under `fifo`, the oldest under `lifo`, the least urgent under `priority`.
 *
 * Fails with `ERR_BULKHEAD_FULL`, `ERR_QUEUE_TIMEOUT`, `ERR_DEADLINE` when the caller's deadline comes while
 * the call waits, and `ERR_DEADLOCK`. All say that the operation never ran. A caller that aborts while its
 * call waits gets its `signal.reason` at once.
 *
 * An operation that calls its own bulkhead and awaits the answer may wait for ever. A call made with the
 * context of another (`bulkhead.execute(inner, context)`) is known to be a part of it: when every slot is
 * held by a call that would wait for a part of itself, it is refused with `ERR_DEADLOCK`. A call made without
 * a context waits. Calls made without options share one context, and count as one.
 *
 * @example
 * ```ts
 * import { Bulkhead } from 'keelson';
 *
 * const bulkhead = new Bulkhead({ slots: 10, queue: 50, queueTimeoutMs: 500 });
 * await bulkhead.execute(() => 'answer'); // => 'answer'
 * ```
 */
export class Bulkhead implements Policy, Guard<true>, Observable<BulkheadEvents> {
  /** Shown in errors, events and `describe()`. */
  readonly name: string;
  readonly clock: Clock;
  #line: LineOptions;
  readonly #slots: Slots<Queued>;
  readonly #circle: WaitCircle = new WaitCircle(this);
  #due: DueTimer<Queued> | undefined;
  #events: Emitter<BulkheadEvents> | undefined;
  #run: SoloRun<true> | undefined;
  /** Whether slots are being handed out: whoever gives one back meanwhile leaves it to that. */
  #serving = false;
  #closed = false;
  #rejected = 0;

  /** @throws TypeError or RangeError that names the option, the rule and the value. */
  constructor(options: BulkheadOptions) {
    this.#line = checkLine(options);
    this.name = options.name ?? bulkheadDefaults.name;
    this.clock = options.clock ?? systemClock;
    this.#slots = new Slots(checkSlots(options.slots), { ...this.#line, places: this.#line.queue });
  }

  /** What stands where an option was left out. */
  static get defaults(): typeof bulkheadDefaults {
    return bulkheadDefaults;
  }

  /** Whether it may be forgotten, as `keyed` does: no slot is taken, and nobody waits. */
  get atRest(): boolean {
    return this.#slots.taken === 0 && this.#slots.waiting === 0;
  }

  execute<T>(operation: Operation<T>, options?: CallOptions | Context): Promise<T> {
    this.#run ??= new SoloRun<true>(this, this.clock, new WaitingRoom(this as Guard));
    return this.#run.execute(operation, options);
  }

  enter(): true | undefined {
    if (this.#slots.take()) return true;
    // Whoever is refused here has cost neither a record of the call nor a promise of its own.
    if (this.#slots.isFull && (this.#line.order === 'fifo' || this.#line.queue === 0)) {
      throw this.#refusal(this.#closed ? 'closed' : 'full');
    }
    return undefined;
  }

  wait(call: GuardedCall): Queued {
    if (call.cancelled) throw call.reason;
    if (this.#closed) throw this.#refusal('closed');
    const { queueTimeoutMs } = this.#line;
    // A deadline is a point on the clock of the call, which need not be this one.
    const leftMs = callersDeadline(call) < Infinity ? call.remainingMs() : Infinity;
    if (leftMs === 0) throw this.#refusal('deadline');
    const limited = leftMs < Infinity || queueTimeoutMs < Infinity;
    const now = limited || this.#events !== undefined ? this.clock.now() : 0;
    const holders = this.#circle.around(call);
    if (holders !== undefined && this.#circle.closes(holders, this.#slots.taken)) {
      throw this.#refusal('deadlock');
    }
    const until = now + Math.min(leftMs, queueTimeoutMs);
    const place = {
      rank: 0,
      previous: undefined,
      next: undefined,
      call,
      since: now,
      holders,
      late: leftMs <= queueTimeoutMs ? ('deadline' as const) : ('queue-timeout' as const),
      due: undefined,
    };
    return this.#join(place, until);
  }

  withdraw(queued: Queued): void {
    if (!this.#slots.leave(queued)) return;
    this.#forget(queued);
    this.#emitLine('abandoned');
  }

  exit(): void {
    this.#slots.release();
    if (this.#slots.waiting > 0) this.#serve();
  }

  /**
   * Changes the number of slots, now. Raising it admits those who wait; lowering it stops no operation, and
   * admits nobody until fewer run than the new number.
   *
   * @throws RangeError unless `slots` is an integer >= 1.
   */
  resize(slots: number): void {
    const from = this.#slots.limit;
    this.#slots.resize(checkSlots(slots));
    if (this.#events?.has('resized')) this.#events.emit('resized', { ...this.#stamp(), from, to: slots });
    this.#serve();
  }

  /**
   * Changes options from now on, and answers how to put them back: `slots` as `resize` does; `queue` sends
   * nobody away who waits; `queueTimeoutMs` holds for those who come.
   *
   * @throws TypeError or RangeError that names the option, the rule and the value; then nothing has changed.
   */
  update(options: BulkheadUpdate): UndoUpdate {
    return updateOptions<Required<BulkheadUpdate>>(
      {
        owner: 'Bulkhead',
        read: () => {
          const { queue, queueTimeoutMs } = this.#line;
          return { slots: this.#slots.limit, queue, queueTimeoutMs };
        },
        write: next => {
          checkSlots(next.slots);
          this.#line = checkLine({ ...this.#line, ...next });
          this.#slots.resizeLine(next.queue);
          if (next.slots !== this.#slots.limit) this.resize(next.slots);
        },
        tell: changes => {
          if (this.#events?.has('updated')) this.#events.emit('updated', { ...this.#stamp(), changes });
        },
      },
      options,
    );
  }

  on<Name extends keyof BulkheadEvents>(event: Name, listener: Listener<BulkheadEvents[Name]>): () => void {
    this.#events ??= new Emitter(namesOf(bulkheadEvents));
    return this.#events.on(event, listener);
  }

  /** How it stands at this moment. */
  snapshot(): BulkheadSnapshot {
    const { limit, taken, waiting } = this.#slots;
    const { queue } = this.#line;
    return { name: this.name, slots: limit, taken, waiting, queue, rejected: this.#rejected };
  }

  /** How it was made, with the present number of slots. */
  describe(): BulkheadDescription {
    const { ageMs, queueTimeoutMs, ...line } = this.#line;
    const spans = { ageMs: orNull(ageMs), queueTimeoutMs: orNull(queueTimeoutMs) };
    return { kind: 'bulkhead', name: this.name, slots: this.#slots.limit, ...line, ...spans };
  }

  /** Refuses whoever waits, and from now on whoever would have to. What runs is not touched. */
  [Symbol.dispose](): void {
    this.#closed = true;
    for (let queued = this.#slots.evict(); queued !== undefined; queued = this.#slots.evict()) {
      this.#refuse(queued, 'closed');
    }
  }

  /** Puts a call into the line, in the place of one that comes after it when there is no other. */
  #join(queued: Queued, until: number): Queued {
    const urgent = this.#line.order === 'priority';
    const level = urgent ? this.#levelOf(queued.call) : 0;
    const now = urgent ? this.clock.coarse() : 0;
    let displaced: Queued | undefined;
    if (this.#slots.isFull) {
      displaced = this.#slots.displace(level, now);
      if (displaced === undefined) throw this.#refusal('full');
    }
    this.#slots.join(queued, level, now);
    if (until < Infinity) {
      this.#due ??= new DueTimer(this.clock, late => this.#expire(late));
      queued.due = this.#due.add(queued, until);
    }
    if (queued.holders !== undefined) this.#circle.join(queued.holders);
    this.#emitLine('queued');
    // Last, for it answers another call and so may run code that changes all of this.
    if (displaced !== undefined) this.#refuse(displaced, 'displaced');
    return queued;
  }

  /** Level 0 is the most urgent; priority 0 is in the middle. */
  #levelOf(call: GuardedCall): number {
    const { levels } = this.#line;
    const highest = Math.floor(levels / 2);
    return Math.min(Math.max(highest - Math.floor(call.priority), 0), levels - 1);
  }

  /**
   * Hands out the slots that are free. An admitted call may give its slot back before `admit` returns, when a
   * guard further inside refuses it: in a loop that is one step, nested it would be frames upon frames.
   */
  #serve(): void {
    if (this.#serving) return;
    this.#serving = true;
    try {
      for (let queued = this.#slots.next(); queued !== undefined; queued = this.#slots.next()) {
        const { call, since } = queued;
        this.#forget(queued);
        const waitedMs = this.#events?.has('admitted') ? this.clock.now() - since : 0;
        // Nobody else's code may run before this: a call given up here would not take the slot it was handed.
        if (!call.admit(true)) this.#slots.release();
        if (this.#events?.has('admitted')) this.#events.emit('admitted', { ...this.#stamp(), waitedMs });
      }
    } finally {
      this.#serving = false;
    }
  }

  #expire(queued: Queued): void {
    if (this.#slots.leave(queued)) this.#refuse(queued, queued.late);
  }

  /** Answers a call that has been taken out of the line. */
  #refuse(queued: Queued, reason: BulkheadRefusal): void {
    this.#forget(queued);
    queued.call.refuse(this.#refusal(reason));
  }

  /** A call has left the line. */
  #forget({ due, holders }: Queued): void {
    if (due !== undefined) this.#due?.remove(due);
    if (holders !== undefined) this.#circle.leave(holders);
  }

  /** Counts a refusal, tells of it, and answers with its error. */
  #refusal(reason: BulkheadRefusal): RejectedError {
    this.#rejected++;
    if (this.#events?.has('rejected')) this.#events.emit('rejected', { ...this.#stamp(), reason });
    return refusal(reason, this.name);
  }

  #emitLine(event: 'queued' | 'abandoned'): void {
    if (!this.#events?.has(event)) return;
    this.#events.emit(event, { ...this.#stamp(), waiting: this.#slots.waiting });
  }

  #stamp(): { readonly policy: string; readonly at: number } {
    return { policy: this.name, at: this.clock.wall() };
  }
}
