/** What is kept for one key, in one table. Extend it by what is to be remembered. */
export class KeptKey {
  readonly key: string;
  /** @internal When it was used last; 0 where nobody asks for how long it is idle. */
  usedAt = 0;
  /** @internal Its neighbours in the order of use. */
  older: KeptKey | undefined = undefined;
  /** @internal */
  newer: KeptKey | undefined = undefined;

  constructor(key: string) {
    this.key = key;
  }
}

export interface KeptKeysRules {
  readonly maxKeys: number;
  /** What is at rest is let go of after so long without use; `Infinity` keeps it. */
  readonly idleMs: number;
}

/** Whether an entry may be let go of: forgetting it would change nothing for whoever comes back to it. */
export type AtRest<E> = (entry: E) => boolean;

/** When room is needed, so many of the oldest are looked at again, and as many of the other busy ones. */
export const LOOKS = 32;

/**
 * A bounded number of keys in the order of their last use. Whoever needs room takes out the one that was not
 * used for longest among those at rest; one that is not at rest is never taken out.
 *
 * The work is bounded without a timer and without a walk over all keys. Entries that were found busy are
 * skipped from then on: a mark parts them from those that nobody has looked at since their last use, and it
 * passes an entry once for each use. Of the skipped ones the oldest {@link LOOKS} are looked at again each
 * time, and as many others in turn. So with up to that many busy keys the answer is exact; with more, one
 * that came to rest may be found some calls later.
 */
export class KeptKeys<E extends KeptKey> {
  readonly #rules: KeptKeysRules;
  readonly #entries = new Map<string, E>();
  #oldest: KeptKey | undefined;
  #newest: KeptKey | undefined;
  /** The oldest entry that was not looked at since its last use; those before it were busy. */
  #unseen: KeptKey | undefined;
  /** Which of the skipped ones is looked at next; none before the first look. */
  #again: KeptKey | undefined;

  constructor(rules: KeptKeysRules) {
    this.#rules = rules;
  }

  get size(): number {
    return this.#entries.size;
  }

  get isFull(): boolean {
    return this.#entries.size >= this.#rules.maxKeys;
  }

  /** What is kept for `key`; that is no use of it. */
  peek(key: string): E | undefined {
    return this.#entries.get(key);
  }

  /** All entries, the longest unused first. */
  *[Symbol.iterator](): Generator<E> {
    for (let at = this.#oldest; at !== undefined; at = at.newer) yield at as E;
  }

  /** Keeps a new entry, for which there is room and whose key is not kept yet. */
  add(entry: E, now: number): void {
    this.#entries.set(entry.key, entry);
    entry.usedAt = now;
    this.#append(entry);
  }

  /** Counts as a use of an entry that is kept; one that is not any more stays out. */
  touch(entry: E, now: number): void {
    if (entry === this.#newest) {
      entry.usedAt = now;
      this.#unseen ??= entry;
      return;
    }
    // Only the newest has none that is newer, except those which were taken out.
    if (entry.newer === undefined) return;
    entry.usedAt = now;
    this.#unlink(entry);
    this.#append(entry);
  }

  /** Takes out the one at rest that was not used for longest; `undefined` when none is found at rest. */
  makeRoom(atRest: AtRest<E>): E | undefined {
    let old = this.#oldest;
    for (let look = 0; look < LOOKS && old !== this.#unseen; look++) {
      if (atRest(old as E)) return this.#take(old as E);
      old = old!.newer;
    }
    for (let look = 0; look < LOOKS && old !== this.#unseen; look++) {
      const entry = this.#nextSkipped();
      if (atRest(entry)) return this.#take(entry);
    }
    while (this.#unseen !== undefined) {
      const entry = this.#unseen as E;
      if (atRest(entry)) return this.#take(entry);
      this.#unseen = entry.newer;
    }
    return undefined;
  }

  /**
   * Takes out one that is at rest and was idle for too long, if there is one among the next two to look at.
   */
  expire(now: number, atRest: AtRest<E>): E | undefined {
    const before = now - this.#rules.idleMs;
    const entry = this.#unseen as E | undefined;
    if (entry !== undefined && entry.usedAt <= before) {
      if (atRest(entry)) return this.#take(entry);
      this.#unseen = entry.newer;
    }
    if (this.#oldest === this.#unseen) return undefined;
    const skipped = this.#nextSkipped();
    return skipped.usedAt <= before && atRest(skipped) ? this.#take(skipped) : undefined;
  }

  /** The next of those that were found busy, in turn; there is at least one. */
  #nextSkipped(): E {
    let entry = this.#again;
    if (entry === undefined || entry === this.#unseen) entry = this.#oldest!;
    this.#again = entry.newer;
    return entry as E;
  }

  #take(entry: E): E {
    this.#entries.delete(entry.key);
    this.#unlink(entry);
    return entry;
  }

  #append(entry: KeptKey): void {
    const last = this.#newest;
    entry.older = last;
    if (last === undefined) this.#oldest = entry;
    else last.newer = entry;
    this.#newest = entry;
    this.#unseen ??= entry;
  }

  #unlink(entry: KeptKey): void {
    const { older, newer } = entry;
    if (older === undefined) this.#oldest = newer;
    else older.newer = newer;
    if (newer === undefined) this.#newest = older;
    else newer.older = older;
    if (this.#unseen === entry) this.#unseen = newer;
    if (this.#again === entry) this.#again = newer;
    entry.older = entry.newer = undefined;
  }
}
