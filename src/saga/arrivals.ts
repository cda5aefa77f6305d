/**
 * Which sagas came to be driven while the store was being asked to keep some: what it then answers of one of
 * them is out of date, and nothing may be begun by it.
 */
export class Arrivals {
  #turn = 0;
  /** The turns of the questions that are open, the oldest first. */
  readonly #open = new Set<number>();
  /** When each was taken last, the earliest first; kept as long as a question from before is open. */
  readonly #taken = new Map<string, number>();

  /** A question begins; answers with its turn. */
  ask(): number {
    this.#turn++;
    this.#open.add(this.#turn);
    return this.#turn;
  }

  /** The saga is driven from now on. */
  take(id: string): void {
    if (this.#open.size === 0) return;
    this.#taken.delete(id);
    this.#taken.set(id, ++this.#turn);
  }

  /** Whether it was not taken since the question of that turn began. */
  isNews(id: string, turn: number): boolean {
    return (this.#taken.get(id) ?? 0) < turn;
  }

  /** The question of that turn has its answer, or none. */
  end(turn: number): void {
    this.#open.delete(turn);
    const [oldest = Infinity] = this.#open;
    for (const [id, taken] of this.#taken) {
      if (taken > oldest) return;
      this.#taken.delete(id);
    }
  }
}
