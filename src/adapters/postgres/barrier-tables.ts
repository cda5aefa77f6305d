import type { Component } from './migration.js';

/** One row for each step of a saga: whoever holds it decides. */
const steps = (s: string): string => `
  CREATE TABLE ${s}.barrier (
    saga text COLLATE "C" NOT NULL,
    step text COLLATE "C" NOT NULL,
    epoch bigint NOT NULL DEFAULT 0,
    forward text NOT NULL DEFAULT 'none',
    compensate text NOT NULL DEFAULT 'none',
    forward_result text,
    compensate_result text,
    touched_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    PRIMARY KEY (saga, step)
  ) WITH (fillfactor = 80);
  CREATE INDEX barrier_touched ON ${s}.barrier (touched_at);`;

export const barrierTables: Component = { name: 'barrier', steps: [steps] };
