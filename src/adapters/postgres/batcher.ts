import type { Clock } from '../../kernel/clock.js';

interface Waiting<Item, Answer> {
  readonly item: Item;
  readonly resolve: (answer: Answer) => void;
  readonly reject: (error: unknown) => void;
}

/** A batch has so many bytes at most, or is one item. */
const LARGEST_BYTES = 4 * 1_048_576;

/**
 * Runs what comes one by one in batches, one batch at a time: whatever comes while one is under way makes up
 * the next. So they grow with the load, and keep their order.
 */
export class Batcher<Item, Answer> {
  readonly #run: (items: readonly Item[]) => Promise<readonly Answer[]>;
  readonly #clock: Clock;
  readonly #most: number;
  readonly #sizeOf: (item: Item) => number;
  #waiting: Waiting<Item, Answer>[] = [];
  #running = false;
  #idle: (() => void)[] = [];

  /** `run` answers for each item, in their order. */
  constructor(
    run: (items: readonly Item[]) => Promise<readonly Answer[]>,
    clock: Clock,
    most: number,
    sizeOf: (item: Item) => number = () => 0,
  ) {
    this.#run = run;
    this.#clock = clock;
    this.#most = most;
    this.#sizeOf = sizeOf;
  }

  add(item: Item): Promise<Answer> {
    return new Promise((resolve, reject) => {
      this.#waiting.push({ item, resolve, reject });
      if (this.#running) return;
      this.#running = true;
      // What else comes in this turn goes along.
      this.#clock.afterTurn(() => void this.#drain());
    });
  }

  /** Resolves when nothing waits and nothing is under way. */
  idle(): Promise<void> {
    return this.#running ? new Promise(resolve => this.#idle.push(resolve)) : Promise.resolve();
  }

  /** How many of those that wait make up a batch. */
  #fitting(): number {
    let bytes = 0;
    for (const [at, { item }] of this.#waiting.entries()) {
      bytes += this.#sizeOf(item);
      if (at >= this.#most || (at > 0 && bytes > LARGEST_BYTES)) return at;
    }
    return this.#waiting.length;
  }

  async #drain(): Promise<void> {
    while (this.#waiting.length > 0) {
      const batch = this.#waiting.splice(0, this.#fitting());
      try {
        const answers = await this.#run(batch.map(({ item }) => item));
        for (const [at, { resolve }] of batch.entries()) resolve(answers[at]!);
      } catch (error) {
        for (const { reject } of batch) reject(error);
      }
      // Those that were answered may add to the next batch first.
      if (this.#waiting.length > 0) await new Promise<void>(resolve => this.#clock.afterTurn(resolve));
    }
    this.#running = false;
    const idle = this.#idle;
    this.#idle = [];
    for (const resolve of idle) resolve();
  }
}
