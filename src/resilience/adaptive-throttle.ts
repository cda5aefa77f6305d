import { Throttle, type ThrottleRules } from '../core/throttle.js';
import { type Clock, systemClock } from '../kernel/clock.js';
import type { CallContext, CallOptions, Context } from '../kernel/context.js';
import { ThrottledError } from '../kernel/errors.js';
import { Emitter, type Listener, namesOf, type Observable } from '../kernel/events.js';
import { type OptionChanges, type UndoUpdate, updateOptions } from '../kernel/live-options.js';
import { checkKeys, checkNumber, functionName, given, refuse } from '../kernel/options.js';
import { type Classify, judge, type Verdict } from '../kernel/outcome.js';
import type { Guard, Operation, Policy } from '../kernel/policy.js';
import { type Random, systemRandom } from '../kernel/random.js';
import { SoloRun } from '../kernel/solo-run.js';

/** How an {@link AdaptiveThrottle} is made. */
export interface AdaptiveThrottleOptions {
  /**
   * How many calls are worth sending for each that the remote accepts; a number from 1 to 1000. With 2 it is
   * sent up to twice what it accepts. Nearer to 1, more is spared and more is rejected in vain.
   * @default 2
   */
  readonly headroom?: number;
  /**
   * The part of the calls that is rejected at most, 0..1: the rest finds out when the remote is back.
   * @default 0.9
   */
  readonly maxRejectRatio?: number;
  /** With fewer calls in the window, none is rejected; an integer >= 1. @default 20 */
  readonly minRequests?: number;
  /** The length of the window, in ms. It moves in 24 steps. @default 120_000 */
  readonly windowMs?: number;
  /**
   * Judges an outcome. `failure`: the remote did not accept the call; `success` and `slow`: it did;
   * `neutral`: the call does not count. @default what was thrown is a failure
   */
  readonly classify?: Classify;
  /** Shown in errors, events and `describe()`. @default 'adaptive throttle' */
  readonly name?: string;
  /** The source of time. @default systemClock */
  readonly clock?: Clock;
  /** The source of chance. @default systemRandom */
  readonly random?: Random;
}

/** What an adaptive throttle tells. `at` is epoch ms, `policy` its name. */
export interface AdaptiveThrottleEvents {
  /** A call was rejected, when so many of its priority are. */
  throttled: {
    readonly policy: string;
    readonly rejectRatio: number;
    readonly priority: number;
    readonly at: number;
  };
  /** Options were changed by `update`. */
  updated: { readonly policy: string; readonly changes: OptionChanges; readonly at: number };
}

/** What of it can be changed while it works. */
export type AdaptiveThrottleUpdate = Partial<Omit<AdaptiveThrottleOptions, 'name' | 'clock' | 'random'>>;

/** What an adaptive throttle is like at a moment. */
export interface AdaptiveThrottleSnapshot {
  /** That of the throttle. */
  readonly name: string;
  /** Calls in the window that have an outcome, be it that they were rejected here. */
  readonly requests: number;
  /** Those that the remote accepted. */
  readonly accepts: number;
  /** The part of the calls of priority 0 that is rejected now. */
  readonly rejectRatio: number;
  /** Calls rejected since it was made. */
  readonly throttled: number;
}

/** How an adaptive throttle is set up, as JSON. */
export interface AdaptiveThrottleDescription {
  /** Which policy this is. */
  readonly kind: 'adaptive-throttle';
  /** Its option of that name. */
  readonly name: string;
  /** Its option of that name. */
  readonly headroom: number;
  /** Its option of that name. */
  readonly maxRejectRatio: number;
  /** Its option of that name. */
  readonly minRequests: number;
  /** Its option of that name. */
  readonly windowMs: number;
  /** The name of the function; left out where there is none. */
  readonly classify?: string;
}

const defaults: {
  readonly headroom: number;
  readonly maxRejectRatio: number;
  readonly minRequests: number;
  readonly windowMs: number;
  readonly name: string;
} = /* @__PURE__ */ Object.freeze({
  headroom: 2,
  maxRejectRatio: 0.9,
  minRequests: 20,
  windowMs: 120_000,
  name: 'adaptive throttle',
});
const owner = 'AdaptiveThrottle';
const known = [
  ...['headroom', 'maxRejectRatio', 'minRequests', 'windowMs', 'classify', 'name', 'clock', 'random'],
];
/** So much of the window is forgotten at a time: a twenty-fourth. */
const BUCKETS = 24;

/** The options with what stands for those left out. */
type Settings = Omit<ThrottleRules, 'buckets'> & { readonly classify: Classify | undefined };

function checked(options: AdaptiveThrottleUpdate): Settings {
  const { headroom, maxRejectRatio, minRequests, windowMs, classify } = { ...defaults, ...given(options) };
  if (classify !== undefined && typeof classify !== 'function') {
    refuse(owner, 'classify', 'a function', classify);
  }
  return {
    headroom: checkNumber(owner, 'headroom', headroom, { min: 1, max: 1_000 }),
    maxRejectRatio: checkNumber(owner, 'maxRejectRatio', maxRejectRatio, { min: 0, max: 1 }),
    minRequests: checkNumber(owner, 'minRequests', minRequests, { min: 1, integer: true }),
    windowMs: checkNumber(owner, 'windowMs', windowMs, { above: 0 }),
    classify,
  };
}

/**
 * Spares a remote that is overloaded: when it accepts less than half (`headroom`) of what it is asked, a part
 * of the calls is rejected here, by chance, and the more the less it accepts. Unlike a circuit breaker it has
 * no states and never stops all calls, so it follows a remote that can do some of the work.
 *
 * A call is accepted unless its outcome is a failure. Refusals by other policies inside are neutral, as
 * everywhere: they say nothing about the remote. To count only what the remote itself turned away, as the
 * formula was meant, have `classify` call other failures a success.
 *
 * Calls of a higher `priority` are rejected later: each step doubles the headroom.
 *
 * Fails with {@link ThrottledError}. The operation never ran.
 *
 * @example
 * ```ts
 * import { AdaptiveThrottle } from 'keelson';
 *
 * const throttle = new AdaptiveThrottle({ headroom: 1.5 });
 * await throttle.execute(() => 'answer'); // => 'answer'
 * ```
 */
export class AdaptiveThrottle implements Policy, Guard<true>, Observable<AdaptiveThrottleEvents> {
  /** Shown in errors, events and `describe()`. */
  readonly name: string;
  readonly clock: Clock;
  #settings: Settings;
  readonly #throttle: Throttle;
  readonly #random: Random;
  #classify: Classify | undefined;
  #throttled = 0;
  #events: Emitter<AdaptiveThrottleEvents> | undefined;
  #run: SoloRun<true> | undefined;

  /** @throws TypeError or RangeError that names the option, the rule and the value. */
  constructor(options: AdaptiveThrottleOptions = {}) {
    checkKeys(owner, options, known);
    this.#settings = checked(options);
    this.name = options.name ?? defaults.name;
    this.clock = options.clock ?? systemClock;
    this.#random = options.random ?? systemRandom;
    this.#classify = this.#settings.classify;
    this.#throttle = new Throttle({ ...this.#settings, buckets: BUCKETS }, this.clock.coarse());
  }

  /** What stands where an option was left out. */
  static get defaults(): typeof defaults {
    return defaults;
  }

  /**
   * Whether it may be forgotten, as `keyed` does: nothing in its window failed or was rejected, so that it
   * would reject no call either way.
   */
  get atRest(): boolean {
    const now = this.clock.coarse();
    return this.#throttle.accepts(now) === this.#throttle.requests(now);
  }

  execute<T>(operation: Operation<T>, options?: CallOptions | Context): Promise<T> {
    this.#run ??= new SoloRun<true>(this, this.clock);
    return this.#run.execute(operation, options);
  }

  enter(call: CallContext): true | undefined {
    return this.#throttle.admit(call.priority, this.clock.coarse(), this.#random) ? true : undefined;
  }

  refusal({ priority }: CallContext): ThrottledError {
    this.#throttled++;
    if (this.#events?.has('throttled')) {
      const rejectRatio = this.#throttle.rejectRatio(priority, this.clock.coarse());
      const at = this.clock.wall();
      this.#events.emit('throttled', { policy: this.name, rejectRatio, priority, at });
    }
    return new ThrottledError(`${this.name}: spares a remote that accepts too little`, { policy: this.name });
  }

  exit(_permit: true, ok: boolean, result: unknown, call: CallContext): void {
    // The way of nearly every call, kept short.
    if (ok && this.#classify === undefined) this.#throttle.record(true, this.clock.coarse());
    else this.#judge(ok, result, call);
  }

  on<Name extends keyof AdaptiveThrottleEvents>(
    event: Name,
    listener: Listener<AdaptiveThrottleEvents[Name]>,
  ): () => void {
    this.#events ??= new Emitter(namesOf<AdaptiveThrottleEvents>({ throttled: true, updated: true }));
    return this.#events.on(event, listener);
  }

  /**
   * Changes options from now on, for calls in flight as well, and answers how to put them back. What was
   * counted stays; a window of another length starts empty.
   *
   * @throws TypeError or RangeError that names the option, the rule and the value; then nothing has changed.
   */
  update(options: AdaptiveThrottleUpdate): UndoUpdate {
    return updateOptions<Settings>(
      {
        owner,
        read: () => this.#settings,
        write: next => {
          this.#settings = checked(next as AdaptiveThrottleUpdate);
          this.#classify = this.#settings.classify;
          this.#throttle.amend({ ...this.#settings, buckets: BUCKETS }, this.clock.coarse());
        },
        tell: changes => {
          if (!this.#events?.has('updated')) return;
          this.#events.emit('updated', { policy: this.name, changes, at: this.clock.wall() });
        },
      },
      options as Partial<Settings>,
    );
  }

  /** How it stands at this moment. */
  snapshot(): AdaptiveThrottleSnapshot {
    const throttle = this.#throttle;
    const now = this.clock.coarse();
    return {
      name: this.name,
      requests: throttle.requests(now),
      accepts: throttle.accepts(now),
      rejectRatio: throttle.rejectRatio(0, now),
      throttled: this.#throttled,
    };
  }

  /** How it was made. */
  describe(): AdaptiveThrottleDescription {
    const { classify, ...rules } = this.#settings;
    const judge = functionName(classify);
    const told = { kind: 'adaptive-throttle' as const, name: this.name, ...rules, classify: judge };
    return given(told) as AdaptiveThrottleDescription;
  }

  #judge(ok: boolean, result: unknown, call: CallContext): void {
    let verdict: Verdict | undefined;
    try {
      verdict = judge(owner, ok, result, call, this.#classify);
    } finally {
      // The kernel reports a mistake in `classify`; the call counts as it would without.
      verdict ??= judge(owner, ok, result, call);
      if (verdict !== 'neutral') this.#throttle.record(verdict !== 'failure', this.clock.coarse());
    }
  }
}
