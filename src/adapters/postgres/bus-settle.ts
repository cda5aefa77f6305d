import type { Settled } from '../../messaging/driver.js';
import { Batcher } from '../sql/batcher.js';
import type { Row } from './client.js';
import type { Database } from './database.js';
import { failureOf } from './failures.js';

/** One handing out of a delivery: what a settlement must name, so that a later one is not touched. */
export interface Handed {
  readonly pos: string;
  readonly group: string;
  readonly lease: string;
  readonly attempts: number;
}

/** A settlement that says more than that. */
interface Told extends Handed {
  /** In ms from now. */
  readonly delay?: number;
  /** All headers of a dead letter. */
  readonly headers?: string;
  /** Whether it was handed to the member only, and never to a handler. */
  readonly unused?: boolean;
  /** Until when, by the monotonic clock, another try makes sense. */
  readonly until: number;
}

/** What the server answered; `unsure` where it may have done the same before, and its answer was lost. */
interface Answered {
  readonly rows: readonly Row[];
  readonly unsure: boolean;
}

/** Who wants to know whether settlements get through. */
export interface SettlementWatcher {
  /** One did not, and is tried again. */
  unreached(error: unknown): void;
  /** One did, the first after that. */
  reached(): void;
}

const input = `json_to_recordset($1::json) AS i(pos bigint, "group" bigint, lease uuid, attempts int,
  delay float8, headers text, unused boolean)`;
const same = `d.pos = i.pos AND d.group_id = i."group" AND d.lease = i.lease AND d.attempts = i.attempts`;
const answer = `pos::text, group_id::text AS "group"`;

const ackIn = (s: string): string =>
  `DELETE FROM ${s}.delivery d USING ${input} WHERE ${same} RETURNING d.${answer}`;

const nackIn = (s: string): string => `
  UPDATE ${s}.delivery d SET lease = NULL, due = now() + i.delay * interval '1 ms',
    attempts = d.attempts - CASE WHEN i.unused THEN 1 ELSE 0 END
  FROM ${input} WHERE ${same} RETURNING d.${answer}`;

const extendIn = (s: string): string => `
  UPDATE ${s}.delivery d SET due = now() + i.delay * interval '1 ms'
  FROM ${input} WHERE ${same} RETURNING d.${answer}`;

const buryIn = (s: string): string => `
  WITH gone AS (
    DELETE FROM ${s}.delivery d USING ${input} WHERE ${same} RETURNING d.pos, d.group_id, i.headers
  ), kept AS (
    INSERT INTO ${s}.dead_letter (group_name, topic, key, headers, body)
    SELECT g.name, m.topic, m.key, gone.headers, m.body FROM gone
    JOIN ${s}.message m ON m.pos = gone.pos JOIN ${s}.member_group g ON g.id = gone.group_id
    ORDER BY gone.pos
  )
  SELECT ${answer} FROM gone`;

const LARGEST_BATCH = 500;
const FIRST_WAIT_MS = 50;
const LONGEST_WAIT_MS = 1_000;

/** Settles deliveries, those of all groups of a driver together. */
export class Settlements {
  readonly #db: Database;
  readonly #acks: Batcher<Told, Settled>;
  readonly #nacks: Batcher<Told, Settled>;
  readonly #extensions: Batcher<Told, Settled>;
  readonly #burials: Batcher<Told, Settled>;
  readonly #watchers = new Set<SettlementWatcher>();
  #away = false;

  constructor(db: Database) {
    this.#db = db;
    const batcher = (text: string, most = LARGEST_BATCH, ends = true) =>
      new Batcher<Told, Settled>(told => this.#settle(text, told, ends), db.clock, most);
    this.#acks = batcher(ackIn(db.schema));
    this.#nacks = batcher(nackIn(db.schema));
    this.#extensions = batcher(extendIn(db.schema), LARGEST_BATCH, false);
    this.#burials = batcher(buryIn(db.schema), 50);
  }

  ack(handed: Handed, until: number): Promise<Settled> {
    return this.#acks.add({ ...handed, until });
  }

  nack(handed: Handed, delay: number, until: number): Promise<Settled> {
    return this.#nacks.add({ ...handed, delay, until });
  }

  /** Gives back what never came to a handler, as if it had not been handed out. */
  release(handed: Handed, until: number): Promise<Settled> {
    return this.#nacks.add({ ...handed, delay: 0, unused: true, until });
  }

  extend(handed: Handed, delay: number, until: number): Promise<Settled> {
    return this.#extensions.add({ ...handed, delay, until });
  }

  bury(handed: Handed, headers: Readonly<Record<string, string>>, until: number): Promise<Settled> {
    return this.#burials.add({ ...handed, headers: JSON.stringify(headers), until });
  }

  /** Tells of what happens from now on; what it returns ends that. */
  watch(watcher: SettlementWatcher): () => void {
    this.#watchers.add(watcher);
    return () => void this.#watchers.delete(watcher);
  }

  async idle(): Promise<void> {
    const all = [this.#acks, this.#nacks, this.#extensions, this.#burials];
    await Promise.all(all.map(batcher => batcher.idle()));
  }

  /** `ends`: afterwards it is not the member's any more. */
  async #settle(text: string, told: readonly Told[], ends: boolean): Promise<readonly Settled[]> {
    const { rows, unsure } = await this.#persist(text, told);
    const done = new Set(rows.map(row => `${row['group']} ${row['pos']}`));
    const now = this.#db.clock.now();
    return told.map(({ group, pos, until }) => {
      if (done.has(`${group} ${pos}`)) return 'done';
      // Before the end of its lease nobody else can have changed it: it was the try whose answer was lost.
      return ends && unsure && now < until ? 'done' : 'stale';
    });
  }

  /**
   * A server that restarts must not cost a redelivery: it is asked again for as long as any of the leases
   * last, and no longer about those that are over.
   */
  async #persist(text: string, told: readonly Told[]): Promise<Answered> {
    const { clock } = this.#db;
    let left = told;
    let unsure = false;
    for (let waitMs = FIRST_WAIT_MS; ; waitMs = Math.min(2 * waitMs, LONGEST_WAIT_MS)) {
      try {
        const rows = await this.#db.run(text, [JSON.stringify(left.map(({ until: _, ...rest }) => rest))]);
        this.#tell(undefined);
        return { rows, unsure };
      } catch (error) {
        const { retryable, maybeDone } = failureOf(error);
        const again = clock.now() + waitMs;
        left = left.filter(({ until }) => again < until);
        if (retryable) this.#tell({ error });
        if (!retryable || left.length === 0) throw error;
        unsure ||= maybeDone;
        await new Promise<void>(resolve => void clock.schedule(waitMs, resolve, true));
      }
    }
  }

  /** Once for each time that the server is away. */
  #tell(failure: { readonly error: unknown } | undefined): void {
    if (this.#away === (failure !== undefined)) return;
    this.#away = failure !== undefined;
    for (const watcher of this.#watchers) {
      if (failure !== undefined) watcher.unreached(failure.error);
      else watcher.reached();
    }
  }
}
