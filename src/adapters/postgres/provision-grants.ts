import { barrierTables } from './barrier-tables.js';
import { localCopyTables } from './local-copy-tables.js';
import type { Component } from './migration.js';
import { outboxTables } from './outbox-tables.js';
import { processTables } from './process-tables.js';
import type { Place, PostgresServiceStore } from './provision-place.js';
import { sagaTables } from './saga-tables.js';

/** Who may do what to a table of this package. */
export interface OwnTable {
  readonly table: string;
  readonly app: readonly string[];
  readonly relay: readonly string[];
}

const rows = ['SELECT', 'INSERT', 'UPDATE', 'DELETE'] as const;
const look = ['SELECT'] as const;

/** The app writes into the outbox and takes nothing out of it; the relay sees nothing else. */
function ownTables(store: PostgresServiceStore): readonly OwnTable[] {
  const forApp = (names: readonly string[]) => names.map(table => ({ table, app: rows, relay: [] }));
  switch (store) {
    case 'outbox': {
      const besides = ['outbox_key', 'outbox_bucket', 'outbox_relay'];
      const forRelay = besides.map(table => ({ table, app: [], relay: rows }));
      return [{ table: 'outbox', app: ['INSERT'], relay: rows }, ...forRelay];
    }
    case 'inbox':
      return forApp(['barrier']);
    case 'copies':
      return forApp(['copy', 'copy_row', 'copy_source']);
    case 'sagas':
      return forApp(['saga', 'saga_event', 'saga_signal', 'saga_lock']);
    case 'processes':
      return forApp(['process', 'process_inbox', 'process_outbox', 'process_timeout', 'process_discarded']);
  }
}

/** Which migrations were applied. */
const ledger = (s: string): string => `
  CREATE TABLE ${s}.migration (
    place int PRIMARY KEY,
    id text COLLATE "C" NOT NULL UNIQUE,
    checksum text NOT NULL,
    applied_at timestamptz NOT NULL DEFAULT clock_timestamp()
  );`;

export const ledgerTables: Component = { name: 'migration', steps: [ledger] };

const components: Readonly<Record<PostgresServiceStore, Component>> = {
  outbox: outboxTables,
  inbox: barrierTables,
  copies: localCopyTables,
  sagas: sagaTables,
  processes: processTables,
};

/** All of this package that has tables in the place. */
export const componentsOf = ({ stores }: Place): readonly Component[] => [
  ledgerTables,
  ...stores.map(store => components[store]),
];

/** The same, with who may do what. */
export const ownTablesOf = ({ stores }: Place): readonly OwnTable[] => [
  { table: 'component', app: look, relay: look },
  { table: 'migration', app: look, relay: [] },
  ...stores.flatMap(ownTables),
];

/**
 * What hangs on objects that may not be there yet: views for those who read, and the tables of this package.
 * To be run by the owner, or by who may do all.
 */
export function objectGrants(place: Place): readonly string[] {
  const { schema, own, roles } = place;
  const views = `DO $keelson$ DECLARE view regclass; BEGIN
  FOR view IN SELECT oid FROM pg_catalog.pg_class WHERE relkind IN ('v', 'm')
      AND relnamespace = '${schema}'::regnamespace AND relowner = '${roles.owner}'::regrole LOOP
    EXECUTE format('GRANT SELECT ON %s TO ${roles.read}', view);
  END LOOP;
END $keelson$`;
  const tables = ownTablesOf(place).map(({ table, app, relay }) => {
    const name = `${own}.${table}`;
    const grants = Object.entries({ [roles.app]: app, [roles.relay]: relay }).map(([role, rights]) => {
      const grant = rights.length === 0 ? '' : ` GRANT ${rights.join(', ')} ON ${name} TO ${role};`;
      return `REVOKE ALL ON ${name} FROM ${role};${grant}`;
    });
    return `DO $keelson$ BEGIN
  IF to_regclass('${name}') IS NOT NULL THEN
    REVOKE ALL ON ${name} FROM PUBLIC, ${roles.read}, ${roles.migrator};
    ${grants.join('\n    ')}
  END IF;
END $keelson$`;
  });
  return [views, ...tables];
}
