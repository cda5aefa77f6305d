import { breakMs, type CircuitRules } from './circuit-rules.js';
import {
  type Cause,
  type CircuitDecision,
  type CircuitSnapshot,
  type CircuitState,
  type CircuitTotals,
  NONE,
  readSnapshot,
  START,
  ZERO,
} from './circuit-snapshot.js';
import { FollowedCall, MUTE, type Permit, Roster } from './permit.js';
import { type CircuitCounts, tripRule } from './trip-rule.js';
import type { Window } from './window.js';
import { windowFor } from './window-for.js';

/** What a call says about its dependency. The last two say nothing. */
export type Verdict = 'success' | 'failure' | 'slow' | 'ignored' | 'cancelled';

/**
 * A circuit breaker without clock, chance and callers: `now` is monotonic milliseconds, `random` in [0, 1).
 * At most one transition happens in one call of a method. There are no timers: a break or lease that is over
 * and a call that has become slow are noticed when the next call is admitted or recorded.
 */
export class Circuit {
  rules: CircuitRules;
  #decision = START;
  #roster: Roster | undefined;
  #window: Window | undefined;
  #consecutive = 0;
  /** When an outcome last spoke against the dependency. */
  #blamedAt = 0;
  #calls = 0;
  #success = 0;
  /** The other lifetime counts: a circuit whose calls all succeed has none. */
  #others: typeof ZERO | undefined;

  constructor(rules: CircuitRules, now: number) {
    this.rules = rules;
    if (rules.mode === 'disabled') this.#decision = { ...START, state: 'disabled' };
    this.#roster = this.#newRoster();
    this.#window = windowFor(rules, now);
  }

  get decision(): CircuitDecision {
    return this.#decision;
  }

  get state(): CircuitState {
    return this.#decision.state;
  }

  get inFlight(): number {
    const { success, failure, ignored, cancelled, rejected } = this.totals();
    return this.#calls - success - failure - ignored - cancelled - rejected;
  }

  /** The shortcut of `admit` that needs no time, for calls that need not be told apart. Else ask `admit`. */
  pass(): Permit | undefined {
    const { state } = this.#decision;
    if (this.#roster !== undefined || (state !== 'closed' && state !== 'disabled')) return undefined;
    this.#calls++;
    return this.#decision;
  }

  /**
   * The shortcut of `record` that needs no time, for the success of a call that `pass` let in: no rule can
   * trip by it. False when it is not taken; then tell `record`.
   */
  succeed(permit: Permit): boolean {
    const decision = this.#decision;
    if (permit !== decision || decision.state !== 'closed' || this.rules.windowMs > 0) return false;
    this.#success++;
    this.#consecutive = 0;
    this.#window?.push(false, false, 0);
    return true;
  }

  /**
   * Admits a call, or does not: then the answer is undefined. Nobody ever waits. One that is `spare` (the
   * extra attempt of a hedge) is never a probe, and does not end a break.
   */
  admit(now: number, random: () => number, spare = false): Permit | undefined {
    const { state, until, trips } = this.#decision;
    // Asked this way round, a time that is no number ends the break instead of making it last for ever.
    if (state === 'open' && !spare && !(now < until)) this.#become('half-open', 'elapsed', now, until, trips);
    else if (this.#sweep(now)) this.#judge(now, random, 0);
    // Not before: where the user's chance throws there is no permit, and nobody gives one back.
    this.#calls++;
    return this.#permit(now, spare);
  }

  /**
   * Takes the verdict of a call, once for each permit. `retryAfterMs` above 0 is the break that a failed
   * answer asked for: it has its way when this failure opens the circuit.
   */
  record(permit: Permit, verdict: Verdict, now: number, random: () => number, retryAfterMs = 0): void {
    const { epoch, state } = this.#decision;
    if (verdict === 'success' && permit === this.#decision && state === 'closed') {
      this.#success++;
      this.#consecutive = 0;
      this.#window?.push(false, false, now);
      return;
    }
    const failed = verdict === 'failure';
    const neutral = verdict === 'ignored' || verdict === 'cancelled';
    const call = permit instanceof FollowedCall ? permit : undefined;
    const took = call === undefined || neutral ? 0 : now - call.startedAt;
    const slow = verdict === 'slow' || took > this.rules.slowMs;
    if (failed || neutral) this.#count(verdict);
    else this.#success++;
    if (slow) this.#count('slow');
    if (slow || failed) this.#blamedAt = now;
    if (permit.epoch !== epoch && permit.epoch !== MUTE) this.#count('stale');
    if (permit.epoch !== epoch || state === 'disabled') return;
    let telling = this.#sweep(now) || failed || slow;
    const roster = this.#roster;
    const followed = call === undefined || roster!.remove(call);
    if (state === 'half-open') {
      telling = true;
      if (!followed) this.#count('stale');
      else if (!neutral) roster!.score(!failed && !slow);
    } else {
      if (!followed) roster!.overdue--;
      if (!neutral) {
        this.#consecutive = failed ? this.#consecutive + 1 : 0;
        this.#window?.push(failed, slow, now);
      }
    }
    if (telling) this.#judge(now, random, retryAfterMs);
  }

  /**
   * Isolated: no call is admitted, in any mode. Disabled: every call is, and none counts. Both until somebody
   * says closed, which is the state of a new circuit: calls in flight have no say any more.
   */
  force(state: 'isolated' | 'disabled' | 'closed', now: number): void {
    const { mode } = this.rules;
    if (state === 'closed' && mode === 'disabled') this.force(mode, now);
    else if (state === 'closed' || state !== this.state) this.#become(state, 'manual', now);
  }

  /**
   * Goes by other rules from now on. State, counts and calls in flight stay; a break that has begun ends when
   * it was to end. A window of another kind or length of time starts empty.
   */
  amend(rules: CircuitRules, now: number): void {
    const { mode } = this.rules;
    const saved = this.#window?.save(now);
    this.rules = rules;
    this.#window = windowFor(rules, now);
    this.#window?.load(saved, now, 0);
    // Calls that were not followed stay so; one that is superfluous goes with its epoch.
    this.#roster ??= this.#newRoster();
    if (rules.mode === 'disabled') this.force('disabled', now);
    else if (mode === 'disabled' && this.state === 'disabled') this.force('closed', now);
  }

  /** How long to wait before a call can be admitted; undefined when only a manual order can end the state. */
  retryAfterMs(now: number): number | undefined {
    const { state, until } = this.#decision;
    return state === 'isolated' ? undefined : state === 'open' ? Math.max(0, until - now) : 0;
  }

  /** What speaks for the next decision: the window while closed, the score of the probes while half-open. */
  counts(now: number): CircuitCounts {
    const roster = this.#roster;
    const overdue = roster?.overdue ?? 0;
    if (this.state === 'half-open') {
      const { passed, failed } = roster!;
      return { ...NONE, calls: passed + failed, failures: failed, overdue };
    }
    this.#window?.expire(now);
    const { calls, failures, slow } = this.#window ?? NONE;
    return { calls, failures, slow, overdue, consecutiveFailures: this.#consecutive };
  }

  /**
   * Whether a new circuit in its stead would decide alike. Failures count for as long as they would have
   * opened it; a break for its longest time after it, at which pace each call would be a probe.
   */
  atRest(now: number): boolean {
    const { state, until } = this.#decision;
    const { mode, openMs, maxOpenMs } = this.rules;
    if (this.inFlight > 0) return false;
    if (state === 'disabled' || state === 'isolated') return state === mode;
    if (state !== 'closed') return now - until >= maxOpenMs;
    const { failures, slow, consecutiveFailures } = this.counts(now);
    return failures + slow + consecutiveFailures === 0 || now - this.#blamedAt >= openMs;
  }

  totals(): CircuitTotals {
    return { success: this.#success, ...(this.#others ?? ZERO) };
  }

  snapshot(now: number): CircuitSnapshot {
    const { epoch, until, ...decision } = this.#decision;
    return {
      version: 1,
      ...decision,
      state: decision.state === 'half-open' ? 'open' : decision.state,
      remainingMs: this.retryAfterMs(now) ?? 0,
      consecutiveFailures: this.#consecutive,
      window: this.#window?.save(now) ?? null,
      totals: this.totals(),
    };
  }

  /** Goes on from where a snapshot was `downtimeMs` ago; false, and no change, when it is none. */
  restore(saved: unknown, now: number, downtimeMs: number): boolean {
    const like = { ...this.snapshot(now), window: undefined };
    const read = readSnapshot(saved, like);
    if (read === undefined) return false;
    const { state, because, counts, trips, remainingMs, consecutiveFailures, window, totals } = read;
    const { mode, maxOpenMs, maxRetryAfterMs } = this.rules;
    const until = now - downtimeMs + Math.min(remainingMs, Math.max(maxOpenMs, maxRetryAfterMs));
    const inFlight = this.inFlight;
    this.#become(mode === 'disabled' ? mode : state, because, now, until, trips, counts);
    this.#consecutive = consecutiveFailures;
    this.#blamedAt = now;
    this.#window?.load(window, now, downtimeMs);
    ({ success: this.#success, ...this.#others } = totals);
    this.#calls += inFlight - this.inFlight;
    return true;
  }

  #count(what: keyof typeof ZERO): void {
    this.#others ??= { ...ZERO };
    this.#others[what]++;
  }

  #permit(now: number, spare: boolean): Permit | undefined {
    const { epoch, state } = this.#decision;
    const roster = this.#roster;
    if (state === 'disabled' || (state === 'closed' && roster === undefined)) return this.#decision;
    if (state === 'closed') return roster!.add(epoch, now);
    if (state === 'half-open' && !spare && roster!.taken < this.rules.probes) return roster!.add(epoch, now);
    if (state !== 'isolated' && this.rules.mode === 'observe') {
      this.#count('wouldReject');
      return new FollowedCall(MUTE, now);
    }
    this.#count('rejected');
    return undefined;
  }

  /** Calls are followed one by one where a call may be given up, or become slow, before it settles. */
  #newRoster(): Roster | undefined {
    const { state } = this.#decision;
    return state === 'half-open' || (state === 'closed' && this.rules.slowMs < Infinity)
      ? new Roster()
      : undefined;
  }

  /** Lets go of calls that have become slow or whose lease is over; whether there are more slow ones now. */
  #sweep(now: number): boolean {
    const { slowMs, probeLeaseMs } = this.rules;
    const roster = this.#roster;
    if (roster === undefined) return false;
    // What comes first in the life of a probe decides, however late it is noticed.
    const leased = this.state === 'half-open' && probeLeaseMs <= slowMs;
    const before = roster.overdue;
    for (let call = roster.oldest; call !== undefined; call = roster.oldest) {
      const age = now - call.startedAt;
      if (leased ? age < probeLeaseMs : age <= slowMs) break;
      roster.remove(call);
      if (!leased) roster.overdue++;
    }
    return roster.overdue > before;
  }

  #judge(now: number, random: () => number, retryAfterMs: number): void {
    const { rules } = this;
    const decision = this.#decision;
    let because: Cause | undefined = 'probes';
    if (decision.state === 'half-open') {
      const { passed, failed, overdue } = this.#roster!;
      if (passed >= rules.probesToClose) this.#become('closed', because, now);
      if (failed + overdue <= rules.probes - rules.probesToClose) return;
    } else because = tripRule(this.counts(now), rules);
    // A rule of the user's may have called back and changed the state itself: then that stands.
    if (because === undefined || decision !== this.#decision) return;
    const trips = decision.trips + 1;
    this.#become('open', because, now, now + breakMs(rules, trips, random, retryAfterMs), trips);
  }

  #become(
    state: CircuitState,
    because: Cause,
    now: number,
    until = 0,
    trips = 0,
    counts = this.counts(now),
  ): void {
    this.#decision = { epoch: this.#decision.epoch + 1, state, because, counts, until, trips };
    this.#roster = this.#newRoster();
    this.#consecutive = 0;
    this.#window?.clear();
  }
}
