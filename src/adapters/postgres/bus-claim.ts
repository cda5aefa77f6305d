import type { Row } from './client.js';
import type { Database } from './database.js';

/** The most priorities that there are; the statement looks at each of them, the largest first. */
export const PRIORITIES = 10;

/** What a claim answers for each delivery, the message with it. */
const handed = `d.pos::text, d.lane, d.attempts, m.topic, m.key, m.headers, m.body,
  (d.expires_at <= now()) IS TRUE AS expired`;

/**
 * Hands out what is due and has no lane: the more urgent first, then what has been due for longer. What
 * another member is just taking is passed over.
 */
const freeIn = (s: string): string => `
  WITH next AS (
    SELECT pos, row_number() OVER () AS place FROM (
      SELECT c.pos FROM generate_series(${PRIORITIES - 1}, 0, -1) AS p(priority) CROSS JOIN LATERAL (
        SELECT d.pos FROM ${s}.delivery d
        WHERE d.group_id = $1::bigint AND d.lane IS NULL AND d.priority = p.priority AND d.due <= now()
        ORDER BY d.due, d.pos LIMIT $2::int FOR UPDATE SKIP LOCKED
      ) c LIMIT $2::int
    ) ranked
  )
  UPDATE ${s}.delivery d
  SET due = now() + $3::float8 * interval '1 ms', lease = $4::uuid, attempts = d.attempts + 1
  FROM next JOIN ${s}.message m ON m.pos = next.pos
  WHERE d.pos = next.pos AND d.group_id = $1::bigint
  RETURNING next.place::int, ${handed}`;

/**
 * Looks at lanes in turn, from the one after `$2`, at most `$3` of them: a step from lane to lane, not
 * through their backlogs. What goes next in a lane is the delivery that somebody holds or held, else its
 * earliest.
 */
const lanesIn = (s: string): string => `
  WITH RECURSIVE walk AS (
    (SELECT d.lane, d.pos, d.due, 1 AS step FROM ${s}.delivery d
      WHERE d.group_id = $1::bigint AND d.lane IS NOT NULL AND d.lane > $2::text COLLATE "C"
      ORDER BY d.lane, d.pos LIMIT 1)
    UNION ALL
    SELECT n.lane, n.pos, n.due, w.step + 1 FROM walk w CROSS JOIN LATERAL (
      SELECT d.lane, d.pos, d.due FROM ${s}.delivery d
      WHERE d.group_id = $1::bigint AND d.lane IS NOT NULL AND d.lane > w.lane
      ORDER BY d.lane, d.pos LIMIT 1) n
    WHERE w.step < $3::int
  )
  SELECT w.lane, coalesce(h.pos, w.pos)::text AS pos, coalesce(h.due, w.due) <= now() AS due FROM walk w
  LEFT JOIN ${s}.delivery h ON h.group_id = $1::bigint AND h.lane = w.lane AND h.lease IS NOT NULL`;

/**
 * Hands out those that were found, as far as they are still what goes next. The unique index on what is held
 * lets only one of two members that come at the same time have a lane.
 */
const headsIn = (s: string): string => `
  WITH next AS (
    SELECT d.pos FROM ${s}.delivery d
    WHERE d.group_id = $1::bigint AND d.due <= now()
      AND d.pos = ANY (string_to_array($2::text, ',')::bigint[])
      AND (d.lease IS NOT NULL OR NOT EXISTS (SELECT 1 FROM ${s}.delivery e
        WHERE e.group_id = d.group_id AND e.lane = d.lane AND e.pos < d.pos))
      AND NOT EXISTS (SELECT 1 FROM ${s}.delivery h
        WHERE h.group_id = d.group_id AND h.lane = d.lane AND h.lease IS NOT NULL AND h.pos <> d.pos)
    FOR UPDATE OF d SKIP LOCKED
  )
  UPDATE ${s}.delivery d
  SET due = now() + $3::float8 * interval '1 ms', lease = $4::uuid, attempts = d.attempts + 1
  FROM next JOIN ${s}.message m ON m.pos = next.pos
  WHERE d.pos = next.pos AND d.group_id = $1::bigint
  RETURNING d.pos::int8 AS place, ${handed}`;

/** So many lanes are looked at in one statement, at the least and at the most. */
const FEWEST_LANES = 32;
const MOST_LANES = 1_000;

/** Who claims. */
export interface Claimant {
  readonly group: string;
  readonly member: string;
  readonly leaseMs: number;
}

const byPlace = (rows: readonly Row[]): readonly Row[] =>
  [...rows].sort((one, other) => Number(one['place']) - Number(other['place']));

/** Takes up to `count` deliveries that have no lane. */
export async function claimFree(db: Database, who: Claimant, count: number): Promise<readonly Row[]> {
  return byPlace(await db.run(freeIn(db.schema), [who.group, count, who.leaseMs, who.member]));
}

/** Takes one delivery each from lanes, and goes round them so that each has its turn. */
export class LaneClaims {
  readonly #db: Database;
  readonly #who: Claimant;
  #after = '';

  constructor(db: Database, who: Claimant) {
    this.#db = db;
    this.#who = who;
  }

  /** Up to `count` deliveries, each of another lane; fewer only when all lanes were looked at. */
  async take(count: number): Promise<readonly Row[]> {
    const taken: Row[] = [];
    const begin = this.#after;
    let wrapped = begin === '';
    while (taken.length < count) {
      const wanted = count - taken.length;
      const most = Math.min(Math.max(2 * wanted, FEWEST_LANES), MOST_LANES);
      const lanes = await this.#db.run(lanesIn(this.#db.schema), [this.#who.group, this.#after, most]);
      const due = lanes.filter(lane => lane['due'] === true).slice(0, wanted);
      if (due.length > 0) taken.push(...(await this.#heads(due)));
      const whole = due.length < wanted && lanes.length < most;
      if (whole && wrapped) {
        this.#after = '';
        return taken;
      }
      wrapped ||= whole;
      const last = due.length < wanted ? lanes.at(-1) : due.at(-1);
      this.#after = whole ? '' : (last!['lane'] as string);
      if (wrapped && !whole && begin !== '' && this.#after >= begin) return taken;
    }
    return taken;
  }

  async #heads(due: readonly Row[]): Promise<readonly Row[]> {
    const { group, member, leaseMs } = this.#who;
    const places = due.map(lane => lane['pos']).join(',');
    try {
      return byPlace(await this.#db.run(headsIn(this.#db.schema), [group, places, leaseMs, member]));
    } catch (error) {
      // Another member was first with one of these lanes, at the very same time.
      if ((error as { readonly code?: unknown }).code === '23505') return [];
      throw error;
    }
  }
}
