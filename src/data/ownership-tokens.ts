/** A word, a name in quotes, a text, or a sign of SQL. */
export interface SqlToken {
  readonly kind: 'word' | 'name' | 'text' | 'sign';
  /** A name without its quotes; a text as it is written. */
  readonly text: string;
  /** Where it begins, from 1. */
  readonly line: number;
  /** Whether it stands in the body of a function, between dollars. */
  readonly inside: boolean;
}

const shapes = [
  /\s+/,
  /--[^\n]*/,
  /\/\*(?:(?!\*\/)[\s\S])*(?:\*\/|$)/,
  /[eE]'(?:[^'\\]|\\[\s\S]|'')*'/,
  /'(?:[^']|'')*'/,
  /"(?:[^"]|"")*"/,
  /`(?:[^`]|``)*`/,
  /\$(?:[A-Za-z_]\w*)?\$/,
  /[A-Za-z_\u0080-\uffff][\w$\u0080-\uffff]*/,
  /\d[\w.]*/,
  /[\s\S]/,
].map(({ source }) => source);

/** SQL as its words, without comments and blanks. */
export function tokensOf(sql: string): SqlToken[] {
  const found: SqlToken[] = [];
  // One token each; the order decides. A body between dollars is opened and read like the rest.
  const next = new RegExp(shapes.join('|'), 'gy');
  let line = 1;
  /** The dollars that opened the body that is being read. */
  let body = '';
  for (const [text] of sql.matchAll(next)) {
    const at = line;
    for (const sign of text) if (sign === '\n') line++;
    if (/^(?:\s|--|\/\*)/.test(text)) continue;
    if (/^\$\w*\$$/.test(text)) {
      if (body === '') body = text;
      else if (body === text) body = '';
      continue;
    }
    const { kind, said } = read(text);
    found.push({ kind, text: said, line: at, inside: body !== '' });
  }
  return found;
}

function read(text: string): { readonly kind: SqlToken['kind']; readonly said: string } {
  const first = text[0]!;
  if (text.length > 1 && (first === '"' || first === '`')) {
    return { kind: 'name', said: text.slice(1, -1).replaceAll(first + first, first) };
  }
  if (text.length > 1 && (first === "'" || /^[eE]'/.test(text))) return { kind: 'text', said: text };
  return /^[A-Za-z_\u0080-\uffff]/.test(text) ? { kind: 'word', said: text } : { kind: 'sign', said: text };
}
