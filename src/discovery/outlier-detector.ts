import { type OutlierChange, Outliers } from '../core/outlier.js';
import type { Clock } from '../kernel/clock.js';
import { Emitter, type Listener, type Observable } from '../kernel/events.js';
import { orNull } from '../kernel/options.js';
import type { Verdict } from '../kernel/outcome.js';
import {
  checkOutliers,
  type OutlierDetectorEvents,
  type OutlierDetectorOptions,
  type OutlierDetectorSnapshot,
  type OutlierPlan,
  outlierDefaults,
} from './outlier-options.js';

/**
 * Finds the instances that fail so much more than they should that they are given nothing for a while, and
 * gives them calls again after it: after the outlier detection of Envoy.
 *
 * It is told the same outcomes as a breaker; what is `neutral` counts nowhere. It has no timer: what time
 * brings about happens at the next `record` or `sweep`.
 *
 * @example
 * ```ts
 * import { Balancer, OutlierDetector } from 'keelson';
 *
 * const balancer = new Balancer({ instances: [{ id: 'a' }, { id: 'b' }] });
 * const outliers = new OutlierDetector({ target: balancer, consecutiveFailures: 3 });
 * outliers.update(['a', 'b']);
 * for (let failure = 0; failure < 3; failure++) outliers.record('a', 'failure');
 * balancer.pick().instance.id; // => 'b'
 * ```
 */
export class OutlierDetector implements Observable<OutlierDetectorEvents> {
  /** Shown in events and `describe()`. */
  readonly name: string;
  /** The source of time. */
  readonly clock: Clock;
  readonly #plan: OutlierPlan;
  readonly #outliers: Outliers;
  #events: Emitter<OutlierDetectorEvents> | undefined;

  /** @throws TypeError or RangeError that names the option, the rule and the value. */
  constructor(options: OutlierDetectorOptions = {}) {
    this.#plan = checkOutliers(options);
    this.name = this.#plan.name;
    this.clock = this.#plan.clock;
    this.#outliers = new Outliers(this.#plan.rules, this.clock.now());
  }

  /** What stands where an option was left out. */
  static get defaults(): typeof outlierDefaults {
    return outlierDefaults;
  }

  /** These are the instances from now on, by their ids. */
  update(ids: Iterable<string>): void {
    this.#outliers.update(ids);
  }

  /** Tells how a call to an instance ended. A `slow` success is one; `neutral` says nothing. */
  record(id: string, verdict: Verdict): void {
    const now = this.clock.now();
    this.sweep(now);
    if (verdict === 'neutral') return;
    const change = this.#outliers.record(id, verdict !== 'failure', now);
    if (change !== undefined) this.#carryOut(change);
  }

  /** Does what time has brought about; nearly free when that is nothing. */
  sweep(now = this.clock.now()): void {
    for (const change of this.#outliers.sweep(now)) this.#carryOut(change);
  }

  /** Whether an instance is ejected, as of the last call. */
  isEjected(id: string): boolean {
    return this.#outliers.isEjected(id);
  }

  on<Name extends keyof OutlierDetectorEvents>(
    event: Name,
    listener: Listener<OutlierDetectorEvents[Name]>,
  ): () => void {
    this.#events ??= new Emitter(['ejected', 'readmitted', 'spared']);
    return this.#events.on(event, listener);
  }

  /** How it stands, as JSON. */
  snapshot(): OutlierDetectorSnapshot {
    const now = this.clock.now();
    this.sweep(now);
    return { name: this.name, ejected: this.#outliers.ejected, instances: this.#outliers.describe(now) };
  }

  /** Its rules, as JSON; what is without limit is null. */
  describe(): Readonly<Record<string, unknown>> {
    const { comparison, ...rules } = this.#plan.rules;
    const { consecutiveFailures, deviations, failureRatio } = rules;
    return {
      kind: 'outliers',
      ...rules,
      ...comparison,
      consecutiveFailures: orNull(consecutiveFailures),
      deviations: orNull(deviations),
      failureRatio: orNull(failureRatio),
      name: this.name,
    };
  }

  #carryOut({ kind, ...change }: OutlierChange): void {
    const { target } = this.#plan;
    if (kind === 'ejected') target?.eject(change.id);
    else if (kind === 'readmitted') target?.readmit(change.id);
    if (!this.#events?.has(kind)) return;
    const told = { detector: this.name, at: this.clock.wall(), ...change };
    this.#events.emit(kind, told as OutlierDetectorEvents[typeof kind]);
  }
}
