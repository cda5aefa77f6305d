import type { RateRule } from '../core/allowance.js';
import { Bucket } from '../core/bucket.js';
import { SlidingWindow } from '../core/sliding-window.js';
import { type Clock, systemClock } from '../kernel/clock.js';
import type { CallContext, CallOptions, Context } from '../kernel/context.js';
import type { RejectedError } from '../kernel/errors.js';
import { Emitter, type Listener, namesOf, type Observable } from '../kernel/events.js';
import type { GuardedCall } from '../kernel/guarded-call.js';
import { type UndoUpdate, updateOptions } from '../kernel/live-options.js';
import { functionName, given, orNull } from '../kernel/options.js';
import type { Guard, Operation, Policy } from '../kernel/policy.js';
import { SoloRun } from '../kernel/solo-run.js';
import { WaitingRoom } from '../kernel/waiting-room.js';
import {
  type RateLimiterEvents,
  type RateLimiterSnapshot,
  rateLimiterEvents,
} from './rate-limiter-events.js';
import {
  checkCost,
  checkRate,
  checkSettings,
  checkWait,
  type LimiterSettings,
  type RateLimiterDescription,
  type RateLimiterOptions,
  type RateLimiterUpdate,
  rateLimiterDefaults,
} from './rate-limiter-options.js';
import { RateLine, type Turn } from './rate-line.js';
import { type RateRefusal, rateRefusal } from './rate-refusal.js';

/** A turn that was promised to somebody who waits for it elsewhere. */
export interface RateReservation {
  /** How long to wait before the work may start, in ms; 0 for at once. */
  readonly waitMs: number;
  /**
   * Gives the turn back: those behind move up. `false` when the turn has come, or was given back before:
   * then nothing changes, for what has been let pass cannot be let pass again.
   */
  cancel(): boolean;
}

/**
 * Limits how many operations start in a span of time, so that a remote is asked no more than it allows. A
 * call takes its cost when it starts and nothing comes back when it ends, however it ends.
 *
 * A call that finds too little left is refused at once, or waits for its turn when that comes within
 * `maxWaitMs` and before its deadline: the time is known before the wait begins. Turns are in the order of
 * coming; when somebody leaves, those behind move up.
 *
 * Fails with {@link RateLimitedError}, whose `retryAfterMs` says exactly when the call would have been let
 * in. The operation never ran.
 *
 * @example
 * ```ts
 * import { RateLimiter } from 'keelson';
 *
 * const limiter = new RateLimiter({ limit: 100, perMs: 1_000, burst: 20, maxWaitMs: 500 });
 * await limiter.execute(() => 'answer'); // => 'answer'
 * ```
 */
export class RateLimiter implements Policy, Guard<true>, Observable<RateLimiterEvents> {
  /** Shown in errors, events and `describe()`. */
  readonly name: string;
  readonly clock: Clock;
  readonly #line: RateLine;
  readonly #settings: LimiterSettings;
  readonly #cost: number | ((context: Context) => number);
  #rule: RateRule;
  /** Whether the burst was given, and does not follow the limit. */
  #ownBurst: boolean;
  /** Of the call that was not let in: `enter` leaves it here for `refusal` and `wait`, in the same step. */
  #askedCost = 0;
  #askedAt = 0;
  #dueAt = 0;
  #events: Emitter<RateLimiterEvents> | undefined;
  #run: SoloRun<true> | undefined;
  #closed = false;
  #limited = 0;

  /** @throws TypeError or RangeError that names the option, the rule and the value. */
  constructor(options: RateLimiterOptions) {
    this.#settings = checkSettings(options);
    const { algorithm, cost, queue, name } = this.#settings;
    this.#rule = checkRate(options, algorithm);
    this.#ownBurst = options.burst !== undefined;
    this.name = name;
    this.clock = options.clock ?? systemClock;
    this.#cost = cost;
    const allowance =
      algorithm === 'sliding-window'
        ? new SlidingWindow(this.#rule)
        : new Bucket(this.#rule, this.clock.now());
    this.#line = new RateLine(allowance, queue, this.clock, {
      admitted: waitedMs => this.#tellAdmitted(waitedMs),
      refused: (reason, retryAfterMs) => this.#refuse(reason, retryAfterMs),
    });
  }

  /** What stands where an option was left out. */
  static get defaults(): typeof rateLimiterDefaults {
    return rateLimiterDefaults;
  }

  /** Whether it is as new: nobody waits, and all that was taken has come back. */
  get atRest(): boolean {
    return this.restsAt <= this.clock.now();
  }

  /** The time of the clock from which it is at rest if nobody comes; `Infinity` while somebody waits. */
  get restsAt(): number {
    return this.#line.ration.restsAt;
  }

  get oneWay(): true {
    return true;
  }

  execute<T>(operation: Operation<T>, options?: CallOptions | Context): Promise<T> {
    this.#run ??= new SoloRun<true>(this, this.clock, new WaitingRoom(this as Guard));
    return this.#run.execute(operation, options);
  }

  enter(call: CallContext): true | undefined {
    const cost = typeof this.#cost === 'number' ? this.#cost : checkCost(this.#cost(call));
    // A real look at the clock would cost as much as all the rest of the call.
    if (this.#line.ration.takeRoughly(cost, this.clock.coarse())) return true;
    return this.#take(cost) ? true : undefined;
  }

  refusal(call: CallContext): RejectedError | undefined {
    return this.#objection(this.#settings.maxWaitMs, call.firmDeadline);
  }

  wait(call: GuardedCall): Turn {
    if (call.cancelled) throw call.reason;
    const since = this.#askedAt;
    const waitMs = this.#dueAt - since;
    const turn = this.#line.join(
      call,
      this.#askedCost,
      since,
      Math.min(since + this.#settings.maxWaitMs, call.firmDeadline),
    );
    if (this.#events?.has('delayed')) {
      this.#events.emit('delayed', { ...this.#stamp(), waitMs, waiting: this.#line.ration.waiting });
    }
    return turn;
  }

  withdraw(turn: Turn): void {
    if (!this.#line.leave(turn) || !this.#events?.has('abandoned')) return;
    this.#events.emit('abandoned', { ...this.#stamp(), waiting: this.#line.ration.waiting });
  }

  exit(): void {}

  /**
   * Takes a turn for work that is done elsewhere, and that may start after `waitMs` of the answer. It waits
   * in the same line as the calls, and counts for `queue`.
   *
   * @throws RateLimitedError when there is no turn within `maxWaitMs`, by default that of the limiter.
   * @throws RangeError unless `cost` is an integer >= 0 and `maxWaitMs` a number >= 0.
   */
  reserve(cost = 1, maxWaitMs: number = this.#settings.maxWaitMs): RateReservation {
    checkWait(maxWaitMs);
    if (this.#take(checkCost(cost))) return { waitMs: 0, cancel: () => false };
    const objection = this.#objection(maxWaitMs, Infinity);
    if (objection !== undefined) throw objection;
    const turn = this.#line.join(undefined, cost, this.#askedAt, Infinity);
    return { waitMs: this.#dueAt - this.#askedAt, cancel: () => this.#line.leave(turn) };
  }

  /**
   * Changes the rate, now, and answers how to put it back. What is left out stays, but a burst that was
   * never given follows the limit. What was taken stays taken, up to a whole burst. Those who wait keep
   * their order: with more they start earlier, and whoever would now have to wait longer than it may is
   * refused. Reservations stand, unless they cost more than can now pass at once.
   *
   * @throws TypeError or RangeError that names the option, the rule and the value; then nothing has changed.
   */
  update(rate: RateLimiterUpdate): UndoUpdate {
    const undo = updateOptions<RateLimiterUpdate>(
      {
        owner: 'RateLimiter',
        read: () => this.#present,
        write: next => this.#setRate(next as Required<RateLimiterUpdate>),
        tell: changes => {
          if (this.#events?.has('updated')) this.#events.emit('updated', { ...this.#stamp(), changes });
        },
      },
      rate,
    );
    // Last, for it answers calls and so may run code that changes all of this.
    this.#line.review();
    return () => {
      undo();
      this.#line.review();
    };
  }

  on<Name extends keyof RateLimiterEvents>(
    event: Name,
    listener: Listener<RateLimiterEvents[Name]>,
  ): () => void {
    this.#events ??= new Emitter(namesOf(rateLimiterEvents));
    return this.#events.on(event, listener);
  }

  /** How it stands at this moment. */
  snapshot(): RateLimiterSnapshot {
    const { ration } = this.#line;
    const tokens = ration.available(this.clock.now());
    const { queue } = this.#settings;
    return { name: this.name, tokens, waiting: ration.waiting, queue, limited: this.#limited };
  }

  /** What it goes by, with the present rate. */
  describe(): RateLimiterDescription {
    const { algorithm, maxWaitMs, queue } = this.#settings;
    return given({
      ...{ kind: 'rate-limiter' as const, name: this.name, algorithm, ...this.#present },
      cost: functionName(this.#cost) ?? (this.#cost as number),
      maxWaitMs: orNull(maxWaitMs),
      queue,
    }) as RateLimiterDescription;
  }

  /** Refuses whoever waits, and from now on whoever would have to. */
  [Symbol.dispose](): void {
    this.#closed = true;
    this.#line.close();
  }

  /** The options of the rate as they were given: a burst that follows the limit was not. */
  get #present(): Required<RateLimiterUpdate> {
    const { limit, perMs, burst } = this.#rule;
    return { limit, perMs, burst: this.#ownBurst ? burst : undefined } as Required<RateLimiterUpdate>;
  }

  #setRate(next: Required<RateLimiterUpdate>): void {
    const rule = checkRate(next, this.#settings.algorithm);
    this.#ownBurst = next.burst !== undefined;
    const { limit, perMs, burst } = this.#rule;
    if (rule.limit === limit && rule.perMs === perMs && rule.burst === burst) return;
    this.#rule = rule;
    this.#line.ration.update(rule, this.clock.now());
  }

  #take(cost: number): boolean {
    const now = this.clock.now();
    this.#askedCost = cost;
    this.#askedAt = now;
    return this.#line.ration.take(cost, now);
  }

  /** Why a call that was not let in may not wait either. */
  #objection(maxWaitMs: number, deadline: number): RejectedError | undefined {
    const { ration } = this.#line;
    const cost = this.#askedCost;
    const now = this.#askedAt;
    if (cost > ration.most) return this.#refuse('cost', undefined);
    const due = ration.dueAt(cost, now);
    this.#dueAt = due;
    if (this.#closed) return this.#refuse('closed', undefined);
    if (due - now > maxWaitMs) return this.#refuse('rate', due - now);
    if (due >= deadline) return this.#refuse('deadline', due - now);
    return ration.isFull ? this.#refuse('queue', due - now) : undefined;
  }

  /** Counts a refusal, tells of it, and answers with its error. */
  #refuse(reason: RateRefusal, retryAfterMs: number | undefined): RejectedError {
    this.#limited++;
    if (this.#events?.has('limited')) {
      this.#events.emit('limited', { ...this.#stamp(), reason, retryAfterMs });
    }
    return rateRefusal(reason, this.name, retryAfterMs);
  }

  #tellAdmitted(waitedMs: number): void {
    if (this.#events?.has('admitted')) this.#events.emit('admitted', { ...this.#stamp(), waitedMs });
  }

  #stamp(): { readonly policy: string; readonly at: number } {
    return { policy: this.name, at: this.clock.wall() };
  }
}
