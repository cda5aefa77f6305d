import { fits } from './fits.js';
import type { Window } from './window.js';

/** One bucket that is not empty: its number since the origin, then what happened in it. */
type Cell = [index: number, calls: number, failures: number, slow: number];

/** Whether it may be a cell as `save` writes it, with its age in place of its number. */
function isSaved(cell: unknown): cell is Cell {
  if (!fits(cell, [0, 0, 0, 0])) return false;
  const [age, calls, failures, slow] = cell as Cell;
  // Counts without end would not come down to 0 again when the cell is forgotten.
  const isWhole = [age, calls, failures, slow].every(Number.isInteger) && calls < 2 ** 40;
  return isWhole && failures <= calls && slow <= calls;
}

/**
 * The outcomes of the last `ms`, in `buckets` equal spans that are aligned to the window's construction, with
 * running totals. An outcome is forgotten together with its bucket: between `ms - ms / buckets` and `ms`
 * after it happened.
 */
export class TimeWindow implements Window {
  calls = 0;
  failures = 0;
  slow = 0;
  readonly #ms: number;
  readonly #buckets: number;
  #origin: number;
  /** What had passed at the origin, in ms times buckets: so that whole milliseconds stay whole. */
  #phase = 0;
  /** The number of the newest bucket. */
  #head = 0;
  /** The oldest first. Idle spans have no cell, so that any number of them passes in one step. */
  #cells: Cell[] = [];

  constructor(ms: number, buckets: number, now: number) {
    this.#ms = ms;
    this.#buckets = buckets;
    this.#origin = now;
  }

  push(failed: boolean, slow: boolean, now: number): void {
    this.expire(now);
    const cells = this.#cells;
    let cell = cells[cells.length - 1];
    if (cell?.[0] !== this.#head) {
      cell = [this.#head, 0, 0, 0];
      cells.push(cell);
    }
    cell![1]++;
    this.calls++;
    if (failed) {
      cell![2]++;
      this.failures++;
    }
    if (slow) {
      cell![3]++;
      this.slow++;
    }
  }

  expire(now: number): void {
    const head = Math.floor(this.#phaseAt(now) / this.#ms);
    if (head <= this.#head) return;
    this.#head = head;
    const cells = this.#cells;
    while (cells.length > 0 && cells[0]![0] <= head - this.#buckets) this.#add(cells.shift()!, -1);
  }

  clear(): void {
    this.calls = this.failures = this.slow = 0;
    this.#cells = [];
  }

  /**
   * The cells with their numbers counted from the newest bucket, and for how long that one has been running,
   * in ms times buckets.
   */
  save(now: number): unknown {
    this.expire(now);
    return {
      ms: this.#ms,
      buckets: this.#buckets,
      phase: Math.max(0, this.#phaseAt(now) - this.#head * this.#ms),
      cells: this.#cells.map(([index, ...counts]) => [this.#head - index, ...counts]),
    };
  }

  load(saved: unknown, now: number, downtimeMs: number): void {
    this.clear();
    if (!fits(saved, { ms: 0, buckets: 0, phase: 0, cells: [] })) return;
    const { ms, buckets, phase, cells } = saved as {
      ms: number;
      buckets: number;
      phase: number;
      cells: Cell[];
    };
    if (ms !== this.#ms || buckets !== this.#buckets || phase > ms || !Array.isArray(cells)) return;
    // Whole windows of downtime move no border between spans. With all of it in one number, so large a one
    // that a millisecond is lost in it, time would stand still.
    this.#origin = now - (downtimeMs % ms);
    // The oldest span of the window gets the number 1, so that no number is below 0.
    this.#phase = buckets * ms + phase;
    this.#head = buckets;
    // Then nothing of it is left.
    if (downtimeMs >= ms) return;
    let older = buckets;
    for (const [age, ...counts] of cells.filter(isSaved)) {
      if (age >= older) continue;
      older = age;
      const cell: Cell = [buckets - age, ...counts];
      this.#cells.push(cell);
      this.#add(cell, 1);
    }
    this.expire(now);
  }

  #phaseAt(now: number): number {
    return (now - this.#origin) * this.#buckets + this.#phase;
  }

  #add([, calls, failures, slow]: Cell, sign: number): void {
    this.calls += sign * calls;
    this.failures += sign * failures;
    this.slow += sign * slow;
  }
}
