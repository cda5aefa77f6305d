/** What stands in a {@link Sieve}; the sieve owns all but the key. */
export class SieveNode {
  readonly key: string;
  visited = false;
  newer: this | undefined = undefined;
  older: this | undefined = undefined;

  constructor(key: string) {
    this.key = key;
  }
}

/**
 * A bounded map that forgets what was not asked for since it was last looked at.
 *
 * SIEVE (Zhang, Yang, Yue, Vigfusson, Rashmi: "SIEVE is Simpler than LRU", NSDI '24): a queue in order of
 * insertion and a hand that walks it from old to new, over and over. It spares and unmarks what was visited,
 * and takes out the first that was not. Chosen over LRU because a hit is one write to the node and moves
 * nothing, and because what is asked for once does not push out what is asked for often.
 *
 * Invariant: size <= maxEntries, and what is added is never what makes room for itself.
 */
export class Sieve<N extends SieveNode> {
  readonly #nodes = new Map<string, N>();
  #maxEntries!: number;
  #newest: N | undefined;
  #oldest: N | undefined;
  /** The next to be looked at; the oldest when there is none. */
  #hand: N | undefined;

  /** @throws RangeError unless `maxEntries` is an integer of at least 1. */
  constructor(maxEntries: number) {
    this.resize(maxEntries);
  }

  /**
   * Holds so many from now on, and returns those that had to go for it, as the hand found them.
   *
   * @throws RangeError unless `maxEntries` is an integer of at least 1.
   */
  resize(maxEntries: number): readonly N[] {
    if (!(Number.isSafeInteger(maxEntries) && maxEntries >= 1)) {
      throw new RangeError(`Sieve: \`maxEntries\` must be an integer >= 1, got ${maxEntries}`);
    }
    this.#maxEntries = maxEntries;
    const gone: N[] = [];
    while (this.#nodes.size > maxEntries) gone.push(this.#evict());
    return gone;
  }

  get size(): number {
    return this.#nodes.size;
  }

  /** The node of this key, which counts as a visit. */
  get(key: string): N | undefined {
    const node = this.#nodes.get(key);
    if (node !== undefined) node.visited = true;
    return node;
  }

  /** The node of this key, without a visit. */
  peek(key: string): N | undefined {
    return this.#nodes.get(key);
  }

  /**
   * Puts a new node in, and returns the one that had to go for it: that of the same key, whose place in the
   * queue and visits it takes over, or when the sieve is full the one that the hand stops at.
   */
  add(node: N): N | undefined {
    const former = this.#nodes.get(node.key);
    if (former !== undefined) {
      this.#replace(former, node);
      return former;
    }
    const gone = this.#nodes.size < this.#maxEntries ? undefined : this.#evict();
    this.#nodes.set(node.key, node);
    node.older = this.#newest;
    if (this.#newest === undefined) this.#oldest = node;
    else this.#newest.newer = node;
    this.#newest = node;
    return gone;
  }

  /** Takes the node of this key out, and returns it. */
  delete(key: string): N | undefined {
    const node = this.#nodes.get(key);
    if (node !== undefined) this.#remove(node);
    return node;
  }

  /** All nodes, in no particular order; they may be deleted on the way. */
  nodes(): Iterable<N> {
    return this.#nodes.values();
  }

  #replace(former: N, node: N): void {
    node.visited = former.visited;
    node.newer = former.newer;
    node.older = former.older;
    if (node.newer === undefined) this.#newest = node;
    else node.newer.older = node;
    if (node.older === undefined) this.#oldest = node;
    else node.older.newer = node;
    if (this.#hand === former) this.#hand = node;
    former.newer = former.older = undefined;
    this.#nodes.set(node.key, node);
  }

  /** Ends within two rounds: after the first nobody is marked any more. */
  #evict(): N {
    let at = (this.#hand ?? this.#oldest)!;
    while (at.visited) {
      at.visited = false;
      at = (at.newer ?? this.#oldest)!;
    }
    this.#hand = at;
    this.#remove(at);
    return at;
  }

  #remove(node: N): void {
    const { newer, older } = node;
    if (newer === undefined) this.#newest = older;
    else newer.older = older;
    if (older === undefined) this.#oldest = newer;
    else older.newer = newer;
    if (this.#hand === node) this.#hand = newer;
    node.newer = node.older = undefined;
    this.#nodes.delete(node.key);
  }
}
