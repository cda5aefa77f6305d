import type { Component } from './migration.js';

/**
 * The tables of registries, and the functions that change them. Whoever changes a service holds its row, so
 * that changes of one service come one after the other and each has its revision; a function looks anew after
 * it has waited for the row, as a single statement would not. Heartbeats hold nothing but their own row.
 *
 * A service stays with its revision when its last instance has gone: who follows it goes on from there.
 */
const tables = (s: string): string => `
  CREATE TABLE ${s}.registry_epoch (epoch uuid NOT NULL DEFAULT gen_random_uuid());
  INSERT INTO ${s}.registry_epoch DEFAULT VALUES;
  CREATE TABLE ${s}.registry_service (
    name text COLLATE "C" PRIMARY KEY,
    revision bigint NOT NULL DEFAULT 0
  ) WITH (fillfactor = 80);
  CREATE TABLE ${s}.registry_instance (
    service text COLLATE "C" NOT NULL,
    id text COLLATE "C" NOT NULL,
    incarnation bigint NOT NULL,
    ends_at timestamptz NOT NULL,
    data text NOT NULL,
    PRIMARY KEY (service, id)
  ) WITH (fillfactor = 80, autovacuum_vacuum_scale_factor = 0.02, autovacuum_vacuum_threshold = 2000);
  CREATE INDEX registry_instance_ends ON ${s}.registry_instance (service, ends_at);
  -- Which incarnations are over, and for how long that is known.
  CREATE TABLE ${s}.registry_over (
    service text COLLATE "C" NOT NULL,
    id text COLLATE "C" NOT NULL,
    incarnation bigint NOT NULL,
    closed boolean NOT NULL,
    until timestamptz NOT NULL,
    PRIMARY KEY (service, id)
  );
  CREATE INDEX registry_over_until ON ${s}.registry_over (service, until);`;

/** Holds the row of a service, and ends what has ended. */
const hold = (s: string): string => `
  CREATE FUNCTION ${s}.registry_hold(svc text, keep_ms float8) RETURNS void LANGUAGE plpgsql AS $fn$
  BEGIN
    INSERT INTO ${s}.registry_service (name) VALUES (svc) ON CONFLICT (name) DO NOTHING;
    PERFORM FROM ${s}.registry_service WHERE name = svc FOR UPDATE;
    WITH gone AS (
      DELETE FROM ${s}.registry_instance WHERE service = svc AND ends_at <= clock_timestamp()
      RETURNING id, incarnation
    ), buried AS (
      INSERT INTO ${s}.registry_over (service, id, incarnation, closed, until)
      SELECT svc, id, incarnation, false, clock_timestamp() + keep_ms * interval '1 ms' FROM gone
      ON CONFLICT (service, id) DO NOTHING
    )
    UPDATE ${s}.registry_service SET revision = revision + 1
    WHERE name = svc AND EXISTS (SELECT FROM gone);
    DELETE FROM ${s}.registry_over WHERE service = svc AND until <= clock_timestamp();
  END $fn$;`;

const register = (s: string, make: string, hasNoRoom: string): string => `
  ${make} FUNCTION ${s}.registry_register(svc text, iid text, inc bigint, ttl_ms float8, value text,
    keep_ms float8, most int) RETURNS text LANGUAGE plpgsql AS $fn$
  DECLARE
    known bigint; there text; stone bigint; shut boolean;
    ends timestamptz;
  BEGIN
    PERFORM ${s}.registry_hold(svc, keep_ms);
    ends := clock_timestamp() + ttl_ms * interval '1 ms';
    SELECT incarnation, data INTO known, there FROM ${s}.registry_instance
      WHERE service = svc AND id = iid FOR UPDATE;
    IF known IS NULL THEN
      SELECT incarnation, closed INTO stone, shut FROM ${s}.registry_over WHERE service = svc AND id = iid;
      IF inc < stone OR (inc = stone AND shut) THEN RETURN 'stale ' || stone; END IF;
      IF ${hasNoRoom} THEN
        RETURN 'full';
      END IF;
      DELETE FROM ${s}.registry_over WHERE service = svc AND id = iid;
      INSERT INTO ${s}.registry_instance VALUES (svc, iid, inc, ends, value);
    ELSIF inc < known OR (inc = known AND value <> there) THEN
      RETURN 'stale ' || known;
    ELSE
      UPDATE ${s}.registry_instance SET incarnation = inc, ends_at = ends, data = value
        WHERE service = svc AND id = iid;
    END IF;
    IF known IS DISTINCT FROM inc THEN
      UPDATE ${s}.registry_service SET revision = revision + 1 WHERE name = svc;
    END IF;
    RETURN 'registered';
  END $fn$;`;

const renew = (s: string): string => `
  CREATE FUNCTION ${s}.registry_renew(svc text, iid text, inc bigint, ttl_ms float8) RETURNS text
    LANGUAGE plpgsql AS $fn$
  DECLARE
    known bigint;
  BEGIN
    UPDATE ${s}.registry_instance SET ends_at = clock_timestamp() + ttl_ms * interval '1 ms'
      WHERE service = svc AND id = iid AND incarnation = inc AND ends_at > clock_timestamp();
    IF FOUND THEN RETURN 'renewed'; END IF;
    SELECT incarnation INTO known FROM ${s}.registry_instance
      WHERE service = svc AND id = iid AND ends_at > clock_timestamp();
    IF known > inc OR EXISTS (SELECT FROM ${s}.registry_over o WHERE o.service = svc AND o.id = iid
      AND known IS NULL AND until > clock_timestamp()
      AND (inc < o.incarnation OR (inc = o.incarnation AND closed))) THEN RETURN 'stale'; END IF;
    RETURN 'unknown';
  END $fn$;`;

const deregister = (s: string): string => `
  CREATE FUNCTION ${s}.registry_deregister(svc text, iid text, inc bigint, keep_ms float8) RETURNS text
    LANGUAGE plpgsql AS $fn$
  DECLARE
    known bigint; meant bigint;
  BEGIN
    PERFORM ${s}.registry_hold(svc, keep_ms);
    SELECT incarnation INTO known FROM ${s}.registry_instance WHERE service = svc AND id = iid FOR UPDATE;
    meant := coalesce(inc, known);
    IF meant IS NULL THEN RETURN 'unknown'; END IF;
    IF known > meant THEN RETURN 'stale'; END IF;
    INSERT INTO ${s}.registry_over AS o (service, id, incarnation, closed, until)
      VALUES (svc, iid, meant, true, clock_timestamp() + keep_ms * interval '1 ms')
      ON CONFLICT (service, id) DO UPDATE
      SET incarnation = excluded.incarnation, closed = true, until = excluded.until
      WHERE o.incarnation <= excluded.incarnation;
    IF known IS NULL THEN RETURN 'unknown'; END IF;
    DELETE FROM ${s}.registry_instance WHERE service = svc AND id = iid;
    UPDATE ${s}.registry_service SET revision = revision + 1 WHERE name = svc;
    RETURN 'removed';
  END $fn$;`;

/** Who reads waits for nobody, unless a lease has ended and nobody has noticed. */
const read = (s: string): string => `
  CREATE FUNCTION ${s}.registry_read(svc text, known text, since bigint, keep_ms float8)
    RETURNS TABLE (epoch text, revision text, instances text) LANGUAGE plpgsql AS $fn$
  BEGIN
    IF EXISTS (SELECT FROM ${s}.registry_instance i
      WHERE i.service = svc AND i.ends_at <= clock_timestamp()) THEN
      PERFORM ${s}.registry_hold(svc, keep_ms);
    END IF;
    RETURN QUERY SELECT e.epoch::text, coalesce(r.revision, 0)::text,
      CASE WHEN e.epoch::text = known AND coalesce(r.revision, 0) = since THEN NULL ELSE (
        SELECT coalesce(json_agg(json_build_array(i.incarnation, i.data) ORDER BY i.id), '[]')::text
        FROM ${s}.registry_instance i WHERE i.service = svc AND i.ends_at > clock_timestamp()) END
    FROM ${s}.registry_epoch e LEFT JOIN ${s}.registry_service r ON r.name = svc;
  END $fn$;`;

const isFull = (s: string): string =>
  `(SELECT count(*) FROM (SELECT FROM ${s}.registry_instance LIMIT most) counted) >= most`;

const first = (s: string): string => register(s, 'CREATE', isFull(s));

/**
 * Leases that have ended are noticed by whoever asks of their service. Where nobody does, they hold no place
 * from another one: before it is full, their services are looked at, but for those that somebody else holds.
 */
const room = (s: string): string => `
  CREATE FUNCTION ${s}.registry_is_full(svc text, most int, keep_ms float8) RETURNS boolean
    LANGUAGE plpgsql AS $fn$
  DECLARE
    other text;
  BEGIN
    IF NOT ${isFull(s)} THEN RETURN false; END IF;
    FOR other IN SELECT name FROM ${s}.registry_service r WHERE name <> svc AND EXISTS (
      SELECT FROM ${s}.registry_instance i WHERE i.service = r.name AND i.ends_at <= clock_timestamp())
    LOOP
      PERFORM FROM ${s}.registry_service WHERE name = other FOR UPDATE SKIP LOCKED;
      IF FOUND THEN PERFORM ${s}.registry_hold(other, keep_ms); END IF;
    END LOOP;
    RETURN ${isFull(s)};
  END $fn$;
  ${register(s, 'CREATE OR REPLACE', `${s}.registry_is_full(svc, most, keep_ms)`)}`;

export const registryTables: Component = {
  name: 'registry',
  steps: [s => [tables, hold, first, renew, deregister, read].map(part => part(s)).join(''), room],
};
