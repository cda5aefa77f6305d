import { inspect } from 'node:util';
import { runInNewContext } from 'node:vm';
import type ts from 'typescript';
import { exportsOf } from '../program.js';
import type { Source, Tree } from '../tree.js';

/** An option as its interface declares it, with the text of its `@default` tag. */
interface Option {
  readonly name: string;
  readonly isOptional: boolean;
  readonly tag: string | undefined;
}

/** A primitive, whose class keeps what stands for options left out in a frozen `static readonly defaults`. */
interface Primitive {
  readonly name: string;
  readonly options: readonly Option[];
  readonly defaults: Readonly<Record<string, unknown>>;
}

/** Every exported class that has an interface of options under its name. */
export function primitivesOf(program: ts.Program, entry: string, values: object): Primitive[] {
  const checker = program.getTypeChecker();
  const types = exportsOf(program, entry);
  return Object.entries(values).flatMap(([name, value]) => {
    const symbol = types.get(`${name}Options`);
    if (typeof value !== 'function' || symbol === undefined) return [];
    const options = checker.getDeclaredTypeOfSymbol(symbol).getProperties().map(optionOf);
    const { defaults = Object.freeze({}) } = value as { defaults?: Record<string, unknown> };
    return [{ name, options, defaults }];
  });
}

function optionOf(symbol: ts.Symbol): Option {
  const tag = symbol.getJsDocTags().find(({ name }) => name === 'default');
  const text = tag?.text
    ?.map(part => part.text)
    .join('')
    .trim()
    .replace(/^`(.*)`$/, '$1');
  // `ts.SymbolFlags.Optional`, written out because this file needs the types of the compiler only.
  return { name: symbol.name, isOptional: (symbol.flags & 16_777_216) !== 0, tag: text };
}

/**
 * `defaults` is frozen, and what the `@default` tags of the options say is what it holds. The tag begins with
 * the literal; words may follow. The default of a part of an option stands under its path, `'openMs.factor'`.
 */
export function defaultTags({ name, options, defaults }: Primitive): string[] {
  const found: string[] = [];
  if (!Object.isFrozen(defaults)) found.push(`${name}.defaults can be changed: freeze it`);
  for (const { name: option, tag } of options) {
    if (option in defaults && !begins(tag, defaults[option])) {
      found.push(`${name}Options.${option} says @default ${tag}, but it is ${inspect(defaults[option])}`);
    }
    if (!(option in defaults) && isLiteral(tag)) found.push(`${name}.defaults should hold ${option}: ${tag}`);
  }
  for (const key of Object.keys(defaults)) {
    const [option] = key.split('.');
    if (!options.some(({ name }) => name === option)) found.push(`${name}.defaults.${key} is no option`);
  }
  return found;
}

/**
 * The table under `## Options` of `docs/patterns/<primitive>.md`: `| Option | Type | Default | Meaning |`, a
 * row for each option. The default is the literal in backticks (`30_000`); `required` where an option
 * must be given; else what the `@default` tag names, or `—` where nothing stands for an option left out.
 */
export function optionTable(page: Source, { name, options, defaults }: Primitive): string[] {
  const rows = rowsOf(page.text);
  const found: string[] = [];
  const parts = Object.keys(defaults).filter(key => key.includes('.'));
  const all = [...options, ...parts.map(path => ({ name: path, isOptional: true, tag: undefined }))];
  for (const option of all) {
    const cells = rows.filter(([first]) => first === `\`${option.name}\``);
    if (cells.length !== 1)
      found.push(`${page.path}: ${cells.length} rows for the option \`${option.name}\`, not 1`);
    for (const [, , cell = ''] of cells) {
      const wanted = expectedCell(option, defaults);
      const literal = /^`(.*)`$/.exec(cell)?.[1];
      if (option.name in defaults ? says(literal, defaults[option.name]) : cell === wanted) continue;
      found.push(`${page.path}: the default of \`${option.name}\` is ${wanted}, not ${cell}`);
    }
  }
  for (const [first] of rows) {
    if (!all.some(option => first === `\`${option.name}\``)) {
      found.push(`${page.path}: ${first} is no option of ${name}`);
    }
  }
  return found;
}

function expectedCell({ name, isOptional, tag }: Option, defaults: Primitive['defaults']): string {
  if (name in defaults) return `\`${inspect(defaults[name])}\``;
  if (!isOptional) return 'required';
  if (tag === undefined) return '—';
  return /^\w+$/.test(tag) || isLiteral(tag) ? `\`${tag}\`` : tag;
}

/** Whether a literal in words means the value: `30_000` is 30000. */
function says(literal: string | undefined, value: unknown): boolean {
  try {
    return literal !== undefined && inspect(runInNewContext(`(${literal})`)) === inspect(value);
  } catch {
    return false;
  }
}

const isLiteral = (text: string | undefined): boolean =>
  /^('.*'|-?[\d._]+|Infinity|true|false)$/.test(text ?? '');

/** Whether a text begins with a literal that means the value: `0.5, or what the peer says`. */
function begins(text: string | undefined, value: unknown): boolean {
  const ends = [...(text ?? '').matchAll(/[,\s]|$/g)].map(({ index }) => index);
  return ends.some(end => says(text?.slice(0, end), value));
}

function rowsOf(text: string): string[][] {
  const section = /^## Options\n([\s\S]*?)(?=^## |(?![\s\S]))/m.exec(text)?.[1] ?? '';
  const lines = section.split('\n').filter(line => line.startsWith('|'));
  // A `|` inside a cell is written `\|`, as in every table of Markdown.
  return lines.slice(2).map(line =>
    line
      .split(/(?<!\\)\|/)
      .slice(1, -1)
      .map(cell => cell.trim()),
  );
}

/** `docs/patterns/circuit-breaker.md` for `CircuitBreaker`. */
export const pageOf = ({ name }: Primitive): string =>
  `docs/patterns/${name.replace(/(?<!^)[A-Z]/g, '-$&').toLowerCase()}.md`;

export const sections = [
  'When',
  'Usage',
  'Options',
  'Events',
  'Errors',
  'States',
  'With other patterns',
  'Anti-patterns',
  'Limits',
];

/** Every page of `docs/patterns/` has the same chapters in the same order, so that a reader knows the way. */
export function pageTemplate(tree: Tree): string[] {
  return [...tree.values()].flatMap(({ path, text }) => {
    if (!/^docs\/patterns\/.*\.md$/.test(path)) return [];
    const headings = [...text.matchAll(/^## (.*)$/gm)].map(([, heading]) => heading!);
    return headings.join() === sections.join() ? [] : [`${path}: the chapters are ${sections.join(' · ')}`];
  });
}
