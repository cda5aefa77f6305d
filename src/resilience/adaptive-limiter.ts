import { ConcurrencyLimit } from '../core/concurrency-limit.js';
import { LimitAdmission, type Partition } from '../core/limit-admission.js';
import { type Clock, systemClock } from '../kernel/clock.js';
import type { CallContext, CallOptions, Context } from '../kernel/context.js';
import { LimitExceededError } from '../kernel/errors.js';
import { Emitter, type Listener, type Observable } from '../kernel/events.js';
import { checkNumber, functionName, given, orNull } from '../kernel/options.js';
import { judge, type Outcome } from '../kernel/outcome.js';
import type { Guard, Operation, Policy } from '../kernel/policy.js';
import { SoloRun } from '../kernel/solo-run.js';
import {
  type AdaptiveAlgorithm,
  type AdaptiveLimiterOptions,
  type AdaptiveRules,
  adaptiveDefaults,
  algorithmOf,
  checkAdaptive,
  checkPartitions,
} from './adaptive-limiter-options.js';
import { LagWatch } from './lag-watch.js';

/** What an adaptive limiter tells. `at` is epoch ms, `policy` its name. */
export interface AdaptiveLimiterEvents {
  /** A window of calls has moved the limit, or `reset` has. */
  limitChanged: { readonly policy: string; readonly from: number; readonly to: number; readonly at: number };
  /** A call was refused: at the limit, or below it for its low priority. */
  rejected: { readonly policy: string; readonly reason: 'limit' | 'priority'; readonly at: number };
}

/** What an adaptive limiter is like at a moment. */
export interface AdaptiveLimiterSnapshot {
  /** That of the limiter. */
  readonly name: string;
  /** How many operations may run now. */
  readonly limit: number;
  /** Operations that run. */
  readonly inFlight: number;
  /** Calls refused since it was made. */
  readonly rejected: number;
  /** Windows judged since it was made. */
  readonly windows: number;
  /** Operations that run, for each partition. */
  readonly partitions: Readonly<Record<string, number>>;
}

/** How an adaptive limiter was made; a span of `Infinity` is null, as in JSON. */
export interface AdaptiveLimiterDescription {
  /** Which policy this is. */
  readonly kind: 'adaptive-limiter';
  /** See the options of this name, here and below. */
  readonly name: string;
  /** What sets the limit. */
  readonly algorithm: AdaptiveAlgorithm;
  /** The limit to begin with. */
  readonly initialLimit: number;
  /** The least that it can be. */
  readonly minLimit: number;
  /** The most that it can be. */
  readonly maxLimit: number;
  /** The least length of a window, in ms. */
  readonly windowMs: number;
  /** The least number of calls in a window. */
  readonly windowSamples: number;
  /** What a priority below 0 costs. */
  readonly shedRatio: number;
  /** The lag that spoils samples, in ms. */
  readonly maxLagMs: number | null;
  /** The share of each partition. */
  readonly partitions: Readonly<Record<string, number>>;
  /** The name of the function, here and below; left out where there is none. */
  readonly partitionOf?: string;
  /** Tells signs of overload. */
  readonly overload?: string;
  /** Judges outcomes. */
  readonly classify?: string;
}

/** What a call in flight is remembered by. Calls of one turn and one partition share it. */
interface Admitted {
  readonly since: number;
  readonly partition: Partition | undefined;
}

const timedOut = (reason: unknown): boolean =>
  typeof reason === 'object' && reason !== null && (reason as { code?: unknown }).code === 'ERR_TIMEOUT';

/**
 * Limits how many operations run at a time, and finds the limit by itself: from how long they take, and from
 * those that run out of time.
 *
 * A call that comes when the limit is reached is refused at once with {@link LimitExceededError}. Only calls
 * that ended by themselves or ran out of time count: what the caller gave up, refusals of policies, and
 * failures that are no sign of overload give no sample.
 *
 * @example
 * ```ts
 * import { AdaptiveLimiter } from 'keelson';
 *
 * const limiter = new AdaptiveLimiter({ maxLimit: 200 });
 * await limiter.execute(() => 'answer'); // => 'answer'
 * ```
 */
export class AdaptiveLimiter implements Policy, Guard<Admitted>, Observable<AdaptiveLimiterEvents> {
  /** Shown in errors, events and `describe()`. */
  readonly name: string;
  readonly clock: Clock;
  readonly #rules: AdaptiveRules;
  readonly #classify: AdaptiveLimiterOptions['classify'];
  readonly #overload: AdaptiveLimiterOptions['overload'];
  readonly #partitions: ReadonlyMap<string, Partition> | undefined;
  readonly #partitionOf: AdaptiveLimiterOptions['partitionOf'];
  readonly #limit: ConcurrencyLimit;
  readonly #admission: LimitAdmission;
  readonly #lag: LagWatch;
  #entry: Admitted = { since: -Infinity, partition: undefined };
  #rejected = 0;
  #events: Emitter<AdaptiveLimiterEvents> | undefined;
  #run: SoloRun<Admitted> | undefined;

  /** @throws TypeError or RangeError that names the option, the rule and the value. */
  constructor(options: AdaptiveLimiterOptions = {}) {
    this.#rules = checkAdaptive(options);
    this.#partitions = checkPartitions(options.partitions);
    this.#partitionOf = options.partitionOf;
    this.#classify = options.classify;
    this.#overload = options.overload;
    this.name = options.name ?? adaptiveDefaults.name;
    this.clock = options.clock ?? systemClock;
    this.#limit = new ConcurrencyLimit(algorithmOf(this.#rules), this.#rules, this.clock.coarse());
    this.#admission = new LimitAdmission(this.#rules.shedRatio);
    this.#lag = new LagWatch(this.clock, this.#rules.maxLagMs);
  }

  /** What stands where an option was left out. */
  static get defaults(): typeof adaptiveDefaults {
    return adaptiveDefaults;
  }

  /** How many operations may run now. */
  get limit(): number {
    return this.#limit.limit;
  }

  execute<T>(operation: Operation<T>, options?: CallOptions | Context): Promise<T> {
    this.#run ??= new SoloRun<Admitted>(this, this.clock);
    return this.#run.execute(operation, options);
  }

  enter(call: CallContext): Admitted | undefined {
    const partition = this.#partitions === undefined ? undefined : this.#findPartition(call);
    if (!this.#admission.take(this.#limit.limit, call.priority, partition)) return undefined;
    this.#lag.keep();
    const since = this.clock.coarse();
    if (this.#entry.since !== since || this.#entry.partition !== partition)
      this.#entry = { since, partition };
    return this.#entry;
  }

  refusal(call: CallContext): LimitExceededError {
    const { limit } = this.#limit;
    const shed = this.#admission.taken < limit;
    this.#rejected++;
    if (this.#events?.has('rejected')) {
      this.#events.emit('rejected', { ...this.#stamp(), reason: shed ? 'priority' : 'limit' });
    }
    const why = shed
      ? `too near to the limit of ${limit} for priority ${call.priority}`
      : `${limit} run already`;
    return new LimitExceededError(`${this.name}: ${why}`, { policy: this.name });
  }

  exit(entry: Admitted, ok: boolean, result: unknown, call: CallContext): void {
    const inFlight = this.#admission.taken;
    this.#admission.release(entry.partition);
    if (inFlight === 1) this.#lag.rest();
    if (ok && this.#classify === undefined) this.#sample(entry, inFlight, false);
    else this.#judge(entry, inFlight, ok, result, call);
  }

  on<Name extends keyof AdaptiveLimiterEvents>(
    event: Name,
    listener: Listener<AdaptiveLimiterEvents[Name]>,
  ): () => void {
    this.#events ??= new Emitter(['limitChanged', 'rejected']);
    return this.#events.on(event, listener);
  }

  /**
   * Forgets all that was learned and goes on from `limit`: for a remote that is another one than before.
   * Calls in flight give no sample.
   *
   * @throws RangeError unless `limit` is an integer between `minLimit` and `maxLimit`.
   */
  reset(limit: number = this.#rules.initialLimit): void {
    const { minLimit, maxLimit } = this.#rules;
    checkNumber('AdaptiveLimiter', 'limit', limit, { min: minLimit, max: maxLimit, integer: true });
    const from = this.#limit.limit;
    this.#limit.reset(this.clock.now(), limit);
    this.#tell(from);
  }

  /** How it stands at this moment. */
  snapshot(): AdaptiveLimiterSnapshot {
    const { limit, windows } = this.#limit;
    const partitions = this.#eachPartition(({ taken }) => taken);
    const inFlight = this.#admission.taken;
    return { name: this.name, limit, inFlight, rejected: this.#rejected, windows, partitions };
  }

  /** How it was made. */
  describe(): AdaptiveLimiterDescription {
    const { maxLagMs, ...rules } = this.#rules;
    const partitions = this.#eachPartition(({ share }) => share);
    return given({
      ...{ kind: 'adaptive-limiter' as const, name: this.name, ...rules },
      maxLagMs: orNull(maxLagMs),
      partitions,
      partitionOf: functionName(this.#partitionOf),
      overload: functionName(this.#overload),
      classify: functionName(this.#classify),
    }) as AdaptiveLimiterDescription;
  }

  #findPartition(call: CallContext): Partition | undefined {
    const name = this.#partitionOf === undefined ? call.key : this.#partitionOf(call);
    return name === undefined ? undefined : this.#partitions!.get(name);
  }

  #judge(entry: Admitted, inFlight: number, ok: boolean, result: unknown, call: CallContext): void {
    const verdict = judge(this.name, ok, result, call, this.#classify);
    if (verdict === 'neutral') return;
    if (verdict !== 'failure') this.#sample(entry, inFlight, false);
    else if (this.#overloads(ok, result, call)) this.#sample(entry, inFlight, true);
  }

  #overloads(ok: boolean, result: unknown, call: CallContext): boolean {
    if (this.#overload === undefined) {
      // An operation that a timeout outside has stopped throws whatever it throws when it is stopped.
      return (!ok && timedOut(result)) || (call.cancelled && timedOut(call.reason));
    }
    const outcome: Outcome = ok ? { ok, value: result } : { ok, error: result };
    return this.#overload(outcome, call);
  }

  #sample(entry: Admitted, inFlight: number, dropped: boolean): void {
    const now = this.clock.coarse();
    const rttMs = now - entry.since;
    if (this.#lag.spoils(entry.since, rttMs)) return;
    const from = this.#limit.limit;
    this.#limit.sample(now, rttMs, inFlight, dropped);
    if (this.#limit.limit !== from) this.#tell(from);
  }

  #tell(from: number): void {
    const to = this.#limit.limit;
    if (to === from || !this.#events?.has('limitChanged')) return;
    this.#events.emit('limitChanged', { ...this.#stamp(), from, to });
  }

  #eachPartition(figure: (partition: Partition) => number): Readonly<Record<string, number>> {
    const all = [...(this.#partitions?.values() ?? [])];
    return Object.fromEntries(all.map(partition => [partition.name, figure(partition)]));
  }

  #stamp(): { readonly policy: string; readonly at: number } {
    return { policy: this.name, at: this.clock.wall() };
  }
}
