import { ConcurrencyLimit } from '../core/concurrency-limit.js';
import { LimitAdmission, type Partition } from '../core/limit-admission.js';
import { type Clock, systemClock } from '../kernel/clock.js';
import type { CallContext, CallOptions, Context } from '../kernel/context.js';
import { factOf, LimitExceededError } from '../kernel/errors.js';
import { Emitter, type Listener, namesOf, type Observable } from '../kernel/events.js';
import { type UndoUpdate, updateOptions } from '../kernel/live-options.js';
import { checkNumber, functionName, given, orNull } from '../kernel/options.js';
import { judge, type Outcome } from '../kernel/outcome.js';
import type { Guard, Operation, Policy } from '../kernel/policy.js';
import { SoloRun } from '../kernel/solo-run.js';
import {
  type AdaptiveLimiterOptions,
  type AdaptiveRules,
  adaptiveDefaults,
  algorithmOf,
  checkAdaptive,
  checkPartitions,
} from './adaptive-limiter-options.js';
import {
  type AdaptiveLimiterDescription,
  type AdaptiveLimiterEvents,
  type AdaptiveLimiterSnapshot,
  type AdaptiveLimiterUpdate,
  adaptiveLimiterEvents,
} from './adaptive-limiter-watching.js';
import { LagWatch } from './lag-watch.js';

/**
 * For so many windows without a call what was learned is kept: no algorithm goes longer without a
 * measurement.
 */
const KNOWN_FOR = 60;

/** What a call in flight is remembered by. Calls of one turn and one partition share it. */
interface Admitted {
  readonly since: number;
  readonly partition: Partition | undefined;
}

const timedOut = (reason: unknown): boolean => factOf(reason, 'code') === 'ERR_TIMEOUT';

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
  /** As they were given, without `name` and `clock`. */
  #said: AdaptiveLimiterOptions;
  #rules: AdaptiveRules;
  #partitions: ReadonlyMap<string, Partition> | undefined;
  readonly #limit: ConcurrencyLimit;
  readonly #admission: LimitAdmission;
  #lag: LagWatch;
  #entry: Admitted = { since: -Infinity, partition: undefined };
  #rejected = 0;
  #events: Emitter<AdaptiveLimiterEvents> | undefined;
  #run: SoloRun<Admitted> | undefined;

  /** @throws TypeError or RangeError that names the option, the rule and the value. */
  constructor(options: AdaptiveLimiterOptions = {}) {
    const { name: _name, clock: _clock, ...said } = given(options);
    this.#rules = checkAdaptive(options);
    this.#partitions = checkPartitions(options.partitions);
    this.#said = said;
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

  /**
   * Whether it may be forgotten, as `keyed` does: no call is in flight, and the limit is where that of a new
   * one begins, or was found so long ago (60 windows without a sample) that it would have to be measured
   * anew.
   */
  get atRest(): boolean {
    if (this.#admission.taken > 0) return false;
    const { initialLimit, windowMs } = this.#rules;
    if (this.#limit.limit === initialLimit) return true;
    return this.clock.coarse() - this.#limit.sampledAt >= KNOWN_FOR * windowMs;
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
    if (ok && this.#said.classify === undefined) this.#sample(entry, inFlight, false);
    else this.#judge(entry, inFlight, ok, result, call);
  }

  on<Name extends keyof AdaptiveLimiterEvents>(
    event: Name,
    listener: Listener<AdaptiveLimiterEvents[Name]>,
  ): () => void {
    this.#events ??= new Emitter(namesOf(adaptiveLimiterEvents));
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

  /**
   * Changes options from now on, for calls in flight as well, and answers how to put them back. What was
   * learned stays, and the limit is brought between `minLimit` and `maxLimit`; `initialLimit` is where
   * `reset` begins.
   *
   * @throws TypeError or RangeError that names the option, the rule and the value; then nothing has changed.
   */
  update(options: AdaptiveLimiterUpdate): UndoUpdate {
    return updateOptions<AdaptiveLimiterUpdate>(
      {
        owner: 'AdaptiveLimiter',
        read: () => updatable(this.#said, this.#rules),
        write: next => this.#amend(given({ ...next, algorithm: this.#rules.algorithm })),
        tell: changes => {
          if (this.#events?.has('updated')) this.#events.emit('updated', { ...this.#stamp(), changes });
        },
      },
      options,
    );
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
      partitionOf: functionName(this.#said.partitionOf),
      overload: functionName(this.#said.overload),
      classify: functionName(this.#said.classify),
    }) as AdaptiveLimiterDescription;
  }

  #amend(said: AdaptiveLimiterOptions): void {
    const rules = checkAdaptive(said);
    const partitions = checkPartitions(said.partitions);
    const from = this.#limit.limit;
    if (rules.maxLagMs !== this.#rules.maxLagMs) {
      this.#lag.rest();
      this.#lag = new LagWatch(this.clock, rules.maxLagMs);
      if (this.#admission.taken > 0) this.#lag.keep();
    }
    this.#said = said;
    this.#rules = rules;
    this.#partitions = partitions && sameWhereKept(partitions, this.#partitions);
    this.#admission.amend(rules.shedRatio);
    this.#limit.amend(rules);
    this.#tell(from);
  }

  #findPartition(call: CallContext): Partition | undefined {
    const { partitionOf } = this.#said;
    const name = partitionOf === undefined ? call.key : partitionOf(call);
    return name === undefined ? undefined : this.#partitions!.get(name);
  }

  #judge(entry: Admitted, inFlight: number, ok: boolean, result: unknown, call: CallContext): void {
    const verdict = judge('AdaptiveLimiter', ok, result, call, this.#said.classify);
    if (verdict === 'neutral') return;
    if (verdict !== 'failure') this.#sample(entry, inFlight, false);
    else if (this.#overloads(ok, result, call)) this.#sample(entry, inFlight, true);
  }

  #overloads(ok: boolean, result: unknown, call: CallContext): boolean {
    const { overload } = this.#said;
    if (overload === undefined) {
      // An operation that a timeout outside has stopped throws whatever it throws when it is stopped.
      return (!ok && timedOut(result)) || (call.cancelled && timedOut(call.reason));
    }
    const outcome: Outcome = ok ? { ok, value: result } : { ok, error: result };
    return overload(outcome, call);
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

/** Those that stay are the same objects, for calls in flight are counted there. */
function sameWhereKept(
  next: ReadonlyMap<string, Partition>,
  present: ReadonlyMap<string, Partition> | undefined,
): ReadonlyMap<string, Partition> {
  const all = [...next].map(([name, partition]) => {
    const kept = present?.get(name);
    return [name, kept === undefined ? partition : Object.assign(kept, { share: partition.share })] as const;
  });
  return new Map(all);
}

/**
 * The present options, by their names. The limits that follow others are undefined where they were left out.
 */
function updatable(said: AdaptiveLimiterOptions, rules: AdaptiveRules): AdaptiveLimiterUpdate {
  const { minLimit, windowMs, windowSamples, shedRatio, maxLagMs } = rules;
  const { initialLimit, maxLimit, partitions, partitionOf, overload, classify } = said;
  return {
    ...{ minLimit, windowMs, windowSamples, shedRatio, maxLagMs },
    ...({ initialLimit, maxLimit, partitions, partitionOf, overload, classify } as AdaptiveLimiterUpdate),
  };
}
