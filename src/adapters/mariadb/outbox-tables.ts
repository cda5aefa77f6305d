import { OUTBOX_BUCKETS } from '../../core/outbox-lease.js';
import type { MariadbComponent } from './component-tables.js';

/** Ids and keys have at most 255 characters, and at most six bytes for each as they are written. */
export const TEXT = 'varbinary(1536)';

/**
 * `outbox` is written by those who publish and emptied by relays. `outbox_key` has only the keys that gave
 * trouble, `outbox_bucket` who has which bucket, `outbox_relay` who lives. All times are UTC: those of a zone
 * come twice in a night of autumn.
 */
const tables = (d: string): readonly string[] => [
  // Numbers are given out one by one, so that the later of two transactions has the larger one.
  `CREATE TABLE IF NOT EXISTS ${d}.outbox (
    bucket tinyint unsigned NOT NULL,
    id bigint unsigned NOT NULL AUTO_INCREMENT,
    \`key\` ${TEXT} NOT NULL,
    ordered boolean NOT NULL,
    topic varchar(512) CHARACTER SET utf8mb4 NOT NULL,
    version int NOT NULL,
    message_id ${TEXT} NOT NULL,
    body longtext CHARACTER SET utf8mb4 NOT NULL,
    facts longtext CHARACTER SET utf8mb4 NOT NULL,
    created_at datetime(6) NOT NULL DEFAULT (UTC_TIMESTAMP(6)),
    PRIMARY KEY (bucket, id),
    UNIQUE KEY number (id)
  ) ENGINE = InnoDB`,
  `CREATE TABLE IF NOT EXISTS ${d}.outbox_key (
    \`key\` ${TEXT} NOT NULL PRIMARY KEY,
    bucket tinyint unsigned NOT NULL,
    id bigint unsigned NOT NULL,
    message_id ${TEXT} NOT NULL,
    topic varchar(512) CHARACTER SET utf8mb4 NOT NULL,
    tries int NOT NULL,
    crashes int NOT NULL,
    reason varchar(20) CHARACTER SET ascii NOT NULL,
    error text CHARACTER SET utf8mb4 NOT NULL,
    due_at datetime(6) NOT NULL,
    parked_at datetime(6) NULL
  ) ENGINE = InnoDB`,
  // \`changes\` grows with each write, so that a row that is written as it was counts as changed.
  `CREATE TABLE IF NOT EXISTS ${d}.outbox_bucket (
    bucket tinyint unsigned NOT NULL PRIMARY KEY,
    owner ${TEXT} NULL,
    epoch bigint unsigned NOT NULL DEFAULT 0,
    until datetime(6) NOT NULL DEFAULT (UTC_TIMESTAMP(6)),
    reach int NOT NULL DEFAULT 0,
    suspect_to bigint unsigned NULL,
    trying bigint unsigned NULL,
    changes bigint unsigned NOT NULL DEFAULT 0
  ) ENGINE = InnoDB`,
  `INSERT IGNORE INTO ${d}.outbox_bucket (bucket) VALUES ${Array.from(
    { length: OUTBOX_BUCKETS },
    (_, bucket) => `(${bucket})`,
  ).join(', ')}`,
  `CREATE TABLE IF NOT EXISTS ${d}.outbox_relay (
    relay ${TEXT} NOT NULL PRIMARY KEY,
    until datetime(6) NOT NULL
  ) ENGINE = InnoDB`,
];

export const outboxTables: MariadbComponent = { name: 'outbox', steps: [tables] };
