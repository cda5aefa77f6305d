import { refuse } from '../../kernel/options.js';

/** Quoted nowhere, cut by no server, and short enough for a channel to be named after it. */
const SCHEMA = /^[a-z_][a-z0-9_]{0,47}$/;

/** @throws TypeError when a schema of this name would have to be quoted or be cut. */
export function checkSchema(owner: string, schema: unknown): string {
  if (typeof schema === 'string' && SCHEMA.test(schema)) return schema;
  return refuse(owner, 'schema', 'a name of a-z 0-9 _ of at most 48 characters', schema);
}

/** A text as it stands in a statement that takes no parameters. */
export function literal(text: string | undefined): string {
  return text === undefined ? 'NULL' : `'${text.replaceAll("'", "''")}'`;
}

/** The number of the lock under which tables and groups of a schema are made. */
export const lockOf = (schema: string): string => `hashtextextended('keelson ${schema}', 0)`;

/** The channel on which members wake each other; it says nothing but that. */
export const channelOf = (schema: string): string => `keelson_${schema}`;

/**
 * A pattern as a regular expression of PostgreSQL; `undefined` for one that matches only itself. Topics are
 * of A-Z a-z 0-9 _ - and dots, so that nothing else needs an escape.
 */
export function regexOf(pattern: string): string | undefined {
  if (!/[*>]/.test(pattern)) return undefined;
  const tokens = pattern.split('.').map(token => (token === '*' ? '[^.]+' : token === '>' ? '.+' : token));
  return `^${tokens.join('\\.')}$`;
}

const LONE_SURROGATE = /[\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])[\udc00-\udfff]/;

/** What needs no second look: most ids and keys. */
const PLAIN = /^[\x20-\x21\x23-\x7e][\x20-\x7e]*$/;

/** Any text as a column of the server takes it, which refuses U+0000 and half characters. */
export function toColumn(text: string): string {
  if (PLAIN.test(text)) return text;
  return text.startsWith('"') || text.includes('\0') || LONE_SURROGATE.test(text)
    ? JSON.stringify(text)
    : text;
}

/** What `toColumn` was given. */
export function fromColumn(column: string): string {
  return column.startsWith('"') ? (JSON.parse(column) as string) : column;
}
