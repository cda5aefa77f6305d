import type { Clock } from '../../kernel/clock.js';

interface Read {
  readonly at: number;
  readonly answer: Promise<unknown>;
}

/** Different reads that are remembered at a time. */
const MOST_READS = 100;

/** Reads of stores for many viewers: those alike within a moment are one, also while it is under way. */
export class SharedReads {
  readonly #clock: Clock;
  readonly #forMs: number;
  readonly #reads = new Map<string, Read>();

  constructor(clock: Clock, forMs: number) {
    this.#clock = clock;
    this.#forMs = forMs;
  }

  read<T>(name: string, read: () => Promise<T>): Promise<T> {
    const now = this.#clock.now();
    const known = this.#reads.get(name);
    if (known !== undefined && now - known.at < this.#forMs) return known.answer as Promise<T>;
    const answer = read();
    this.#reads.delete(name);
    this.#reads.set(name, { at: now, answer });
    if (this.#reads.size > MOST_READS) {
      const [oldest] = this.#reads.keys();
      this.#reads.delete(oldest!);
    }
    return answer;
  }

  /** Something was changed: what is known is old. */
  clear(): void {
    this.#reads.clear();
  }
}
