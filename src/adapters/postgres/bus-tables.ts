import type { Component } from './migration.js';

/**
 * The tables of the bus. A message is stored once, and before each group that is to get it stands a delivery,
 * which goes when it is dealt with.
 *
 * `member_group.id` rises in the order of commits, for groups are made under a lock; `message.seen_group` is
 * the latest group that its publisher could see. So a group can tell which messages passed it by.
 */
const groupsAndMessages = (s: string): string => `
  CREATE TABLE ${s}.member_group (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    -- NULL for that of one subscriber alone, which ends with it.
    name text,
    pattern text NOT NULL,
    -- NULL for a pattern that matches only itself.
    regex text,
    ordering text NOT NULL,
    made_by xid8 NOT NULL DEFAULT pg_current_xact_id(),
    made_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    -- What the group has been told of the messages that passed it by; NULL for nothing.
    told pg_snapshot,
    -- Whether a transaction may still be open that could not see the group.
    awaiting boolean NOT NULL DEFAULT true,
    alive_until timestamptz
  );
  CREATE UNIQUE INDEX member_group_name ON ${s}.member_group (name, pattern) WHERE name IS NOT NULL;
  CREATE INDEX member_group_pattern ON ${s}.member_group (pattern);
  CREATE TABLE ${s}.message (
    pos bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    topic text NOT NULL,
    id text NOT NULL,
    key text,
    headers text NOT NULL,
    body bytea NOT NULL,
    -- The only group that is to get it.
    solo text,
    expires_at timestamptz,
    priority smallint NOT NULL DEFAULT 0,
    published_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    due timestamptz NOT NULL DEFAULT clock_timestamp(),
    -- The transaction, as a number: an index over a range of blocks knows no other type for it.
    published_by bigint NOT NULL DEFAULT pg_current_xact_id()::text::bigint,
    seen_group bigint NOT NULL
  );
  CREATE UNIQUE INDEX message_id ON ${s}.message (topic, id) WHERE solo IS NULL;
  CREATE INDEX message_published_by ON ${s}.message USING brin (published_by) WITH (autosummarize = on);`;

const deliveries = (s: string): string => `
  CREATE TABLE ${s}.delivery (
    pos bigint NOT NULL,
    group_id bigint NOT NULL,
    -- Those of one lane are handed out one after the other; NULL for no order.
    lane text COLLATE "C",
    priority smallint NOT NULL,
    -- When it may be handed out: the end of a delay, or of a lease.
    due timestamptz NOT NULL,
    expires_at timestamptz,
    attempts int NOT NULL DEFAULT 0,
    -- The member that it was handed to. With the attempt it tells one handing out from all others.
    lease uuid,
    PRIMARY KEY (pos, group_id)
  ) WITH (fillfactor = 80, autovacuum_vacuum_scale_factor = 0.02, autovacuum_vacuum_threshold = 2000,
    autovacuum_vacuum_cost_delay = 0);
  CREATE INDEX delivery_due ON ${s}.delivery (group_id, priority, due, pos) WHERE lane IS NULL;
  CREATE INDEX delivery_lane ON ${s}.delivery (group_id, lane, pos) WHERE lane IS NOT NULL;
  -- What makes it certain that no two members hold one lane.
  CREATE UNIQUE INDEX delivery_held ON ${s}.delivery (group_id, lane)
    WHERE lane IS NOT NULL AND lease IS NOT NULL;
  CREATE INDEX delivery_expires ON ${s}.delivery (expires_at) WHERE expires_at IS NOT NULL;
  CREATE TABLE ${s}.dead_letter (
    pos bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    group_name text NOT NULL,
    topic text NOT NULL,
    key text,
    headers text NOT NULL,
    body bytea NOT NULL,
    died_at timestamptz NOT NULL DEFAULT clock_timestamp()
  );
  CREATE INDEX dead_letter_group ON ${s}.dead_letter (group_name, topic, pos);
  CREATE INDEX dead_letter_died ON ${s}.dead_letter (died_at);
  CREATE TABLE ${s}.upkeep (
    only_row boolean PRIMARY KEY DEFAULT true CHECK (only_row),
    done_at timestamptz NOT NULL DEFAULT '-infinity',
    behind boolean NOT NULL DEFAULT false,
    -- Up to where old messages have been looked at.
    reached bigint NOT NULL DEFAULT 0
  );
  INSERT INTO ${s}.upkeep DEFAULT VALUES;`;

/** Whether a group has more before it than it may: publishers ask, and whoever cleans up answers. */
const crowds = (s: string): string => `
  ALTER TABLE ${s}.member_group ADD COLUMN crowded boolean NOT NULL DEFAULT false;`;

/** Topics and ids are told apart, and never sorted for a reader: by their bytes, which costs a fraction. */
const byBytes = (s: string): string => `
  ALTER TABLE ${s}.message ALTER COLUMN topic TYPE text COLLATE "C", ALTER COLUMN id TYPE text COLLATE "C";`;

export const busTables: Component = {
  name: 'bus',
  steps: [s => `${groupsAndMessages(s)}${deliveries(s)}`, crowds, byBytes],
};
