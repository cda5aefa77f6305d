import { OUTBOX_BUCKETS } from '../../core/outbox-lease.js';
import type { Component } from './migration.js';

/**
 * `outbox` is written by those who publish and emptied by relays. `outbox_key` has only the keys that gave
 * trouble, `outbox_bucket` who has which bucket, `outbox_relay` who lives.
 */
const tables = (s: string): string => `
  CREATE TABLE ${s}.outbox (
    bucket int NOT NULL,
    -- Numbers are given out one by one, so that the later of two transactions has the larger one.
    id bigint GENERATED ALWAYS AS IDENTITY (CACHE 1),
    key text COLLATE "C" NOT NULL,
    ordered boolean NOT NULL,
    topic text NOT NULL,
    version int NOT NULL,
    message_id text NOT NULL,
    body text NOT NULL,
    facts text NOT NULL,
    created_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    PRIMARY KEY (bucket, id)
  ) WITH (autovacuum_vacuum_scale_factor = 0.02, autovacuum_vacuum_threshold = 2000,
    autovacuum_vacuum_cost_delay = 0);
  CREATE TABLE ${s}.outbox_key (
    key text COLLATE "C" PRIMARY KEY,
    bucket int NOT NULL,
    -- The message that gave it.
    id bigint NOT NULL,
    message_id text NOT NULL,
    topic text NOT NULL,
    tries int NOT NULL,
    crashes int NOT NULL,
    reason text NOT NULL,
    error text NOT NULL,
    due_at timestamptz NOT NULL,
    parked_at timestamptz
  );
  CREATE TABLE ${s}.outbox_bucket (
    bucket int PRIMARY KEY,
    owner text,
    epoch bigint NOT NULL DEFAULT 0,
    until timestamptz NOT NULL DEFAULT now(),
    reach int NOT NULL DEFAULT 0,
    suspect_to bigint,
    trying bigint
  ) WITH (fillfactor = 50);
  INSERT INTO ${s}.outbox_bucket (bucket) SELECT generate_series(0, ${OUTBOX_BUCKETS - 1});
  CREATE TABLE ${s}.outbox_relay (
    relay text COLLATE "C" PRIMARY KEY,
    until timestamptz NOT NULL
  ) WITH (fillfactor = 50);`;

export const outboxTables: Component = { name: 'outbox', steps: [tables] };
