import type { Component } from './migration.js';

/**
 * The tables of process managers. A process is one row, whose version decides who of two may change it; what
 * it has seen, is to publish and waits for is written with it, in one statement.
 */
const tables = (s: string): string => `
  CREATE TABLE ${s}.process (
    kind text COLLATE "C" NOT NULL,
    key text COLLATE "C" NOT NULL,
    version bigint NOT NULL,
    state text NOT NULL,
    -- The timeouts that run, each with the version in which it was started.
    timeouts text NOT NULL,
    correlation text NOT NULL,
    late bigint NOT NULL DEFAULT 0,
    started_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    -- From then on it is a tombstone.
    ended_at timestamptz,
    PRIMARY KEY (kind, key)
  ) WITH (fillfactor = 80);
  CREATE INDEX process_ended ON ${s}.process (kind, ended_at) WHERE ended_at IS NOT NULL;
  CREATE TABLE ${s}.process_inbox (
    kind text COLLATE "C" NOT NULL,
    message text COLLATE "C" NOT NULL,
    seen_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    PRIMARY KEY (kind, message)
  );
  CREATE INDEX process_inbox_seen ON ${s}.process_inbox (kind, seen_at);
  CREATE TABLE ${s}.process_outbox (
    pos bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    kind text COLLATE "C" NOT NULL,
    key text COLLATE "C" NOT NULL,
    id text NOT NULL,
    body text NOT NULL,
    -- When it may be handed out: now, or at the end of a wait or a lease. Of a process only the first counts.
    due timestamptz NOT NULL DEFAULT clock_timestamp(),
    lease uuid,
    attempts int NOT NULL DEFAULT 0
  ) WITH (fillfactor = 80, autovacuum_vacuum_scale_factor = 0.02, autovacuum_vacuum_threshold = 2000,
    autovacuum_vacuum_cost_delay = 0);
  CREATE INDEX process_outbox_key ON ${s}.process_outbox (kind, key, pos);
  CREATE INDEX process_outbox_due ON ${s}.process_outbox (kind, due);
  CREATE TABLE ${s}.process_timeout (
    kind text COLLATE "C" NOT NULL,
    key text COLLATE "C" NOT NULL,
    name text COLLATE "C" NOT NULL,
    generation bigint NOT NULL,
    -- When its time comes, or the lease of who has taken it ends.
    due timestamptz NOT NULL,
    PRIMARY KEY (kind, key, name)
  );
  CREATE INDEX process_timeout_due ON ${s}.process_timeout (kind, due);`;

/**
 * What is known of a command that could not be published. One that is parked is never due, also for programs
 * that know nothing of this step.
 */
const parking = (s: string): string => `
  ALTER TABLE ${s}.process_outbox
    -- How often it was refused.
    ADD COLUMN tries int NOT NULL DEFAULT 0,
    -- How often whoever had it was not heard of again.
    ADD COLUMN crashes int NOT NULL DEFAULT 0,
    -- Whether it was handed out together with what may have ended a program: from then on it goes alone.
    ADD COLUMN suspect boolean NOT NULL DEFAULT false,
    ADD COLUMN failing_since timestamptz,
    ADD COLUMN error text,
    ADD COLUMN parked_at timestamptz;
  CREATE UNIQUE INDEX process_outbox_parked ON ${s}.process_outbox (kind, key) WHERE parked_at IS NOT NULL;
  CREATE TABLE ${s}.process_discarded (
    pos bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    kind text COLLATE "C" NOT NULL,
    key text COLLATE "C" NOT NULL,
    id text NOT NULL,
    body text NOT NULL,
    tries int NOT NULL,
    crashes int NOT NULL,
    failing_since timestamptz NOT NULL,
    error text NOT NULL,
    parked_at timestamptz NOT NULL,
    reason text NOT NULL,
    discarded_at timestamptz NOT NULL DEFAULT clock_timestamp()
  );
  CREATE INDEX process_discarded_at ON ${s}.process_discarded (kind, discarded_at);`;

export const processTables: Component = { name: 'process', steps: [tables, parking] };
