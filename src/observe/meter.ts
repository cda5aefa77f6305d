import { type Clock, systemClock } from '../kernel/clock.js';
import type { CallContext, CallOptions, Context } from '../kernel/context.js';
import { factOf, isRejected } from '../kernel/errors.js';
import { Emitter, type Listener, type Observable } from '../kernel/events.js';
import { type UndoUpdate, updateOptions } from '../kernel/live-options.js';
import { orNull } from '../kernel/options.js';
import { type Classify, judge, type Verdict } from '../kernel/outcome.js';
import type { Guard, Operation, Policy } from '../kernel/policy.js';
import { SoloRun } from '../kernel/solo-run.js';
import type { LatencyBuckets } from './latency-buckets.js';
import {
  checkMeter,
  checkMeterUpdate,
  type MeterDescription,
  type MeterEvents,
  type MeteredCall,
  type MeterOptions,
  type MeterSnapshot,
  type MeterUpdate,
  meterDefaults,
} from './meter-options.js';
import { MeterSlices } from './meter-slices.js';

/**
 * When a call began. Used again and again: guards are cheapest while they hand out the same object, and calls
 * one after the other get just that.
 */
interface Flight {
  startedAt: number;
  next: Flight | undefined;
}

/** The permit of calls that are not measured. */
const UNMEASURED: Flight = /* @__PURE__ */ Object.freeze({ startedAt: 0, next: undefined });
const MOST_CODES = 50;
const LONGEST_CODE = 100;

/**
 * Measures calls: how many, how they ended, and how long they took, at about the price of two looks at the
 * clock. Outermost it sees what callers see, rejections and retries included; innermost what the remote does.
 *
 * @example
 * ```ts
 * import { pipeline, Timeout } from 'keelson';
 * import { Meter } from 'keelson/observe';
 *
 * const meter = new Meter({ name: 'payments' });
 * await pipeline(meter, new Timeout({ timeoutMs: 500 })).execute(() => 'answer');
 * meter.snapshot().outcomes.success; // => 1
 * ```
 */
export class Meter implements Policy, Guard<Flight>, Observable<MeterEvents> {
  /** Shown in metrics and `describe()`. */
  readonly name: string;
  readonly clock: Clock;
  readonly #classify: Classify | undefined;
  readonly #rules: { readonly sliceMs: number; readonly slices: number };
  readonly #slices: MeterSlices;
  readonly #outcomes: Record<Verdict, number> = { success: 0, failure: 0, slow: 0, neutral: 0 };
  readonly #rejected = new Map<string, number>();
  #enabled: boolean;
  #slowMs: number;
  #running = 0;
  #free: Flight | undefined;
  #calls: Emitter<{ ended: MeteredCall }> | undefined;
  #events: Emitter<MeterEvents> | undefined;
  #run: SoloRun<Flight> | undefined;

  /** @throws TypeError or RangeError that names the option, the rule and the value. */
  constructor(options: MeterOptions = {}) {
    this.#rules = checkMeter(options);
    const { enabled, slowMs } = checkMeterUpdate(options);
    this.#enabled = enabled;
    this.#slowMs = slowMs;
    this.#classify = options.classify;
    this.name = options.name ?? meterDefaults.name;
    this.clock = options.clock ?? systemClock;
    this.#slices = new MeterSlices(this.#rules.sliceMs, this.#rules.slices, this.clock.now());
  }

  /** What stands where an option was left out. */
  static get defaults(): typeof meterDefaults {
    return meterDefaults;
  }

  /** Whether calls pass it by: it is not enabled. */
  get dormant(): boolean {
    return !this.#enabled;
  }

  execute<T>(operation: Operation<T>, options?: CallOptions | Context): Promise<T> {
    this.#run ??= new SoloRun<Flight>(this, this.clock);
    return this.#run.execute(operation, options);
  }

  enter(): Flight {
    if (!this.#enabled) return UNMEASURED;
    let flight = this.#free;
    if (flight === undefined) flight = { startedAt: 0, next: undefined };
    else this.#free = flight.next;
    this.#running++;
    flight.startedAt = this.clock.now();
    return flight;
  }

  exit(flight: Flight, ok: boolean, result: unknown, call: CallContext): void {
    if (flight === UNMEASURED) return;
    const now = this.clock.now();
    const tookMs = now - flight.startedAt;
    flight.next = this.#free;
    this.#free = flight;
    this.#running--;
    if (ok && this.#classify === undefined)
      this.#count(tookMs > this.#slowMs ? 'slow' : 'success', now, tookMs);
    else this.#judge(ok, result, call, now, tookMs);
  }

  on<Name extends keyof MeterEvents>(event: Name, listener: Listener<MeterEvents[Name]>): () => void {
    this.#events ??= new Emitter(['updated']);
    return this.#events.on(event, listener);
  }

  /**
   * Calls `listener` at the end of each measured call; the function returned ends it. It makes every call
   * dearer: histograms of others that cannot be filled from a snapshot need it.
   */
  onCall(listener: Listener<MeteredCall>): () => void {
    this.#calls ??= new Emitter(['ended']);
    return this.#calls.on('ended', listener);
  }

  /**
   * Changes options from now on, and answers how to put them back. Calls that began unmeasured end so.
   *
   * @throws TypeError or RangeError that names the option, the rule and the value; then nothing has changed.
   */
  update(options: MeterUpdate): UndoUpdate {
    return updateOptions<Required<MeterUpdate>>(
      {
        owner: 'Meter',
        read: () => ({ enabled: this.#enabled, slowMs: this.#slowMs }),
        write: next => {
          const { enabled, slowMs } = checkMeterUpdate(next);
          this.#enabled = enabled;
          this.#slowMs = slowMs;
        },
        tell: changes => {
          if (!this.#events?.has('updated')) return;
          this.#events.emit('updated', { policy: this.name, changes, at: this.clock.wall() });
        },
      },
      options,
    );
  }

  /** What it has measured. */
  snapshot(): MeterSnapshot {
    const outcomes = { ...this.#outcomes };
    const rejected = Object.fromEntries(this.#rejected);
    const counts = [...Object.values(outcomes), ...this.#rejected.values()];
    const total = this.#slices.total();
    const [p50Ms = 0, p90Ms = 0, p95Ms = 0, p99Ms = 0] = total.quantiles(0.5, 0.9, 0.95, 0.99);
    const now = this.clock.now();
    return {
      name: this.name,
      enabled: this.#enabled,
      running: this.#running,
      calls: counts.reduce((sum, count) => sum + count, 0),
      outcomes,
      rejected,
      ...{ p50Ms, p90Ms, p95Ms, p99Ms, maxMs: total.maxMs },
      slices: this.#slices.list(now, this.clock.wall() - now),
    };
  }

  /**
   * All latencies since it was made, for histograms with bounds of their own.
   * @internal
   */
  latencies(): LatencyBuckets {
    return this.#slices.total();
  }

  /** How it was made. */
  describe(): MeterDescription {
    return {
      kind: 'meter',
      name: this.name,
      enabled: this.#enabled,
      slowMs: orNull(this.#slowMs),
      ...this.#rules,
    };
  }

  #count(outcome: Verdict, now: number, tookMs: number, error?: unknown): void {
    this.#outcomes[outcome]++;
    this.#slices.count(now, outcome === 'neutral' ? -1 : tookMs, outcome === 'failure');
    if (this.#calls?.has('ended')) this.#calls.emit('ended', { outcome, tookMs, error });
  }

  #judge(ok: boolean, result: unknown, call: CallContext, now: number, tookMs: number): void {
    const error = ok ? undefined : result;
    if (!ok && isRejected(result)) {
      this.#reject(result, now, tookMs);
      return;
    }
    let outcome: Verdict = ok ? 'success' : 'failure';
    try {
      outcome = judge('Meter', ok, result, call, this.#classify);
    } finally {
      // A classification that fails is reported by whoever calls this; the call has ended all the same.
      if (outcome === 'success' && tookMs > this.#slowMs) outcome = 'slow';
      this.#count(outcome, now, tookMs, error);
    }
  }

  #reject(error: unknown, now: number, tookMs: number): void {
    const said = factOf(error, 'code');
    let code = typeof said === 'string' ? said.slice(0, LONGEST_CODE) : 'unknown';
    if (!this.#rejected.has(code) && this.#rejected.size >= MOST_CODES) code = 'other';
    this.#rejected.set(code, (this.#rejected.get(code) ?? 0) + 1);
    this.#slices.count(now, -1, false);
    if (this.#calls?.has('ended')) this.#calls.emit('ended', { outcome: 'rejected', tookMs, error });
  }
}
