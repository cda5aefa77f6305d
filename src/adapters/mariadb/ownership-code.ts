import type { OwnershipFinding, OwnershipKind } from '../../data/ownership.js';
import { lintSql } from '../../data/ownership-lint.js';
import { type MariadbClient, rowsOf } from './client.js';
import type { MariadbPlace } from './provision-place.js';
import { accountOf } from './provision-statements.js';

/** What is kept in the server and runs by itself, or with the rights of who made it. */
interface Code {
  readonly kind: OwnershipKind;
  readonly what: string;
  readonly schema: string;
  readonly name: string;
  readonly text: string;
  readonly definer: string;
  /** Whether it runs with the rights of its definer. */
  readonly isDefiners: boolean;
}

const sources: readonly { readonly kind: OwnershipKind; readonly what: string; readonly text: string }[] = [
  {
    kind: 'cross-schema-view',
    what: 'VIEW',
    text: `SELECT TABLE_SCHEMA AS s, TABLE_NAME AS n, VIEW_DEFINITION AS t, DEFINER AS d,
      SECURITY_TYPE AS y FROM information_schema.VIEWS`,
  },
  {
    kind: 'cross-schema-routine',
    what: 'ROUTINE',
    text: `SELECT ROUTINE_SCHEMA AS s, ROUTINE_NAME AS n, ROUTINE_DEFINITION AS t, DEFINER AS d,
      SECURITY_TYPE AS y FROM information_schema.ROUTINES`,
  },
  {
    kind: 'cross-schema-trigger',
    what: 'TRIGGER',
    text: `SELECT TRIGGER_SCHEMA AS s, TRIGGER_NAME AS n, ACTION_STATEMENT AS t, DEFINER AS d,
      'DEFINER' AS y FROM information_schema.TRIGGERS`,
  },
  {
    kind: 'cross-schema-routine',
    what: 'EVENT',
    text: `SELECT EVENT_SCHEMA AS s, EVENT_NAME AS n, EVENT_DEFINITION AS t, DEFINER AS d,
      'DEFINER' AS y FROM information_schema.EVENTS`,
  },
];

async function allCode(client: MariadbClient): Promise<readonly Code[]> {
  const found: Code[] = [];
  for (const { kind, what, text } of sources) {
    for (const row of await rowsOf(client, text)) {
      found.push({
        ...{ kind, what, schema: String(row['s']), name: String(row['n']), text: String(row['t'] ?? '') },
        ...{ definer: String(row['d']), isDefiners: row['y'] === 'DEFINER' },
      });
    }
  }
  return found.filter(({ schema }) => schema !== 'sys' && schema !== 'mysql');
}

/** Code of ours that names tables of others, code of others that names ours, and whose rights it has. */
function findingsOf(code: Code, place: MariadbPlace): OwnershipFinding[] {
  const ours = [place.schema, place.own];
  const isOurs = ours.includes(code.schema);
  const object = `\`${code.schema}\`.\`${code.name}\``;
  const found: OwnershipFinding[] = [];
  const { foreign } = lintSql(code.text, [code.schema, 'sys', 'mysql', 'performance_schema'], 'mariadb');
  const crossing = foreign.filter(one => isOurs !== ours.includes(one.object.split('.')[0]!));
  if (crossing.length > 0) {
    const says = `it names ${[...new Set(crossing.map(one => one.object))].join(', ')}`;
    const mend = `DROP ${code.what} ${object}, and keep a copy that events feed`;
    found.push({ kind: code.kind, object, role: code.definer, says, mend });
  }
  const accounts = Object.values(place.users).map(user => accountOf(user, place).replaceAll("'", ''));
  if (isOurs && code.isDefiners && !accounts.includes(code.definer)) {
    const says = `it runs with the rights of ${code.definer}, who is not of the service`;
    const mend = `make it again as ${accounts[0]}, or with SQL SECURITY INVOKER`;
    found.push({ kind: 'security-definer', object, role: code.definer, says, mend });
  }
  if (!isOurs && code.isDefiners && accounts.includes(code.definer)) {
    const says = `it runs with the rights of ${code.definer}, outside of the databases of the service`;
    found.push({
      kind: 'security-definer',
      object,
      role: code.definer,
      says,
      mend: `DROP ${code.what} ${object}`,
    });
  }
  return found;
}

export async function inspectCode(client: MariadbClient, place: MariadbPlace): Promise<OwnershipFinding[]> {
  const code = await allCode(client);
  const found = code.flatMap(one => findingsOf(one, place));
  const keys = await rowsOf(
    client,
    `SELECT CONSTRAINT_SCHEMA AS s, TABLE_NAME AS t, CONSTRAINT_NAME AS c, UNIQUE_CONSTRAINT_SCHEMA AS r,
      REFERENCED_TABLE_NAME AS o FROM information_schema.REFERENTIAL_CONSTRAINTS
    WHERE CONSTRAINT_SCHEMA <> UNIQUE_CONSTRAINT_SCHEMA AND (CONSTRAINT_SCHEMA IN (?, ?)
      OR UNIQUE_CONSTRAINT_SCHEMA IN (?, ?))`,
    [place.schema, place.own, place.schema, place.own],
  );
  for (const { s, t, c, r, o } of keys) {
    const object = `\`${s}\`.\`${t}\``;
    const mend = `ALTER TABLE ${object} DROP FOREIGN KEY \`${c}\``;
    const says = `its rows hang on those of \`${r}\`.\`${o}\``;
    found.push({ kind: 'cross-schema-foreign-key', object, role: '', says, mend });
  }
  const remotes = await rowsOf(
    client,
    `SELECT TABLE_SCHEMA AS s, TABLE_NAME AS t, ENGINE AS e FROM information_schema.TABLES
    WHERE TABLE_SCHEMA IN (?, ?) AND ENGINE IN ('FEDERATED', 'CONNECT', 'SPIDER', 'MRG_MyISAM')`,
    [place.schema, place.own],
  );
  for (const { s, t, e } of remotes) {
    const object = `\`${s}\`.\`${t}\``;
    const says = `its rows are elsewhere, by the engine ${e}`;
    found.push({ kind: 'foreign-table', object, role: '', says, mend: `DROP TABLE ${object}` });
  }
  return found;
}
