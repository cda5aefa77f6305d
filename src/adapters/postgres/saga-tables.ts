import type { Component } from './migration.js';

/** The status of sagas that are over, and of all others, as they stand in statements. */
export const OVER = `('completed', 'compensated')`;
export const OPEN = `('running', 'waiting', 'compensating', 'parked')`;

/**
 * The tables of sagas. All that a saga is stands in one row, so that a step is one write; that row is written
 * a few times and then rests, so it has room for its next versions beside it.
 *
 * What is due is found by definition, so that a backlog that nobody here can drive is not in the way, and
 * what is over is in none of the indexes that claims use.
 */
const sagas = (s: string): string => `
  CREATE TABLE ${s}.saga (
    id text COLLATE "C" PRIMARY KEY,
    definition text COLLATE "C" NOT NULL,
    version bigint NOT NULL,
    hash text COLLATE "C" NOT NULL,
    -- A long key stands here by its hash.
    key text COLLATE "C",
    long_key text,
    parent text,
    -- JSON as text: it comes back as it was, which neither json nor jsonb can promise.
    input text,
    state text NOT NULL,
    status text NOT NULL,
    cancellable boolean NOT NULL,
    cancel text,
    epoch int NOT NULL,
    revision int NOT NULL DEFAULT 0,
    signals int NOT NULL DEFAULT 0,
    -- How many events its history has.
    told int NOT NULL DEFAULT 0,
    owner text,
    -- When there is something to do, or the claim ends.
    wake_at timestamptz,
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now()
  ) WITH (fillfactor = 60, autovacuum_vacuum_scale_factor = 0.02, autovacuum_vacuum_threshold = 2000,
    autovacuum_vacuum_cost_delay = 0);
  CREATE UNIQUE INDEX saga_key ON ${s}.saga (definition, key) WHERE key IS NOT NULL;
  CREATE INDEX saga_due ON ${s}.saga (definition, version, hash, wake_at) WHERE wake_at IS NOT NULL;
  CREATE INDEX saga_open ON ${s}.saga (status, id) WHERE status IN ${OPEN};
  CREATE INDEX saga_over ON ${s}.saga (updated_at) WHERE status IN ${OVER};`;

const besides = (s: string): string => `
  CREATE TABLE ${s}.saga_event (
    saga text COLLATE "C" NOT NULL,
    seq int NOT NULL,
    at timestamptz NOT NULL,
    epoch int NOT NULL,
    event text NOT NULL,
    PRIMARY KEY (saga, seq)
  );
  CREATE TABLE ${s}.saga_signal (
    pos bigint GENERATED ALWAYS AS IDENTITY,
    -- With the key of a saga, which need not have begun; empty, with its id.
    definition text COLLATE "C" NOT NULL,
    key text COLLATE "C" NOT NULL,
    -- What tells it from others for the same saga.
    tag text COLLATE "C" NOT NULL,
    name text NOT NULL,
    payload text,
    -- What was used is kept until its saga is over, so that it never comes again.
    used boolean NOT NULL DEFAULT false,
    sent_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (definition, key, tag)
  ) WITH (autovacuum_vacuum_scale_factor = 0.02, autovacuum_vacuum_threshold = 2000);
  CREATE INDEX saga_signal_sent ON ${s}.saga_signal (sent_at);
  CREATE TABLE ${s}.saga_lock (
    lock text COLLATE "C" PRIMARY KEY,
    saga text COLLATE "C" NOT NULL,
    lease_ms float8 NOT NULL,
    taken_at timestamptz NOT NULL DEFAULT now()
  );
  CREATE INDEX saga_lock_saga ON ${s}.saga_lock (saga);`;

export const sagaTables: Component = { name: 'saga', steps: [s => `${sagas(s)}${besides(s)}`] };
