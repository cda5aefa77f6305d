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

/** A primitive whose class keeps its defaults in a frozen `static readonly defaults`. */
interface Primitive {
  readonly name: string;
  readonly options: readonly Option[];
  readonly defaults: Readonly<Record<string, unknown>>;
}

/** Every exported class that has both a static `defaults` and, under its name, an interface of options. */
export function primitivesOf(program: ts.Program, entry: string, values: object): Primitive[] {
  const checker = program.getTypeChecker();
  const types = exportsOf(program, entry);
  return Object.entries(values).flatMap(([name, value]) => {
    const symbol = types.get(`${name}Options`);
    if (typeof value !== 'function' || !('defaults' in value) || symbol === undefined) return [];
    const options = checker.getDeclaredTypeOfSymbol(symbol).getProperties().map(optionOf);
    return [{ name, options, defaults: value.defaults as Record<string, unknown> }];
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

/** `defaults` is frozen, and what the `@default` tags of the options say is what it holds. */
export function defaultTags({ name, options, defaults }: Primitive): string[] {
  const found: string[] = [];
  if (!Object.isFrozen(defaults)) found.push(`${name}.defaults can be changed: freeze it`);
  for (const { name: option, tag } of options) {
    if (option in defaults && !says(tag, defaults[option])) {
      found.push(`${name}Options.${option} says @default ${tag}, but it is ${inspect(defaults[option])}`);
    }
  }
  for (const key of Object.keys(defaults)) {
    if (!options.some(option => option.name === key)) found.push(`${name}.defaults.${key} is no option`);
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
  for (const option of options) {
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
    if (!options.some(option => first === `\`${option.name}\``)) {
      found.push(`${page.path}: ${first} is no option of ${name}`);
    }
  }
  return found;
}

function expectedCell({ name, isOptional, tag }: Option, defaults: Primitive['defaults']): string {
  if (name in defaults) return `\`${inspect(defaults[name])}\``;
  if (!isOptional) return 'required';
  return tag === undefined ? '—' : `\`${tag}\``;
}

/** Whether a literal in words means the value: `30_000` is 30000. */
function says(literal: string | undefined, value: unknown): boolean {
  try {
    return literal !== undefined && inspect(runInNewContext(`(${literal})`)) === inspect(value);
  } catch {
    return false;
  }
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
