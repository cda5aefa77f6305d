import type { Clock } from '../../kernel/clock.js';

/** What was added in one go, and goes in one batch. */
interface Waiting<Item, Answer> {
  readonly items: readonly Item[];
  readonly bytes: number;
  readonly resolve: (answers: readonly Answer[]) => void;
  readonly reject: (error: unknown) => void;
}

/** A batch has so many bytes at most, or is one item. */
const LARGEST_BYTES = 4 * 1_048_576;

/**
 * Runs what comes little by little in batches, one batch at a time: whatever comes while one is under way
 * makes up the next. So they grow with the load, and keep their order.
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
      const answer = (answers: readonly Answer[]): void => resolve(answers[0]!);
      this.#enqueue({ items: [item], bytes: this.#sizeOf(item), resolve: answer, reject });
    });
  }

  /** Answers for each, in their order. */
  async addAll(items: readonly Item[]): Promise<readonly Answer[]> {
    const parts: Promise<readonly Answer[]>[] = [];
    for (let from = 0; from < items.length; ) {
      let bytes = 0;
      let to = from;
      for (; to < items.length && to - from < this.#most; to++) {
        const size = this.#sizeOf(items[to]!);
        if (to > from && bytes + size > LARGEST_BYTES) break;
        bytes += size;
      }
      const part = items.slice(from, to);
      const total = bytes;
      parts.push(
        new Promise((resolve, reject) => this.#enqueue({ items: part, bytes: total, resolve, reject })),
      );
      from = to;
    }
    return parts.length === 1 ? parts[0]! : (await Promise.all(parts)).flat();
  }

  /** Resolves when nothing waits and nothing is under way. */
  idle(): Promise<void> {
    return this.#running ? new Promise(resolve => this.#idle.push(resolve)) : Promise.resolve();
  }

  #enqueue(waiting: Waiting<Item, Answer>): void {
    this.#waiting.push(waiting);
    if (this.#running) return;
    this.#running = true;
    // What else comes in this turn goes along.
    this.#clock.afterTurn(() => void this.#drain());
  }

  /** How many of those that wait make up a batch. */
  #fitting(): number {
    let [many, bytes] = [0, 0];
    for (const [at, waiting] of this.#waiting.entries()) {
      many += waiting.items.length;
      bytes += waiting.bytes;
      if (at > 0 && (many > this.#most || bytes > LARGEST_BYTES)) return at;
    }
    return this.#waiting.length;
  }

  async #drain(): Promise<void> {
    while (this.#waiting.length > 0) {
      const batch = this.#waiting.splice(0, this.#fitting());
      try {
        const answers = await this.#run(batch.flatMap(({ items }) => items));
        let from = 0;
        for (const { items, resolve } of batch) {
          resolve(answers.slice(from, from + items.length));
          from += items.length;
        }
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
