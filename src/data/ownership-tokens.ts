/** A word, a name in quotes, a text, or a sign of SQL. */
export interface SqlToken {
  readonly kind: 'word' | 'name' | 'text' | 'sign';
  /** A name without its quotes; a text as it is written. */
  readonly text: string;
  /** Where it begins, from 1. */
  readonly line: number;
  /** Where it begins and ends, in signs from 0. */
  readonly start: number;
  readonly end: number;
  /** Whether it stands in the body of a function, between dollars. */
  readonly inside: boolean;
}

/** Whose SQL it is: they differ in quotes and comments. */
export type SqlDialect = 'postgres' | 'mariadb';

const names = [
  /`(?:[^`]|``)*`/,
  /\$(?:[A-Za-z_]\w*)?\$/,
  /[A-Za-z_\u0080-\uffff][\w$\u0080-\uffff]*/,
  /\d[\w.]*/,
  /[\s\S]/,
];
const begins = [/\s+/, /--[^\n]*/, /\/\*(?:(?!\*\/)[\s\S])*(?:\*\/|$)/];
const texts: Readonly<Record<SqlDialect, readonly RegExp[]>> = {
  postgres: [/[eE]'(?:[^'\\]|\\[\s\S]|'')*'/, /'(?:[^']|'')*'/, /"(?:[^"]|"")*"/],
  mariadb: [/#[^\n]*/, /'(?:[^'\\]|\\[\s\S]|'')*'/, /"(?:[^"\\]|\\[\s\S]|"")*"/],
};

/** SQL as its words, without comments and blanks. */
export function tokensOf(sql: string, dialect: SqlDialect): SqlToken[] {
  const found: SqlToken[] = [];
  // One token each; the order decides. A body between dollars is opened and read like the rest.
  const shapes = [...begins, ...texts[dialect], ...names].map(({ source }) => source);
  const next = new RegExp(shapes.join('|'), 'gy');
  let line = 1;
  /** The dollars that opened the body that is being read. */
  let body = '';
  for (const { 0: text, index } of sql.matchAll(next)) {
    const at = line;
    for (const sign of text) if (sign === '\n') line++;
    if (/^(?:\s|--|\/\*)/.test(text) || (dialect === 'mariadb' && text.startsWith('#'))) continue;
    const place = { line: at, start: index, end: index + text.length };
    if (dialect === 'postgres' && /^\$\w*\$$/.test(text)) {
      if (body === '') body = text;
      else if (body === text) body = '';
      continue;
    }
    found.push({ ...read(text, dialect), ...place, inside: body !== '' });
  }
  return found;
}

function read(text: string, dialect: SqlDialect): Pick<SqlToken, 'kind' | 'text'> {
  const first = text[0]!;
  if (text.length > 1 && (first === '`' || (first === '"' && dialect === 'postgres'))) {
    return { kind: 'name', text: text.slice(1, -1).replaceAll(first + first, first) };
  }
  if (text.length > 1 && /^(?:['"]|[eE]')/.test(text)) return { kind: 'text', text };
  return /^[A-Za-z_\u0080-\uffff]/.test(text) ? { kind: 'word', text } : { kind: 'sign', text };
}
