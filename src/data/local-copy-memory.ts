import { type Clock, systemClock } from '../kernel/clock.js';
import { checkKeys, checkNumber } from '../kernel/options.js';
import { CopyChangeError } from './local-copy-errors.js';
import type { CopyRow, CopySource, CopyStanding, LocalCopyStore } from './local-copy-store.js';
import { type InMemoryTransaction, inMemory } from './memory-transaction.js';

/** How an `InMemoryLocalCopyStore` is made. */
export interface InMemoryLocalCopyOptions {
  /** So many rows are kept at most, deleted ones included; one more is refused. @default 100000 */
  readonly maxRows?: number;
  /** The source of time. @default systemClock */
  readonly clock?: Clock;
}

const defaults: { readonly maxRows: number } = /* @__PURE__ */ Object.freeze({ maxRows: 100_000 });

interface Kept extends CopyRow {
  /** The load in which it was seen last. */
  readonly seen: number;
  /** When it was deleted, by the monotonic clock. */
  readonly deletedAt: number | undefined;
}

class Shelf {
  readonly rows = new Map<string, Kept>();
  readonly sources = new Map<string, number>();
  generation = 0;
  loaded = 0;
  eventAt: number | undefined;
}

/**
 * Copies in memory, with transactions that roll back: for tests, first steps, and what may be loaded anew at
 * each start.
 */
export class InMemoryLocalCopyStore implements LocalCopyStore<InMemoryTransaction> {
  readonly #clock: Clock;
  readonly #maxRows: number;
  readonly #shelves = new Map<string, Shelf>();

  /** @throws TypeError or RangeError that names the option, the rule and the value. */
  constructor(options: InMemoryLocalCopyOptions = {}) {
    const owner = 'InMemoryLocalCopyStore';
    checkKeys(owner, options, ['maxRows', 'clock']);
    const { maxRows = defaults.maxRows, clock = systemClock } = options;
    this.#maxRows = checkNumber(owner, 'maxRows', maxRows, { min: 1, integer: true });
    this.#clock = clock;
  }

  /** What stands where an option was left out. */
  static get defaults(): typeof defaults {
    return defaults;
  }

  /** Runs `work` in a transaction: it commits when `work` resolves, and rolls back when it rejects. */
  transaction<Result>(work: (transaction: InMemoryTransaction) => Result | Promise<Result>): Promise<Result> {
    return inMemory(work);
  }

  async put(transaction: InMemoryTransaction | undefined, copy: string, row: CopyRow): Promise<boolean> {
    const shelf = this.#shelf(copy);
    if (!shelf.rows.has(row.key) && this.#size() >= this.#maxRows) {
      throw new CopyChangeError(`${copy}: there is no room, \`maxRows\` is ${this.#maxRows}`);
    }
    if (transaction === undefined) return this.#put(shelf, row);
    // Whoever comes first commits first here; the newer one stays all the same.
    transaction.onCommit(() => void this.#put(shelf, row));
    return isNewer(row, shelf.rows.get(row.key));
  }

  async reach(
    transaction: InMemoryTransaction | undefined,
    copy: string,
    { source, at }: CopySource,
    most: number,
  ): Promise<boolean> {
    const { sources } = this.#shelf(copy);
    if (!sources.has(source) && sources.size >= most) return false;
    const write = (): void => void sources.set(source, Math.max(sources.get(source) ?? at, at));
    if (transaction === undefined) write();
    else transaction.onCommit(write);
    return true;
  }

  async begin(copy: string): Promise<number> {
    return ++this.#shelf(copy).generation;
  }

  async sweep(copy: string, generation: number, limit: number): Promise<number> {
    const shelf = this.#shelf(copy);
    let swept = 0;
    for (const [key, row] of shelf.rows) {
      if (row.value === undefined || row.seen >= generation) continue;
      if (swept === limit) return swept;
      shelf.rows.set(key, { ...row, value: undefined, deletedAt: this.#clock.now() });
      swept++;
    }
    if (swept === 0) shelf.loaded = Math.max(shelf.loaded, generation);
    return swept;
  }

  async rows(copy: string, keys: readonly string[]): Promise<readonly CopyRow[]> {
    const { rows } = this.#shelf(copy);
    const found = [...new Set(keys)].flatMap(key => rows.get(key) ?? []);
    return found.filter(({ value }) => value !== undefined);
  }

  async page(copy: string, after: string | undefined, limit: number): Promise<readonly CopyRow[]> {
    const there = [...this.#shelf(copy).rows.values()].filter(
      ({ key, value }) => value !== undefined && (after === undefined || key > after),
    );
    return there.sort((one, other) => (one.key < other.key ? -1 : 1)).slice(0, limit);
  }

  async standing(copy: string): Promise<CopyStanding> {
    const { generation, loaded, eventAt, sources } = this.#shelf(copy);
    const heard = [...sources].map(([source, at]) => ({ source, at }));
    return { generation, loaded, eventAt, sources: heard };
  }

  async purge(copy: string, deletedMs: number, limit: number): Promise<number> {
    const { rows, generation, loaded } = this.#shelf(copy);
    const old = this.#clock.now() - deletedMs;
    let purged = 0;
    for (const [key, { deletedAt, seen }] of rows) {
      if (purged === limit) break;
      if (deletedAt === undefined || deletedAt > old) continue;
      if (seen >= generation && loaded < generation) continue;
      rows.delete(key);
      purged++;
    }
    return purged;
  }

  #shelf(copy: string): Shelf {
    const shelf = this.#shelves.get(copy) ?? new Shelf();
    this.#shelves.set(copy, shelf);
    return shelf;
  }

  #size(): number {
    return [...this.#shelves.values()].reduce((sum, { rows }) => sum + rows.size, 0);
  }

  #put(shelf: Shelf, row: CopyRow): boolean {
    const before = shelf.rows.get(row.key);
    const newer = isNewer(row, before);
    const seen = shelf.generation;
    if (!newer) shelf.rows.set(row.key, { ...before!, seen });
    else {
      const deletedAt = row.value === undefined ? this.#clock.now() : undefined;
      shelf.rows.set(row.key, { ...row, seen, deletedAt });
      if (row.at !== undefined) shelf.eventAt = Math.max(shelf.eventAt ?? row.at, row.at);
    }
    return newer;
  }
}

const isNewer = (row: CopyRow, before: CopyRow | undefined): boolean =>
  before === undefined || row.version > before.version;
