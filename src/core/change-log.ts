import { Fifo } from './fifo.js';

/** Which members of a set each of its revisions has touched: they go up by one, and the latest are kept. */
export class ChangeLog {
  readonly #limit: number;
  readonly #entries = new Fifo<readonly string[]>();
  #kept = 0;
  #revision: number;

  /** @param limit So many ids are kept, of the latest revisions. */
  constructor(revision: number, limit: number) {
    this.#revision = revision;
    this.#limit = limit;
  }

  /** The latest. */
  get revision(): number {
    return this.#revision;
  }

  /** Another revision, which has touched `ids`. */
  add(ids: readonly string[]): void {
    this.#revision++;
    this.#entries.push(ids);
    this.#kept += ids.length;
    while (this.#kept > this.#limit) this.#kept -= this.#entries.shift()!.length;
  }

  /** What was touched after `revision`; `undefined` where that is too long ago, or not yet. */
  since(revision: number): ReadonlySet<string> | undefined {
    const behind = this.#revision - revision;
    let passed = this.#entries.size - behind;
    if (!(behind >= 0 && passed >= 0)) return undefined;
    const touched = new Set<string>();
    if (behind === 0) return touched;
    for (const ids of this.#entries) {
      if (--passed >= 0) continue;
      for (const id of ids) touched.add(id);
    }
    return touched;
  }
}
