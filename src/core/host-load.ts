/** What a failure leaves of the health of a host, and what of its lack a success leaves. */
const KEPT = 0.7;
/** A host is never taken for worse than this. */
const WORST = 0.01;
/** What a host costs that has never answered while it is asked for the first time: more than any that has. */
const UNKNOWN_COST = 2 ** 47;

/**
 * What is known of each host: what it is doing, how long it takes and how often it succeeds. It stands in a
 * few lists of numbers, by the slots of the hosts: whoever compares two of ten thousand reads a place in
 * memory or two for each, and not one for each number of each object.
 *
 * How long a host takes goes by the peaks, as in Finagle: a slow answer counts at once and fades with
 * `decayMs`, down to what quicker ones take, or without any to nothing, so that a host that was slow is tried
 * again. A failure never counts as quick, and makes the host look worse for a while: one that fails at once
 * has always nothing to do, and would otherwise draw all calls to itself.
 */
export class HostLoads {
  readonly #decayMs: number;
  /** What it does with one more call, for its weight; below 0 where its health is less than 1. */
  #share = new Float64Array(8);
  /** How long it takes, in ms, and when that was seen; below 0 before it has answered. */
  #costs = new Float64Array(16);
  /** Of 1, and when that was seen. */
  #healths = new Float64Array(16);
  #inFlight = new Float64Array(8);
  #weights = new Float64Array(8);
  /** How many slots were ever taken, and those of them that are free again. */
  #taken = 0;
  readonly #free: number[] = [];

  constructor(decayMs: number) {
    this.#decayMs = decayMs;
  }

  /** A slot for a host of weight 1 of which nothing is known yet. */
  take(): number {
    const slot = this.#free.pop() ?? this.#taken++;
    if (slot === this.#share.length) this.#grow();
    this.#inFlight[slot] = 0;
    this.#weights[slot] = 1;
    this.#costs[2 * slot] = -1;
    this.#healths[2 * slot] = 1;
    this.#weighShare(slot);
    return slot;
  }

  /** The host of that slot is gone, and what is known of it. */
  release(slot: number): void {
    this.#free.push(slot);
  }

  inFlight(slot: number): number {
    return this.#inFlight[slot]!;
  }

  /** A call begins, `1`, or is over, `-1`. */
  count(slot: number, calls: 1 | -1): void {
    this.#inFlight[slot]! += calls;
    this.#weighShare(slot);
  }

  weigh(slot: number, weight: number): void {
    this.#weights[slot] = weight;
    this.#weighShare(slot);
  }

  /** How long it takes, in ms; `undefined` when nobody knows. */
  costMs(slot: number, now: number): number | undefined {
    const cost = this.#cost(slot, now);
    return cost < 0 ? undefined : cost;
  }

  /** From 0, exclusive, for one that always fails to 1 for one that has not failed lately. */
  health(slot: number, now: number): number {
    const health = this.#healths[2 * slot]!;
    if (health === 1) return 1;
    return Math.max(WORST, 1 - (1 - health) * this.#left(now - this.#healths[2 * slot + 1]!));
  }

  succeed(slot: number, tookMs: number, now: number): void {
    this.#observe(slot, tookMs, now);
    this.#setHealth(slot, 1 - (1 - this.health(slot, now)) * KEPT, now);
  }

  /** `peersMs` is what hosts take on the average. */
  fail(slot: number, tookMs: number, peersMs: number, now: number): void {
    this.#observe(slot, Math.max(tookMs, peersMs, this.#costs[2 * slot]!), now);
    this.#setHealth(slot, this.health(slot, now) * KEPT, now);
  }

  /** What one more call costs, by what it is doing. */
  byInFlight(slot: number, now: number): number {
    const share = this.#share[slot]!;
    return share > 0 ? share : -share / this.health(slot, now) ** 2;
  }

  /** What one more call costs, by what it is doing and how long that takes. */
  byLatency(slot: number, now: number): number {
    const cost = this.#cost(slot, now);
    if (cost >= 0) return cost * this.byInFlight(slot, now);
    const inFlight = this.#inFlight[slot]!;
    return inFlight === 0 ? 0 : UNKNOWN_COST + inFlight;
  }

  #cost(slot: number, now: number): number {
    const cost = this.#costs[2 * slot]!;
    // That nobody knows does not fade.
    return cost < 0 ? cost : cost * this.#left(now - this.#costs[2 * slot + 1]!);
  }

  /** What time leaves of 1. */
  #left(elapsedMs: number): number {
    return elapsedMs > 0 ? Math.exp(-elapsedMs / this.#decayMs) : 1;
  }

  #observe(slot: number, tookMs: number, now: number): void {
    // A slow answer counts at once, and quicker ones do not undo it: they are what it fades down to.
    this.#costs[2 * slot] = Math.max(tookMs, this.#cost(slot, now));
    this.#costs[2 * slot + 1] = now;
  }

  #setHealth(slot: number, health: number, now: number): void {
    this.#healths[2 * slot] = Math.max(WORST, health);
    this.#healths[2 * slot + 1] = now;
    this.#weighShare(slot);
  }

  #weighShare(slot: number): void {
    const share = (this.#inFlight[slot]! + 1) / this.#weights[slot]!;
    this.#share[slot] = this.#healths[2 * slot] === 1 ? share : -share;
  }

  #grow(): void {
    this.#share = twice(this.#share);
    this.#costs = twice(this.#costs);
    this.#healths = twice(this.#healths);
    this.#inFlight = twice(this.#inFlight);
    this.#weights = twice(this.#weights);
  }
}

/** The same numbers with room for as many more. */
function twice(numbers: Float64Array): Float64Array<ArrayBuffer> {
  const more = new Float64Array(numbers.length * 2);
  more.set(numbers);
  return more;
}
