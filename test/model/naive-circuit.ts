import type { Verdict } from '../../src/core/circuit.js';
import type { CircuitRules } from '../../src/core/circuit-rules.js';
import type { CircuitState } from '../../src/core/circuit-snapshot.js';

export interface NaiveCall {
  readonly epoch: number;
  readonly at: number;
  readonly admitted: boolean;
  /** Where it stands in the order of settlements. */
  turn?: number;
  end?: number;
  verdict?: Verdict;
}

/**
 * A breaker that remembers every call since it was made and, whenever it is asked, adds everything up again.
 * It knows no window, no counter and no list: only the log, the epochs, and when it was last looked at.
 */
export class NaiveCircuit {
  readonly calls: NaiveCall[] = [];
  state: CircuitState = 'closed';
  epoch = 1;
  trips = 0;
  until = 0;
  /** Of the settled calls: those that came too late to have a say. */
  stale = 0;
  #turns = 0;
  #looked = 0;
  /** The furthest point that time has been seen at, for the buckets. */
  #latest = 0;
  readonly #rules: CircuitRules;

  constructor(rules: CircuitRules) {
    this.#rules = rules;
  }

  admit(now: number): NaiveCall {
    if (this.state === 'open' && now >= this.until) this.#to('half-open', this.trips);
    else if (this.#newlySlow(now)) this.#judge(now);
    this.#looked = now;
    const admitted =
      this.state === 'closed' ||
      this.state === 'disabled' ||
      (this.state === 'half-open' && this.#probes(now).taken < this.#rules.probes);
    const observed = !admitted && this.#rules.mode === 'observe' && this.state !== 'isolated';
    const call: NaiveCall = { epoch: observed ? 0 : this.epoch, at: now, admitted: admitted || observed };
    this.calls.push(call);
    return call;
  }

  settle(call: NaiveCall, verdict: Verdict, now: number, retryAfterMs: number): void {
    const neutral = verdict === 'ignored' || verdict === 'cancelled';
    const late = this.state === 'half-open' && this.#fate(call, now) !== 'running';
    const telling =
      this.#newlySlow(now) ||
      verdict === 'failure' ||
      (!neutral && this.isSlow({ ...call, verdict, end: now }));
    call.verdict = verdict;
    call.end = now;
    call.turn = this.#turns++;
    if (call.epoch === 0) return;
    if (call.epoch !== this.epoch) this.stale++;
    else if (this.state !== 'disabled') {
      this.#looked = now;
      if (late) this.stale++;
      if (telling || this.state === 'half-open') this.#judge(now, retryAfterMs);
    }
  }

  force(state: 'isolated' | 'disabled' | 'closed'): void {
    if (state === 'closed' || state !== this.state) this.#to(state, 0);
  }

  get #tracksSlow(): boolean {
    const { slowMs, slowRatio, trip } = this.#rules;
    return slowMs < Infinity || slowRatio < Infinity || trip !== undefined || this.#rules.windowCalls === 0;
  }

  isSlow(call: NaiveCall): boolean {
    return call.verdict === 'slow' || call.end! - call.at > this.#rules.slowMs;
  }

  counts(now: number) {
    this.#latest = Math.max(this.#latest, now);
    const counted = this.#heard().filter(({ end }) => this.#inWindow(end!, now));
    const recent = this.#rules.windowCalls > 0 ? counted.slice(-this.#rules.windowCalls) : counted;
    const failedLast = this.#heard().findLastIndex(call => call.verdict !== 'failure');
    const windowed = this.#rules.windowCalls + this.#rules.windowMs > 0 ? recent : [];
    return {
      calls: windowed.length,
      failures: windowed.filter(call => call.verdict === 'failure').length,
      // A circuit that no rule asks about slow calls keeps no count of them.
      slow: this.#tracksSlow ? windowed.filter(call => this.isSlow(call)).length : 0,
      overdue: this.#followed().filter(
        call => call.end === undefined && this.#looked - call.at > this.#rules.slowMs,
      ).length,
      consecutiveFailures: this.#heard().length - 1 - failedLast,
    };
  }

  /** The calls whose verdict this epoch has heard, in the order in which it heard them. */
  #heard(): NaiveCall[] {
    const heard = this.#followed().filter(
      ({ verdict }) => verdict && verdict !== 'ignored' && verdict !== 'cancelled',
    );
    return heard.sort((a, b) => a.turn! - b.turn!);
  }

  #followed(): NaiveCall[] {
    return this.calls.filter(call => call.admitted && call.epoch === this.epoch);
  }

  #inWindow(at: number, now: number): boolean {
    const { windowMs, buckets, windowCalls } = this.#rules;
    if (windowCalls > 0) return true;
    const bucket = (time: number) => Math.floor((time * buckets) / windowMs);
    return bucket(at) > bucket(now) - buckets;
  }

  #newlySlow(now: number): boolean {
    if (this.state === 'disabled') return false;
    const over = (call: NaiveCall, time: number) => time - call.at > this.#rules.slowMs;
    if (this.state === 'half-open' && this.#rules.probeLeaseMs <= this.#rules.slowMs) return false;
    return this.#followed().some(
      call => call.end === undefined && over(call, now) && !over(call, this.#looked),
    );
  }

  /** What had become of a probe when it settled, or has become of it by now. */
  #fate(call: NaiveCall, now: number): 'running' | 'slow' | 'lapsed' {
    const age = (call.end ?? now) - call.at;
    const { slowMs, probeLeaseMs } = this.#rules;
    if (probeLeaseMs <= slowMs) return age >= probeLeaseMs ? 'lapsed' : 'running';
    return age > slowMs ? 'slow' : 'running';
  }

  #probes(now: number): { passed: number; failed: number; taken: number } {
    let passed = 0;
    let failed = 0;
    let inFlight = 0;
    for (const call of this.#followed()) {
      const fate = this.#fate(call, now);
      if (fate === 'slow') failed++;
      else if (fate === 'running') {
        if (call.verdict === undefined) inFlight++;
        else if (call.verdict === 'success') passed++;
        else if (call.verdict === 'failure' || call.verdict === 'slow') failed++;
      }
    }
    return { passed, failed, taken: passed + failed + inFlight };
  }

  #judge(now: number, retryAfterMs = 0): void {
    const { rules } = { rules: this.#rules };
    this.#looked = now;
    if (this.state === 'half-open') {
      const { passed, failed } = this.#probes(now);
      if (passed >= rules.probesToClose) this.#to('closed', 0);
      else if (passed + (rules.probes - failed - passed) < rules.probesToClose) this.#open(now, retryAfterMs);
      return;
    }
    const { calls, failures, slow, overdue, consecutiveFailures } = this.counts(now);
    // Fractions are compared as whole numbers: ratios come in hundredths.
    const meets = (part: number, whole: number, ratio: number) =>
      whole > 0 && whole >= rules.minCalls && 100 * part >= Math.round(100 * ratio) * whole;
    const trips =
      consecutiveFailures >= rules.consecutiveFailures ||
      meets(failures, calls, rules.failureRatio) ||
      meets(slow + overdue, calls + overdue, rules.slowRatio) ||
      rules.trip?.({ calls, failures, slow, overdue, consecutiveFailures });
    if (trips) this.#open(now, retryAfterMs);
  }

  #open(now: number, retryAfterMs: number): void {
    let breakMs = this.#rules.openMs;
    for (let i = 0; i < this.trips; i++) breakMs *= this.#rules.openFactor;
    if (breakMs > this.#rules.maxOpenMs) breakMs = this.#rules.maxOpenMs;
    if (retryAfterMs > 0) breakMs = Math.min(retryAfterMs, this.#rules.maxRetryAfterMs);
    this.until = now + breakMs;
    this.#to('open', this.trips + 1);
  }

  #to(state: CircuitState, trips: number): void {
    this.state = state;
    this.trips = trips;
    this.epoch++;
  }
}
