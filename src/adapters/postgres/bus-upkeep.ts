import type { Timer } from '../../kernel/clock.js';
import { systemRandom } from '../../kernel/random.js';
import type { Database } from './database.js';
import { lockOf } from './names.js';

/** For how long what is done with is kept, in ms. */
export interface Retention {
  readonly message: number;
  readonly deadLetter: number;
  /** So many messages may stand before one group. */
  readonly backlog: number;
}

/** So many rows of a kind are deleted in one go, and so many old messages looked at. */
const PAGE = 5_000;
const PAGES = 4;
const EVERY_MS = 10_000;
const BEHIND_MS = 200;
/** As long as a group has too much before it. */
const CROWDED_MS = 1_000;

const ago = (ms: number): string => `now() - ${Math.min(ms, 2 ** 43)} * interval '1 ms'`;

const before = (s: string, lane: 'NULL' | 'NOT NULL', most: number): string =>
  `SELECT 1 FROM ${s}.delivery d WHERE d.group_id = g.id AND d.lane IS ${lane} LIMIT ${most + 1}`;

/**
 * Says of each group whether it has too much before it, counted no further than that. Publishers cannot wait
 * for a subscriber of its own, who may be slow or gone: it loses its oldest.
 */
const crowdIn = (s: string, most: number): string => `
    UPDATE ${s}.member_group g SET crowded = NOT g.crowded
      WHERE g.name IS NOT NULL AND g.crowded IS DISTINCT FROM (${most} < (SELECT count(*) FROM (
        (${before(s, 'NULL', most)}) UNION ALL (${before(s, 'NOT NULL', most)})) c));
    DELETE FROM ${s}.delivery d USING ${s}.member_group g, LATERAL (SELECT o.pos FROM ${s}.delivery o
        WHERE o.group_id = g.id AND (o.lease IS NULL OR o.due <= now())
        ORDER BY o.pos DESC OFFSET ${most} LIMIT ${PAGE}) old
      WHERE g.name IS NULL AND d.pos = old.pos AND d.group_id = g.id;
    GET DIAGNOSTICS gone = ROW_COUNT;
    more := more OR gone >= ${PAGE};`;

/**
 * Deletes what nobody needs: groups of subscribers that are gone, what has come to its end, old dead letters,
 * and old messages that stand before no group. It goes through the messages page by page and begins anew when
 * it comes to young ones. One process at a time, under the lock under which groups are made: a group that is
 * being told of old messages must not lose them.
 */
const cleanIn = (s: string, { message, deadLetter, backlog }: Retention): string => `
  DO $keelson$ DECLARE at bigint; stop bigint; oldest timestamptz; gone int; more boolean := false;
    alone bigint[]; pace int := ${EVERY_MS};
  BEGIN
    IF NOT pg_try_advisory_xact_lock(${lockOf(s)}) THEN RETURN; END IF;
    IF EXISTS (SELECT 1 FROM ${s}.member_group WHERE crowded) THEN pace := ${CROWDED_MS}; END IF;
    UPDATE ${s}.upkeep u SET done_at = now()
      WHERE u.behind OR u.done_at < now() - 0.9 * pace * interval '1 ms'
      RETURNING u.reached INTO at;
    IF NOT FOUND THEN RETURN; END IF;
    SELECT array_agg(id) INTO alone FROM (SELECT id FROM ${s}.member_group
      WHERE name IS NULL AND alive_until < now() LIMIT 100) g;
    DELETE FROM ${s}.delivery WHERE group_id = ANY (alone);
    DELETE FROM ${s}.member_group WHERE id = ANY (alone);
    DELETE FROM ${s}.delivery WHERE (pos, group_id) IN (SELECT pos, group_id FROM ${s}.delivery
      WHERE expires_at <= now() AND (lease IS NULL OR due <= now()) LIMIT ${PAGE} FOR UPDATE SKIP LOCKED);
    GET DIAGNOSTICS gone = ROW_COUNT;
    more := more OR gone = ${PAGE};
    DELETE FROM ${s}.dead_letter WHERE pos IN (SELECT pos FROM ${s}.dead_letter
      WHERE died_at < ${ago(deadLetter)} ORDER BY died_at LIMIT ${PAGE} FOR UPDATE SKIP LOCKED);
    GET DIAGNOSTICS gone = ROW_COUNT;
    more := more OR gone = ${PAGE};
    ${crowdIn(s, backlog)}
    FOR page IN 1..${PAGES} LOOP
      SELECT max(pos), min(published_at) INTO stop, oldest FROM (SELECT pos, published_at
        FROM ${s}.message WHERE pos > at ORDER BY pos LIMIT ${PAGE}) p;
      IF stop IS NULL OR oldest >= ${ago(message)} THEN
        at := 0;
        EXIT;
      END IF;
      DELETE FROM ${s}.delivery d WHERE d.pos > at AND d.pos <= stop
        AND NOT EXISTS (SELECT 1 FROM ${s}.member_group g WHERE g.id = d.group_id);
      DELETE FROM ${s}.message m WHERE m.pos > at AND m.pos <= stop
        AND m.published_at < ${ago(message)}
        AND NOT EXISTS (SELECT 1 FROM ${s}.delivery d WHERE d.pos = m.pos);
      GET DIAGNOSTICS gone = ROW_COUNT;
      more := more OR gone > 0;
      at := stop;
    END LOOP;
    UPDATE ${s}.upkeep u SET reached = at, behind = more;
  END $keelson$`;

/** Runs while a driver is connected. */
export class Upkeep {
  readonly #db: Database;
  readonly #retention: Retention;
  #timer: Timer | undefined;
  #running: Promise<void> | undefined;
  #closed = false;

  constructor(db: Database, retention: Retention) {
    this.#db = db;
    this.#retention = retention;
  }

  start(): void {
    if (this.#timer === undefined) this.#next(EVERY_MS);
  }

  async close(): Promise<void> {
    this.#closed = true;
    this.#timer?.cancel();
    await this.#running;
  }

  #next(ms: number): void {
    if (this.#closed) return;
    this.#timer = this.#db.clock.schedule(ms * (0.8 + 0.4 * systemRandom()), () => {
      this.#running = this.#run().then(
        nextMs => this.#next(nextMs),
        // The server is away, or these tables are not ours to clean: others may do better, or we later.
        () => this.#next(EVERY_MS),
      );
    });
  }

  /** How long to wait until the next time. */
  async #run(): Promise<number> {
    const { schema } = this.#db;
    await this.#db.run(cleanIn(schema, this.#retention));
    const [row] = await this.#db.run(`SELECT behind,
      EXISTS (SELECT 1 FROM ${schema}.member_group WHERE crowded) AS crowded FROM ${schema}.upkeep`);
    if (row?.['behind'] === true) return BEHIND_MS;
    return row?.['crowded'] === true ? CROWDED_MS : EVERY_MS;
  }
}
