import { checkKeys, checkOneOf, refuse } from '../kernel/options.js';
import { type SqlDialect, type SqlToken, tokensOf } from './ownership-tokens.js';

/** A name in SQL that belongs to nobody who may be named. */
export interface ForeignName {
  /** As it is written, without quotes: `billing.invoice`. */
  readonly object: string;
  /** Where, from 1. */
  readonly line: number;
  /** The word before it: it is joined, referenced, or taken from. */
  readonly after: string;
}

/** A statement of a text of SQL. */
export interface LintedStatement {
  /** Its words, in capitals where they are no quoted names, with one blank between them. */
  readonly text: string;
  /** As it was written. */
  readonly sql: string;
  /** Where it begins, from 1. */
  readonly line: number;
}

/** What a text of SQL says by its names. */
export interface SqlLint {
  /** The tables of others that it names, in their order. */
  readonly foreign: readonly ForeignName[];
  /** Its statements. */
  readonly statements: readonly LintedStatement[];
}

/** After these comes the name of a table, of a view, or of what it is made on. */
const places = /* @__PURE__ */ new Set([
  'FROM',
  'JOIN',
  'INTO',
  'UPDATE',
  'REFERENCES',
  'TABLE',
  'USING',
  'ONLY',
  'ON',
  'COPY',
]);
const makers = /* @__PURE__ */ new Set([
  'VIEW',
  'SEQUENCE',
  'TRUNCATE',
  'EXISTS',
  'FUNCTION',
  'PROCEDURE',
  'LIKE',
  'INHERITS',
]);
/** What may stand between such a word and the name. */
const between = /* @__PURE__ */ new Set(['IF', 'NOT', 'EXISTS', 'ONLY', 'LATERAL', 'TABLE', '(']);

const MAX_STATEMENTS = 100_000;

/**
 * Reads SQL as a list of words, without a parser, and tells of each table `schema.table` whose schema is
 * none of `schemas`: in `FROM`, `JOIN`, `REFERENCES`, `INTO`, `UPDATE`, `ON`, and of views, routines and
 * partitions. Text in quotes and comments is passed over, the bodies of functions are read.
 *
 * @throws TypeError for what is no text, or no list of names.
 *
 * @example
 * ```ts
 * import { lintSql } from 'keelson/data';
 *
 * const { foreign } = lintSql('SELECT * FROM orders o JOIN billing.invoice i ON i.id = o.id', ['orders']);
 * foreign; // => [{ object: 'billing.invoice', line: 1, after: 'JOIN' }]
 * ```
 */
export function lintSql(sql: string, schemas: readonly string[], dialect: SqlDialect = 'postgres'): SqlLint {
  checkOneOf('lintSql', 'dialect', dialect, ['postgres', 'mariadb']);
  if (typeof sql !== 'string') refuse('lintSql', 'sql', 'a text', sql);
  if (!Array.isArray(schemas)) refuse('lintSql', 'schemas', 'an array of names', schemas);
  const tokens = tokensOf(sql, dialect);
  const own = new Set(['pg_catalog', 'information_schema', ...schemas]);
  return { foreign: foreignOf(tokens, own), statements: statementsOf(sql, tokens) };
}

function foreignOf(tokens: readonly SqlToken[], own: ReadonlySet<string>): ForeignName[] {
  const found: ForeignName[] = [];
  /** Names that a query gives to its tables: `o.id` after `ON` is a column. */
  let after = '';
  let depth = 0;
  let from = -1;
  tokens.forEach((token, at) => {
    if (token.text === '(') depth++;
    if (token.text === ')') depth--;
    const word = token.kind === 'word' ? token.text.toUpperCase() : '';
    if (word === 'FROM') from = depth;
    if (/^(?:WHERE|GROUP|ORDER|SET|VALUES|LIMIT|HAVING|SELECT|RETURNING)$/.test(word) || token.text === ';') {
      from = -1;
    }
    if (places.has(word) || makers.has(word)) after = word;
    else if (token.text === ',' && from === depth) after = 'FROM';
    else if (token.kind === 'name' || token.kind === 'word') {
      if (between.has(word)) return;
      const named = after === '' ? undefined : qualified(tokens, at);
      if (named !== undefined && !own.has(named.schema) && isTable(after, tokens, at)) {
        found.push({ object: `${named.schema}.${named.name}`, line: token.line, after });
      }
      after = '';
    } else if (!between.has(token.text)) after = '';
  });
  return found;
}

/** `ON` is followed by a table where something is made on it, and by columns where something is joined. */
function isTable(after: string, tokens: readonly SqlToken[], at: number): boolean {
  if (after !== 'ON' && after !== 'USING' && after !== 'UPDATE') return true;
  for (let back = at - 1; back >= 0 && tokens[back]!.text !== ';'; back--) {
    const word = tokens[back]!.text.toUpperCase();
    if (after !== 'ON' && back < at - 1) break;
    if (word === 'JOIN' || word === 'SELECT' || word === 'FROM') return false;
    if (/^(?:INDEX|TRIGGER|POLICY|RULE|GRANT|REVOKE|COMMENT)$/.test(word)) return true;
  }
  return after !== 'ON';
}

function qualified(
  tokens: readonly SqlToken[],
  at: number,
): { readonly schema: string; readonly name: string } | undefined {
  const [schema, dot, name] = tokens.slice(at, at + 3);
  if (dot?.text !== '.' || name === undefined || (name.kind !== 'word' && name.kind !== 'name'))
    return undefined;
  return { schema: plain(schema!), name: plain(name) };
}

/** Without quotes a name is in small letters. */
const plain = ({ kind, text }: SqlToken): string => (kind === 'word' ? text.toLowerCase() : text);

/** What ends with `END` and this word had no `BEGIN`. */
const inner = /* @__PURE__ */ new Set(['IF', 'LOOP', 'WHILE', 'REPEAT']);

function statementsOf(sql: string, tokens: readonly SqlToken[]): LintedStatement[] {
  const found: LintedStatement[] = [];
  let words: SqlToken[] = [];
  /** The body of a routine in SQL has statements of its own, up to its `END`. */
  let open = 0;
  const close = (end: number): void => {
    const [first] = words;
    if (first !== undefined && found.length < MAX_STATEMENTS) {
      const text = words
        .map(({ kind, text: said }) => (kind === 'word' ? said.toUpperCase() : said))
        .join(' ');
      found.push({ text, sql: sql.slice(first.start, end).trim(), line: first.line });
    }
    words = [];
  };
  const wordAt = (at: number): string => (tokens[at]?.kind === 'word' ? tokens[at].text.toUpperCase() : '');
  tokens.forEach((token, at) => {
    if (token.inside) return;
    const word = wordAt(at);
    const made = words[0]?.text.toUpperCase() === 'CREATE';
    if (made && (word === 'BEGIN' || word === 'CASE') && wordAt(at - 1) !== 'END') open++;
    if (made && word === 'END' && open > 0 && !inner.has(wordAt(at + 1))) open--;
    if (token.text === ';' && open === 0) close(token.start);
    else words.push(token);
  });
  close(sql.length);
  return found;
}

/** What `lintStatements` is given besides the statements. */
export interface StatementLintOptions {
  /** The schemas that may be named. */
  readonly schemas: readonly string[];
  /** Whose SQL it is. @default 'postgres' */
  readonly dialect?: SqlDialect;
}

/**
 * Lints the statements of a program, by their names: in CI, over those that a program sends or keeps in
 * files. Answers with one line for each name that belongs to somebody else.
 *
 * @throws TypeError for what is no record of texts.
 *
 * @example
 * ```ts
 * import { lintStatements } from 'keelson/data';
 *
 * const statements = { 'open orders': 'SELECT id FROM orders', 'with names': 'SELECT * FROM crm.person' };
 * lintStatements(statements, { schemas: ['orders'] }); // => ['with names:1 names crm.person after FROM']
 * ```
 */
export function lintStatements(
  statements: Readonly<Record<string, string>>,
  options: StatementLintOptions,
): readonly string[] {
  checkKeys('lintStatements', options, ['schemas', 'dialect']);
  return Object.entries(statements).flatMap(([name, sql]) =>
    lintSql(sql, options.schemas, options.dialect).foreign.map(
      ({ object, line, after }) => `${name}:${line} names ${object} after ${after}`,
    ),
  );
}
