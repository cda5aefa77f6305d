/**
 * How many of the latest calls may be affected by faults that somebody injects.
 *
 * Invariant: of the latest `windowCalls` calls, or of all calls while there were fewer, at most the share
 * `ratio` is affected, at every moment.
 */
export class BlastRadius {
  #ratio: number;
  #ring: Uint8Array;
  #seen = 0;
  #next = 0;
  #affected = 0;

  constructor(ratio: number, windowCalls: number) {
    this.#ratio = ratio;
    this.#ring = new Uint8Array(windowCalls);
  }

  /** Those of the window that were affected. */
  get affected(): number {
    return this.#affected;
  }

  /** Goes by other limits from now on, and keeps what it knows of the latest calls. */
  amend(ratio: number, windowCalls: number): void {
    this.#ratio = ratio;
    const old = this.#ring;
    if (windowCalls === old.length) return;
    const ring = new Uint8Array(windowCalls);
    const kept = Math.min(this.#seen, windowCalls);
    this.#affected = 0;
    for (let at = 0; at < kept; at++) {
      ring[at] = old[(this.#next - kept + at + old.length) % old.length]!;
      this.#affected += ring[at]!;
    }
    this.#ring = ring;
    this.#seen = kept;
    this.#next = kept % windowCalls;
  }

  /** Counts a call. True when it is wanted for a fault and may have one. */
  admit(wanted: boolean): boolean {
    const ring = this.#ring;
    this.#affected -= ring[this.#next]!;
    if (this.#seen < ring.length) this.#seen++;
    // A small part of a call makes up for the rounding of ratios such as 0.07.
    const allowed = wanted && this.#affected + 1 <= this.#ratio * this.#seen + 1e-9;
    ring[this.#next] = allowed ? 1 : 0;
    this.#affected += ring[this.#next]!;
    this.#next = (this.#next + 1) % ring.length;
    return allowed;
  }
}
