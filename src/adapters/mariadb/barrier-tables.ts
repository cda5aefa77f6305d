import type { MariadbComponent } from './component-tables.js';
import { TEXT } from './outbox-tables.js';

/** One row for each step of a saga, or message of an inbox: whoever holds it decides. */
const steps = (d: string): readonly string[] => [
  `CREATE TABLE IF NOT EXISTS ${d}.barrier (
    saga ${TEXT} NOT NULL,
    step ${TEXT} NOT NULL,
    epoch bigint NOT NULL DEFAULT 0,
    forward varchar(10) CHARACTER SET ascii NOT NULL DEFAULT 'none',
    compensate varchar(10) CHARACTER SET ascii NOT NULL DEFAULT 'none',
    forward_result longtext CHARACTER SET utf8mb4 NULL,
    compensate_result longtext CHARACTER SET utf8mb4 NULL,
    touched_at datetime(6) NOT NULL DEFAULT (UTC_TIMESTAMP(6)),
    PRIMARY KEY (saga, step),
    KEY touched (touched_at)
  ) ENGINE = InnoDB`,
];

export const barrierTables: MariadbComponent = { name: 'barrier', steps: [steps] };
