import type { RateRule } from '../core/allowance.js';
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
import { decisionOf, RateInquiry } from './rate-inquiry.js';
import type { RateLimitDecision } from './rate-limit-store.js';
import { checkCost } from './rate-limiter-options.js';
import {
  checkShared,
  checkSharedRate,
  type SharedRateLimiterDescription,
  type SharedRateLimiterEvents,
  type SharedRateLimiterOptions,
  type SharedRateLimiterSnapshot,
  type SharedRateLimiterUpdate,
  type SharedSettings,
  sharedRateLimiterDefaults,
  sharedRateLimiterEvents,
} from './shared-rate-limiter-options.js';
import { type SharedRateRefusal, sharedRefusal, storeLate } from './shared-rate-refusal.js';
import { StoreHealth } from './store-health.js';

/**
 * Limits how many operations start in a span of time, of all processes that share a store: each call asks
 * the store, in one atomic step, whether it may start. A call with a `key` has the limit of that key.
 *
 * A call that finds too little left is refused, or waits for its turn when that comes within `maxWaitMs` and
 * before its deadline: then the store has promised it the tokens to come, so that turns are in the order of
 * asking, whatever process asks. Who leaves before its turn is refunded.
 *
 * A store that fails or takes too long is left alone for a while. What happens to calls meanwhile is up to
 * `onStoreError`.
 *
 * Fails with {@link RateLimitedError}. The operation never ran.
 *
 * @example
 * ```ts
 * import { InMemoryRateLimitStore, SharedRateLimiter } from 'keelson';
 *
 * const store = new InMemoryRateLimitStore(); // or that of keelson/redis
 * const limiter = new SharedRateLimiter({ name: 'search', limit: 1, perMs: 60_000, store });
 * await limiter.execute(() => 'answer', { key: 'alice' }); // => 'answer'
 * await limiter.execute(() => 'answer', { key: 'bob' }); // => 'answer'
 * await limiter.execute(() => 'answer', { key: 'alice' }); // => throws ERR_RATE_LIMITED
 * ```
 */
export class SharedRateLimiter implements Policy, Guard<true>, Observable<SharedRateLimiterEvents> {
  /** What the limit is called in the store; shown in errors, events and `describe()`. */
  readonly name: string;
  readonly clock: Clock;
  readonly #settings: SharedSettings;
  readonly #waiting = new Set<RateInquiry>();
  readonly #health: StoreHealth;
  #rule: RateRule;
  /** Whether the burst was given, and does not follow the limit. */
  #ownBurst: boolean;
  /** Of the call that was not let in at once: `enter` leaves it here for `refusal` and `wait`. */
  #askedCost = 0;
  #closed = false;
  #limited = 0;
  #undecided = 0;
  #events: Emitter<SharedRateLimiterEvents> | undefined;
  #run: SoloRun<true> | undefined;

  /** @throws TypeError or RangeError that names the option, the rule and the value. */
  constructor(options: SharedRateLimiterOptions) {
    this.#settings = checkShared(options);
    this.#rule = checkSharedRate(options);
    this.#ownBurst = options.burst !== undefined;
    this.name = this.#settings.name;
    this.clock = options.clock ?? systemClock;
    this.#health = new StoreHealth(this.#settings.storePauseMs);
  }

  /** What stands where an option was left out. */
  static get defaults(): typeof sharedRateLimiterDefaults {
    return sharedRateLimiterDefaults;
  }

  execute<T>(operation: Operation<T>, options?: CallOptions | Context): Promise<T> {
    this.#run ??= new SoloRun<true>(this, this.clock, new WaitingRoom(this as Guard));
    return this.#run.execute(operation, options);
  }

  enter(call: CallContext): true | undefined {
    const { cost, onStoreError } = this.#settings;
    const asked = typeof cost === 'number' ? cost : checkCost(cost(call), 'SharedRateLimiter');
    this.#askedCost = asked;
    if (asked === 0) return true;
    if (this.#closed || asked > this.#rule.burst) return undefined;
    if (onStoreError === 'deny' || this.#pauseMs === 0) return undefined;
    this.#undecided++;
    return true;
  }

  refusal(call: CallContext): RejectedError | undefined {
    if (this.#closed) return this.#refuse('closed', undefined);
    if (this.#askedCost > this.#rule.burst) return this.#refuse('cost', undefined);
    if (this.#pauseMs > 0) {
      this.#undecided++;
      return this.#refuse('store', this.#pauseMs);
    }
    if (this.#waiting.size >= this.#settings.queue) return this.#refuse('queue', undefined);
    return call.deadline <= this.clock.now() ? this.#refuse('late', undefined) : undefined;
  }

  wait(call: GuardedCall): RateInquiry {
    if (call.cancelled) throw call.reason;
    const { storeTimeoutMs, maxWaitMs } = this.#settings;
    const { name, clock } = this;
    const request = {
      key: call.key === undefined ? name : `${name}:${call.key}`,
      rule: this.#rule,
      cost: this.#askedCost,
      maxWaitMs: Math.min(maxWaitMs, call.remainingMs()),
    };
    const inquiry = new RateInquiry(call, request, clock.now());
    this.#waiting.add(inquiry);
    const late = (): void => this.#fail(inquiry, storeLate(name, storeTimeoutMs));
    // Somebody waits for this: the process must live to tell them.
    inquiry.timer = clock.schedule(storeTimeoutMs, late, true);
    void this.#ask(inquiry);
    return inquiry;
  }

  withdraw(inquiry: RateInquiry): void {
    this.#drop(inquiry);
    this.#tell('abandoned', { waiting: this.#waiting.size });
  }

  exit(): void {}

  /**
   * Changes the rate of the calls to come, and answers how to put it back: the store goes by what it is told.
   * What is left out stays, but a burst that was never given follows the limit. Change it in all processes.
   *
   * @throws TypeError or RangeError that names the option, the rule and the value; then nothing has changed.
   */
  update(rate: SharedRateLimiterUpdate): UndoUpdate {
    return updateOptions<SharedRateLimiterUpdate>(
      {
        owner: 'SharedRateLimiter',
        read: () => this.#present,
        write: next => {
          this.#rule = checkSharedRate(next);
          this.#ownBurst = next.burst !== undefined;
        },
        tell: changes => this.#tell('updated', { changes }),
      },
      rate,
    );
  }

  on<Name extends keyof SharedRateLimiterEvents>(
    event: Name,
    listener: Listener<SharedRateLimiterEvents[Name]>,
  ): () => void {
    this.#events ??= new Emitter(namesOf(sharedRateLimiterEvents));
    return this.#events.on(event, listener);
  }

  /** How it stands at this moment. */
  snapshot(): SharedRateLimiterSnapshot {
    const [{ queue }, waiting] = [this.#settings, this.#waiting.size];
    const counts = { limited: this.#limited, undecided: this.#undecided };
    return { name: this.name, waiting, queue, ...counts, storePaused: this.#pauseMs > 0 };
  }

  /** What it goes by, with the present rate. */
  describe(): SharedRateLimiterDescription {
    const { store: _, cost, maxWaitMs, ...rest } = this.#settings;
    return given({
      ...{ kind: 'shared-rate-limiter' as const, ...rest, ...this.#present },
      cost: functionName(cost) ?? (cost as number),
      maxWaitMs: orNull(maxWaitMs),
    }) as SharedRateLimiterDescription;
  }

  /** Refuses whoever waits, and from now on whoever comes. */
  [Symbol.dispose](): void {
    this.#closed = true;
    for (const inquiry of [...this.#waiting]) {
      this.#drop(inquiry);
      inquiry.call.refuse(this.#refuse('closed', undefined));
    }
  }

  /** The options of the rate as they were given: a burst that follows the limit was not. */
  get #present(): Required<SharedRateLimiterUpdate> {
    const { limit, perMs, burst } = this.#rule;
    return { limit, perMs, burst: this.#ownBurst ? burst : undefined } as Required<SharedRateLimiterUpdate>;
  }

  get #pauseMs(): number {
    return this.#health.pauseMs(this.clock.now());
  }

  async #ask(inquiry: RateInquiry): Promise<void> {
    let decision: RateLimitDecision;
    try {
      decision = decisionOf(await this.#settings.store.take(inquiry.request));
    } catch (error) {
      this.#fail(inquiry, error);
      return;
    }
    if (inquiry.stage === 'over') {
      if (decision.allowed && !inquiry.ranUnasked) this.#refund(inquiry);
      return;
    }
    const recovered = this.#health.answered();
    this.#decide(inquiry, decision);
    if (recovered) this.#tell('storeRecovered', {});
  }

  #decide(inquiry: RateInquiry, decision: RateLimitDecision): void {
    inquiry.timer?.cancel();
    if (!decision.allowed) {
      const { retryAfterMs } = decision;
      const hurried = retryAfterMs <= this.#settings.maxWaitMs;
      this.#drop(inquiry);
      inquiry.call.refuse(this.#refuse(hurried ? 'deadline' : 'rate', retryAfterMs));
      return;
    }
    const { waitMs } = decision;
    inquiry.stage = 'promised';
    if (waitMs === 0) {
      this.#serve(inquiry);
      return;
    }
    inquiry.hadToWait = true;
    inquiry.timer = this.clock.schedule(waitMs, () => this.#serve(inquiry), true);
    this.#tell('delayed', { waitMs, waiting: this.#waiting.size });
  }

  /** Its turn has come. */
  #serve(inquiry: RateInquiry): void {
    const { call, since, hadToWait } = inquiry;
    const now = this.clock.now();
    if (call.deadline <= now) {
      this.#drop(inquiry);
      call.refuse(this.#refuse('late', undefined));
      return;
    }
    this.#leave(inquiry);
    if (!call.admit(true)) this.#refund(inquiry);
    else if (hadToWait) this.#tell('admitted', { waitedMs: now - since });
  }

  /** The store has said nothing, or not in time. */
  #fail(inquiry: RateInquiry, error: unknown): void {
    // It may fail after it took too long, or after the call has left.
    if (inquiry.stage === 'over') return;
    const { onStoreError, storePauseMs } = this.#settings;
    const first = this.#health.failed(error, this.clock.now());
    this.#undecided++;
    this.#leave(inquiry);
    if (first) this.#tell('storeFailed', { error, decision: onStoreError });
    if (onStoreError === 'allow') inquiry.ranUnasked = inquiry.call.admit(true);
    else inquiry.call.refuse(this.#refuse('store', storePauseMs));
  }

  /** It shall not run: what was promised to it is for others. */
  #drop(inquiry: RateInquiry): void {
    if (inquiry.stage === 'promised') this.#refund(inquiry);
    this.#leave(inquiry);
  }

  #leave(inquiry: RateInquiry): void {
    inquiry.end();
    this.#waiting.delete(inquiry);
  }

  /** One that is lost makes the limit stricter for a while, and nothing else. */
  #refund({ request: { key, rule, cost } }: RateInquiry): void {
    void (async () => this.#settings.store.refund({ key, rule, cost }))().catch(() => {});
  }

  /** Counts a refusal, tells of it, and answers with its error. */
  #refuse(reason: SharedRateRefusal, retryAfterMs: number | undefined): RejectedError {
    this.#limited++;
    this.#tell('limited', { reason, retryAfterMs });
    return sharedRefusal(reason, this.name, retryAfterMs, this.#health.error);
  }

  #tell<Name extends keyof SharedRateLimiterEvents>(
    event: Name,
    facts: Omit<SharedRateLimiterEvents[Name], 'policy' | 'at'>,
  ): void {
    if (!this.#events?.has(event)) return;
    const told = { policy: this.name, at: this.clock.wall(), ...facts };
    this.#events.emit(event, told as SharedRateLimiterEvents[Name]);
  }
}
