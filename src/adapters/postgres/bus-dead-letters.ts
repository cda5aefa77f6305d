import type { DeadLetterShelf } from '../../messaging/driver.js';
import { recordOf } from './bus-delivery.js';
import type { Database } from './database.js';

/** The dead letters of a schema. */
export function deadLettersOf(db: Database): DeadLetterShelf {
  const table = `${db.schema}.dead_letter`;
  return {
    async list(topic, group, limit, after = '0') {
      const text = `SELECT pos::text, topic, key, headers, body FROM ${table}
        WHERE group_name = $1 AND topic = $2 AND pos > $3::bigint ORDER BY dead_letter.pos LIMIT $4::int`;
      const rows = await db.run(text, [group, topic, after, limit]);
      return rows.map(row => ({ position: row['pos'] as string, record: recordOf(row) }));
    },
    async count(topic, group) {
      const text = `SELECT count(*)::int AS count FROM ${table} WHERE group_name = $1 AND topic = $2`;
      const [row] = await db.run(text, [group, topic]);
      return Number(row?.['count']);
    },
    async discard(topic, group, position) {
      const text = `DELETE FROM ${table} WHERE pos = $1::bigint AND group_name = $2 AND topic = $3
        RETURNING 1`;
      return (await db.run(text, [position, group, topic])).length > 0;
    },
  };
}
