import ts from 'typescript';
import { exportsOf } from '../program.js';
import type { Source } from '../tree.js';

const begin = (name: string): string => `<!-- type: ${name} -->`;
const end = '<!-- /type -->';
const BLOCK = /^<!-- type: (\w+) -->$[\s\S]*?^<!-- \/type -->$/gm;

const cell = (text: string): string => text.replaceAll(/\s+/g, ' ').replaceAll('|', '\\|').trim();

/** A type as its declaration writes it, on one line. */
const typeText = (node: ts.TypeNode | undefined): string =>
  cell((node?.getText() ?? 'unknown').replaceAll(/\breadonly /g, '').replace(/^\|\s*/, ''));

/** What a doc comment says, as Markdown: a link of it is a name. */
const wordsOf = (parts: readonly ts.SymbolDisplayPart[] | undefined): string =>
  cell((parts ?? []).map(({ text }) => text).join('')).replaceAll(/\{@link (\w+)\}/g, '`$1`');

function defaultOf(option: ts.Symbol): string {
  if ((option.flags & ts.SymbolFlags.Optional) === 0) return 'required';
  const tag = option.getJsDocTags().find(({ name }) => name === 'default');
  const text = wordsOf(tag?.text);
  if (text === '') return '—';
  return /^('.*'|-?[\d._]+|[{[].*[}\]]|true|false)$/.test(text) ? `\`${text}\`` : text;
}

function fieldType(field: ts.Symbol): string {
  // One that comes from an `Omit` has no declaration of value.
  const declaration = field.declarations?.[0];
  return declaration !== undefined && ts.isMethodSignature(declaration)
    ? cell(declaration.getText().replace(/^\w+\??/, '')).replace(/;$/, '')
    : typeText((declaration as ts.PropertySignature).type);
}

/** The fields of an interface as a table; of an alias what it stands for. */
function tableOf(checker: ts.TypeChecker, symbol: ts.Symbol): string {
  const alias = symbol.declarations?.find(ts.isTypeAliasDeclaration);
  if (alias !== undefined) {
    const text = alias.type.getText().replaceAll(/\breadonly /g, '');
    const line = text.replaceAll(/\s*\n\s*\|/g, ' |').replace(/^\|\s*/, '');
    return `\`\`\`text\n${symbol.name} = ${line}\n\`\`\``;
  }
  const fields = checker.getDeclaredTypeOfSymbol(symbol).getProperties();
  // Of what has all its fields there is nothing to leave out: it is given, not taken.
  const isGiven = fields.every(field => (field.flags & ts.SymbolFlags.Optional) === 0);
  const rows = fields.map(field => {
    const meaning = wordsOf(field.getDocumentationComment(checker));
    const begin = `| \`${field.name}\` | \`${fieldType(field)}\` |`;
    return isGiven ? `${begin} ${meaning} |` : `${begin} ${defaultOf(field)} | ${meaning} |`;
  });
  const head = isGiven
    ? ['| Field | Type | Meaning |', '| --- | --- | --- |']
    : ['| Option | Type | Default | Meaning |', '| --- | --- | --- | --- |'];
  return [...head, ...rows].join('\n');
}

/** The names of the types of which a page has tables. */
export const namesIn = ({ text }: Pick<Source, 'text'>): string[] =>
  [...text.matchAll(BLOCK)].map(([, name]) => name!);

/** The page with each table as the type of that name says, which one of `entries` has to export. */
export function withTypes(program: ts.Program, entries: readonly string[], page: string): string {
  const types = new Map(entries.flatMap(entry => [...exportsOf(program, entry)]));
  return page.replaceAll(BLOCK, (_, name: string) => {
    const symbol = types.get(name);
    if (symbol === undefined) throw new Error(`${entries.join(', ')}: none exports a type ${name}`);
    return `${begin(name)}\n\n${tableOf(program.getTypeChecker(), symbol)}\n\n${end}`;
  });
}
