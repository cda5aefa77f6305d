/** What a failure leaves of the health of a host, and what of its lack a success leaves. */
const KEPT = 0.7;
/** A host is never taken for worse than this. */
const WORST = 0.01;
/** What a host costs that has never answered while it is asked for the first time: more than any that has. */
const UNKNOWN_COST = 2 ** 47;

/**
 * What is known of one host: what it is doing, how long it takes and how often it succeeds.
 *
 * How long it takes goes by the peaks, as in Finagle: a slow answer counts at once and fades with `decayMs`,
 * down to what quicker ones take, or without any to nothing, so that a host that was slow is tried again.
 * A failure never counts as quick, and makes the host look worse for a while: one that fails at once has
 * always nothing to do, and would otherwise draw all calls to itself.
 */
export class HostLoad {
  inFlight = 0;
  /** How long it takes, in ms, as of `#costAt`; `undefined` before it has answered. */
  #cost: number | undefined = undefined;
  #costAt = 0;
  /** Of 1, as of `#healthAt`. */
  #health = 1;
  #healthAt = 0;

  /** How long it takes, in ms; `undefined` when nobody knows. */
  costMs(now: number, decayMs: number): number | undefined {
    return this.#cost === undefined
      ? undefined
      : this.#cost * Math.exp(-Math.max(0, now - this.#costAt) / decayMs);
  }

  /** From 0, exclusive, for one that always fails to 1 for one that has not failed lately. */
  health(now: number, decayMs: number): number {
    if (this.#health === 1) return 1;
    const lack = (1 - this.#health) * Math.exp(-Math.max(0, now - this.#healthAt) / decayMs);
    return Math.max(WORST, 1 - lack);
  }

  succeed(tookMs: number, now: number, decayMs: number): void {
    this.#observe(tookMs, now, decayMs);
    this.#setHealth(1 - (1 - this.health(now, decayMs)) * KEPT, now);
  }

  /** `peersMs` is what hosts take on the average. */
  fail(tookMs: number, peersMs: number, now: number, decayMs: number): void {
    this.#observe(Math.max(tookMs, peersMs, this.#cost ?? 0), now, decayMs);
    this.#setHealth(this.health(now, decayMs) * KEPT, now);
  }

  /** What one more call costs, by what it is doing. */
  byInFlight(weight: number, now: number, decayMs: number): number {
    return (this.inFlight + 1) / (weight * this.health(now, decayMs) ** 2);
  }

  /** What one more call costs, by what it is doing and how long that takes. */
  byLatency(weight: number, now: number, decayMs: number): number {
    const cost = this.costMs(now, decayMs);
    if (cost === undefined) return this.inFlight === 0 ? 0 : UNKNOWN_COST + this.inFlight;
    return (cost * (this.inFlight + 1)) / (weight * this.health(now, decayMs) ** 2);
  }

  #observe(tookMs: number, now: number, decayMs: number): void {
    // A slow answer counts at once, and quicker ones do not undo it: they are what it fades down to.
    this.#cost = Math.max(tookMs, this.costMs(now, decayMs) ?? 0);
    this.#costAt = now;
  }

  #setHealth(health: number, now: number): void {
    this.#health = Math.max(WORST, health);
    this.#healthAt = now;
  }
}
