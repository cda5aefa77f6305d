import { TopologyError } from '../../kernel/bus-errors.js';
import type { SubscribeSpec } from '../../messaging/driver.js';
import { laneOf } from './bus-publish.js';
import type { Row } from './client.js';
import type { Database } from './database.js';
import { literal, lockOf, regexOf } from './names.js';

/** A group as its members know it. */
export interface Group {
  readonly id: string;
  /** Whether it still has to ask for messages of transactions that could not see it. */
  readonly awaiting: boolean;
}

/** So long a group of one subscriber outlives the last sign of life. */
const ALIVE_MS = 60_000;
/** So long a group asks for messages of transactions that are older than it. */
const AWAITING_S = 60;

/** How the group came by its messages so far: all that are visible are behind it, or none. */
const makeIn = (s: string, spec: SubscribeSpec, mark: string | undefined): string => `
  DO $keelson$ BEGIN
    PERFORM pg_advisory_xact_lock(${lockOf(s)});
    INSERT INTO ${s}.member_group (name, pattern, regex, ordering, told, alive_until)
    VALUES (${literal(spec.group)}, ${literal(spec.pattern)}, ${literal(regexOf(spec.pattern))},
      ${literal(mark ?? spec.order)}, ${spec.start === 'latest' ? 'pg_current_snapshot()' : 'NULL'},
      ${spec.group === undefined ? `now() + ${ALIVE_MS} * interval '1 ms'` : 'NULL'})
    ON CONFLICT (name, pattern) WHERE name IS NOT NULL DO NOTHING;
  END $keelson$`;

/**
 * Hands to a group what passed it by: messages whose publishers could not see it, and which it has not been
 * told of. What it has been told of is a snapshot, not a position: a transaction may commit an earlier
 * position later, and one that stays open holds up nothing.
 */
const catchUpIn = (s: string, id: string): string => `
  DO $keelson$ BEGIN
    PERFORM pg_advisory_xact_lock(${lockOf(s)});
    WITH g AS (
      SELECT * FROM ${s}.member_group WHERE id = ${id} AND awaiting
    ), passed AS (
      INSERT INTO ${s}.delivery (pos, group_id, lane, priority, due, expires_at)
      SELECT m.pos, g.id, ${laneOf('g.ordering', 'm.key')}, m.priority, m.due, m.expires_at
      FROM g JOIN ${s}.message m ON m.topic = g.pattern OR m.topic ~ g.regex
      WHERE m.seen_group < g.id AND m.solo IS NULL AND (m.expires_at IS NULL OR m.expires_at > now())
        AND (g.told IS NULL OR m.published_by >= pg_snapshot_xmin(g.told)::text::bigint
          AND NOT pg_visible_in_snapshot(m.published_by::text::xid8, g.told))
      ON CONFLICT DO NOTHING
    )
    UPDATE ${s}.member_group SET told = pg_current_snapshot(),
      awaiting = pg_snapshot_xmin(pg_current_snapshot()) <= made_by
        OR made_at > now() - interval '${AWAITING_S} s'
    WHERE id = ${id} AND awaiting;
  END $keelson$`;

async function find(db: Database, name: string, pattern: string): Promise<Row | undefined> {
  const text = `SELECT id::text, ordering, awaiting FROM ${db.schema}.member_group
    WHERE name = $1 AND pattern = $2`;
  const [row] = await db.run(text, [name, pattern]);
  return row;
}

/**
 * The group of a subscription, made where it may be.
 *
 * @throws TopologyError when it is not there and may not be made, or keeps another order.
 */
export async function enterGroup(db: Database, spec: SubscribeSpec, member: string): Promise<Group> {
  const { group, pattern, order, topology } = spec;
  if (group === undefined) return enterAlone(db, spec, member);
  let row = await find(db, group, pattern);
  if (row === undefined && topology === 'ensure') {
    await db.run(makeIn(db.schema, spec, undefined));
    row = await find(db, group, pattern);
    if (row !== undefined) await catchUp(db, row['id'] as string);
  }
  if (row === undefined) {
    throw new TopologyError(`postgres: there is no group ${group} of ${pattern} in the schema ${db.schema}`);
  }
  if (row['ordering'] !== order) {
    const has = `is kept in the order ${row['ordering']}, this subscription asks for ${order}`;
    throw new TopologyError(`postgres: the group ${group} of ${pattern} ${has}`);
  }
  return { id: row['id'] as string, awaiting: row['awaiting'] === true };
}

/** A group without a name is found by a mark of its only member, for as long as it takes. */
async function enterAlone(db: Database, spec: SubscribeSpec, member: string): Promise<Group> {
  const mark = `new ${member}`;
  await db.run(makeIn(db.schema, spec, mark));
  const text = `UPDATE ${db.schema}.member_group SET ordering = $1 WHERE ordering = $2 RETURNING id::text`;
  const [row] = await db.run(text, [spec.order, mark]);
  const id = row?.['id'] as string;
  await catchUp(db, id);
  return { id, awaiting: true };
}

/** Asks for messages that passed the group by; answers whether it has to ask again. */
export async function catchUp(db: Database, id: string): Promise<boolean> {
  await db.run(catchUpIn(db.schema, id));
  const text = `SELECT awaiting FROM ${db.schema}.member_group WHERE id = $1::bigint`;
  const [row] = await db.run(text, [id]);
  return row?.['awaiting'] === true;
}

/** Gives a sign of life; false where the group is gone. */
export async function keepGroup(db: Database, id: string, alone: boolean): Promise<boolean> {
  const alive = `UPDATE ${db.schema}.member_group SET alive_until = now() + ${ALIVE_MS} * interval '1 ms'`;
  const text = alone ? alive : `SELECT 1 FROM ${db.schema}.member_group`;
  const rows = await db.run(`${text} WHERE id = $1::bigint ${alone ? 'RETURNING 1' : ''}`, [id]);
  return rows.length > 0;
}

/** Ends the group of one subscriber. */
export async function leaveAlone(db: Database, id: string): Promise<void> {
  const text = `WITH gone AS (DELETE FROM ${db.schema}.member_group WHERE id = $1::bigint RETURNING id)
    DELETE FROM ${db.schema}.delivery d USING gone WHERE d.group_id = gone.id`;
  await db.run(text, [id]);
}
