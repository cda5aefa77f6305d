import { Circuit, type Verdict } from '../core/circuit.js';
import type { CircuitDecision, CircuitSnapshot, CircuitState } from '../core/circuit-snapshot.js';
import { MUTE, type Permit } from '../core/permit.js';
import { type Clock, systemClock } from '../kernel/clock.js';
import type { CallContext, CallOptions, Context } from '../kernel/context.js';
import { CircuitOpenError, factOf } from '../kernel/errors.js';
import { Emitter, type Listener, namesOf, type Observable } from '../kernel/events.js';
import { type UndoUpdate, updateOptions } from '../kernel/live-options.js';
import { checkNumber, given, refuse } from '../kernel/options.js';
import { defuse, judge, type Verdict as KernelVerdict, type Outcome } from '../kernel/outcome.js';
import type { Guard, Operation, Policy } from '../kernel/policy.js';
import { systemRandom } from '../kernel/random.js';
import { SoloRun } from '../kernel/solo-run.js';
import { describeCircuit } from './circuit-description.js';
import { type CircuitBreakerEvents, eventNames, eventOf } from './circuit-events.js';
import type { CircuitExplanation } from './circuit-explanation.js';
import {
  type CircuitBreakerOptions,
  type CircuitBreakerUpdate,
  circuitRules,
  circuitSeams,
  defaults,
  type Seams,
  updatable,
} from './circuit-options.js';
import { CircuitPermit } from './circuit-permit.js';

/**
 * Stops calling a remote that fails, and finds out with a few probes when it is back.
 *
 * Closed, it lets calls through and judges their outcomes. When a rule trips it is open: calls fail at once
 * with {@link CircuitOpenError}. After the break it is half-open: some calls are probes, and as soon as
 * enough have succeeded, or can no longer, it closes or opens again. Nobody ever waits, and there is no
 * timer: what time brings about happens at the next call. The result of a call that began before a transition
 * has no say after it.
 *
 * @example
 * ```ts
 * import { CircuitBreaker } from 'keelson';
 *
 * const breaker = new CircuitBreaker({ failureRatio: 0.5, window: { calls: 50 }, openMs: 5_000 });
 * breaker.on('opened', ({ because, counts }) => console.warn('opened', because, counts));
 * await breaker.execute(({ signal }) => fetch('https://stock.example/items/7', { signal }));
 * ```
 */
export class CircuitBreaker implements Policy, Guard<Permit>, Observable<CircuitBreakerEvents> {
  /** Shown in errors, events and `describe()`. */
  readonly name: string;
  readonly clock: Clock;
  readonly #circuit: Circuit;
  #seams: Seams;
  /** The transition that was told of last. */
  #told: CircuitDecision;
  #events: Emitter<CircuitBreakerEvents> | undefined;
  #run: SoloRun<Permit> | undefined;

  /** @throws TypeError or RangeError that names the option, the rule and the value. */
  constructor(options: CircuitBreakerOptions = {}) {
    const rules = circuitRules(options);
    this.name = options.name ?? defaults.name;
    this.clock = options.clock ?? systemClock;
    this.#circuit = new Circuit(rules, rules.windowMs > 0 ? this.clock.now() : 0);
    this.#told = this.#circuit.decision;
    this.#seams = circuitSeams(options.random ?? systemRandom, options);
  }

  /** What stands where an option was left out. */
  static get defaults(): typeof defaults {
    return defaults;
  }

  /** As of the last call: a break whose time is over is still open until the next call comes. */
  get state(): CircuitState {
    return this.#circuit.state;
  }

  /**
   * Whether it may be forgotten, as `keyed` does: no call is in flight, and it is closed without a failure
   * within `openMs`, or its break has been over for as long as a break can be.
   */
  get atRest(): boolean {
    return this.#circuit.atRest(this.clock.now());
  }

  /** Runs the operation unless the breaker rejects it; its value and its error come through untouched. */
  execute<T>(operation: Operation<T>, options?: CallOptions | Context): Promise<T> {
    this.#run ??= new SoloRun<Permit>(this, this.clock);
    return this.#run.execute(operation, options);
  }

  /**
   * For callers who cannot pass a function: a permit to settle once, by `success`, `failure` or `ignore`.
   *
   * @throws CircuitOpenError
   */
  acquire(): CircuitPermit {
    const permit = this.enter();
    if (permit === undefined) throw this.refusal();
    return new CircuitPermit(this, this.#settle, permit);
  }

  enter(call?: CallContext): Permit | undefined {
    return this.#circuit.pass() ?? this.#admit(call);
  }

  refusal(): CircuitOpenError {
    const { state } = this.#circuit;
    // Half-open, nobody knows when the probes will be done.
    const retryAfterMs = state === 'open' ? this.#circuit.retryAfterMs(this.clock.now()) : undefined;
    return this.#refuse(state, retryAfterMs);
  }

  exit(permit: Permit, ok: boolean, result: unknown, call: CallContext): void {
    if (!ok || this.#seams.classify !== undefined) this.#judge(permit, ok, result, call);
    // The way of nearly every call, kept short.
    else if (!this.#circuit.succeed(permit)) this.#record(permit, 'success', 0);
  }

  on<Name extends keyof CircuitBreakerEvents>(
    event: Name,
    listener: Listener<CircuitBreakerEvents[Name]>,
  ): () => void {
    this.#events ??= new Emitter(namesOf(eventNames));
    return this.#events.on(event, listener);
  }

  /**
   * Changes options from now on, and answers how to put them back. State, counts and calls in flight stay; a
   * break that has begun ends when it was to end; a window of another kind or length of time starts empty.
   *
   * @throws TypeError or RangeError that names the option, the rule and the value; then nothing has changed.
   */
  update(options: CircuitBreakerUpdate): UndoUpdate {
    return updateOptions(
      {
        owner: 'CircuitBreaker',
        read: () => updatable(this.#circuit.rules, this.#seams),
        write: next => {
          const rules = circuitRules(given(next) as CircuitBreakerOptions);
          this.#circuit.amend(rules, this.clock.now());
          this.#seams = circuitSeams(this.#seams.random, next);
          this.#tell();
        },
        tell: changes => {
          if (!this.#events?.has('updated')) return;
          this.#events.emit('updated', { policy: this.name, at: this.clock.wall(), changes });
        },
      },
      options as Partial<ReturnType<typeof updatable>>,
    );
  }

  /** Rejects every call, in the mode `observe` too, until `reset`. */
  isolate(): void {
    this.#force('isolated');
  }

  /** Admits every call and counts none, until `reset`. */
  disable(): void {
    this.#force('disabled');
  }

  /** As new, but for its lifetime counts: closed with an empty window, or disabled if that is its mode. */
  reset(): void {
    this.#force('closed');
  }

  /** The state as plain JSON. It holds spans, not points in time, and means the same in another process. */
  snapshot(): CircuitSnapshot {
    return this.#circuit.snapshot(this.clock.now());
  }

  /**
   * Goes on from a snapshot taken `downtimeMs` ago, as if it had lived through that time. A window of another
   * kind or length of time starts empty. Calls in flight have no say any more.
   *
   * @throws TypeError or RangeError that names what was wrong, `snapshot` or `downtimeMs`.
   */
  restore(snapshot: unknown, downtimeMs = 0): void {
    checkNumber('CircuitBreaker', 'downtimeMs', downtimeMs, { min: 0 });
    if (!this.#circuit.restore(snapshot, this.clock.now(), downtimeMs)) {
      refuse('CircuitBreaker', 'snapshot', 'one that `snapshot()` made', snapshot);
    }
    this.#tell();
  }

  /** Why the breaker is in its state, and what it goes by now. */
  explain(): CircuitExplanation {
    const circuit = this.#circuit;
    const now = this.clock.now();
    const { state, because, counts, trips } = circuit.decision;
    const { calls, failures, slow, overdue } = counts;
    const counted = `${calls} calls, ${failures} failed, ${slow + overdue} slow`;
    return {
      state,
      because,
      decidedBy: counts,
      counts: circuit.counts(now),
      trips,
      retryAfterMs: circuit.retryAfterMs(now),
      inFlight: circuit.inFlight,
      totals: circuit.totals(),
      text: `${this.name} is ${state} by ${because}: ${counted}`,
    };
  }

  /** Its rules as plain JSON; what is without limit is null. */
  describe(): Readonly<Record<string, unknown>> {
    return describeCircuit(this.name, this.#circuit.rules, this.#seams);
  }

  #admit(call: CallContext | undefined): Permit | undefined {
    const circuit = this.#circuit;
    // A start that is as old as its turn would charge to the remote what the turn did before.
    const now = this.#now(circuit.rules.slowMs === Infinity);
    const permit = circuit.admit(now, this.#seams.random, call?.isHedge);
    const { decision, state } = circuit;
    const refused = permit === undefined || permit.epoch === MUTE;
    const retryAfterMs = refused ? circuit.retryAfterMs(now) : 0;
    if (decision !== this.#told) this.#tell();
    if (permit?.epoch === MUTE) this.#emitRejection('wouldReject', state, retryAfterMs);
    // A listener has changed the state that this call met, and `refusal` would speak of another one.
    if (permit === undefined && circuit.decision !== decision) throw this.#refuse(state, retryAfterMs);
    return permit;
  }

  #refuse(state: CircuitState, retryAfterMs: number | undefined): CircuitOpenError {
    const policy = this.name;
    this.#emitRejection('rejected', state, retryAfterMs);
    return new CircuitOpenError(`${policy} is ${state}`, { policy, retryAfterMs });
  }

  #emitRejection(
    event: 'rejected' | 'wouldReject',
    state: CircuitState,
    retryAfterMs: number | undefined,
  ): void {
    if (!this.#events?.has(event)) return;
    this.#events.emit(event, { policy: this.name, at: this.clock.wall(), state, retryAfterMs });
  }

  #judge(permit: Permit, ok: boolean, result: unknown, call: CallContext): void {
    let judged: KernelVerdict | undefined;
    let askedMs = 0;
    try {
      judged = judge('CircuitBreaker', ok, result, call, this.#seams.classify);
      if (judged === 'failure') askedMs = this.#askedMs(ok ? { ok, value: result } : { ok, error: result });
    } finally {
      // The kernel reports what the user's functions throw. The permit comes back all the same, with the
      // verdict that stands without them: a mistake in `classify` must not end the protection.
      judged ??= judge('CircuitBreaker', ok, result, call);
      const neutral = call.cancelled ? 'cancelled' : 'ignored';
      this.#record(permit, judged === 'neutral' ? neutral : judged, askedMs);
    }
  }

  #settle(permit: Permit, verdict: 'success' | 'failure' | 'ignored', error: unknown): void {
    let askedMs = 0;
    try {
      if (verdict === 'failure') askedMs = this.#askedMs({ ok: false, error });
    } finally {
      this.#record(permit, verdict, askedMs);
    }
  }

  #record(permit: Permit, verdict: Verdict, askedMs: number): void {
    const circuit = this.#circuit;
    circuit.record(permit, verdict, this.#now(verdict === 'success'), this.#seams.random, askedMs);
    if (circuit.decision !== this.#told) this.#tell();
  }

  /** A closed circuit does not need the exact time; reading the clock is what would cost. */
  #now(routine: boolean): number {
    return routine && this.#circuit.state === 'closed' ? this.clock.coarse() : this.clock.now();
  }

  #askedMs(outcome: Outcome): number {
    const { retryAfterMs } = this.#seams;
    const thrown = outcome.ok ? undefined : factOf(outcome.error, 'retryAfterMs');
    const asked: unknown = retryAfterMs === undefined ? thrown : retryAfterMs(outcome);
    defuse(asked);
    return typeof asked === 'number' ? asked : 0;
  }

  #force(state: 'isolated' | 'disabled' | 'closed'): void {
    this.#circuit.force(state, this.clock.now());
    this.#tell();
  }

  #tell(): void {
    const from = this.#told.state;
    const { state, because, counts, trips } = this.#circuit.decision;
    this.#told = this.#circuit.decision;
    const event = eventOf[state];
    if (state === from || !this.#events?.has(event)) return;
    const breakMs = state === 'open' ? this.#circuit.retryAfterMs(this.clock.now())! : 0;
    const at = this.clock.wall();
    this.#events.emit(event, { policy: this.name, at, from, state, because, counts, trips, breakMs });
  }
}
