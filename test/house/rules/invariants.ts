import ts from 'typescript';
import { place, type Rule, type Source, type Tree } from '../tree.js';

const page = 'docs/invariants.md';
/** Between the titles of the describes around a test and its own, on the page. */
const STEP = ' › ';

/** The letters before the number, how many there are, and the file or folder that they are about. */
export type Area = readonly [letters: string, count: number, room: string];

/** An area belongs on the page as soon as what it is about is there. */
export const areas: readonly Area[] = [
  ['CB', 16, 'src/resilience/circuit-breaker.ts'],
  ['BH', 8, 'src/resilience/bulkhead.ts'],
  ['RT', 12, 'src/resilience/retry.ts'],
  ['TO', 5, 'src/resilience/timeout.ts'],
  ['HG', 10, 'src/resilience/hedge.ts'],
  ['RL', 8, 'src/resilience/rate-limiter.ts'],
  ['AC', 6, 'src/resilience/adaptive-limiter.ts'],
  ['BU', 10, 'src/messaging/message-bus.ts'],
  ['SG', 12, 'src/saga/orchestrator.ts'],
  ['PM', 7, 'src/saga/process-manager.ts'],
  ['OB', 8, 'src/data/'],
  ['D', 4, 'src/data/'],
  ['RG', 7, 'src/discovery/service-registry.ts'],
  ['LB', 10, 'src/discovery/balancer.ts'],
  ['GW', 12, 'src/gateway/'],
  ['AG', 1, 'src/proxy/aggregate.ts'],
  ['OV', 8, 'src/observe/observatory.ts'],
  ['DB', 8, 'src/observe/dashboard/dashboard.ts'],
  // What others get wrong: cockatiel, opossum, other policies, the CloudEvents SDK, a bus over three brokers.
  ['C', 12, 'src/resilience/circuit-breaker.ts'],
  ['O', 12, 'src/resilience/circuit-breaker.ts'],
  ['P', 16, 'src/resilience/circuit-breaker.ts'],
  ['E', 8, 'src/messaging/message-bus.ts'],
  ['M', 8, 'src/messaging/message-bus.ts'],
];

interface Proof {
  readonly line: number;
  readonly path: string;
  readonly title: string;
}

interface Entry {
  readonly line: number;
  readonly proofs: Proof[];
}

/** `- **CB1** the promise`, and below it `  - \`test/a.test.ts\` its describes › its title`. */
function read({ text }: Source): { readonly entries: Map<string, Entry>; readonly found: string[] } {
  const entries = new Map<string, Entry>();
  const found: string[] = [];
  let entry: Entry | undefined;
  text.split('\n').forEach((row, at) => {
    const line = at + 1;
    const id = /^- \*\*([A-Z]+\d+)\*\* \S/.exec(row)?.[1];
    if (id !== undefined) {
      if (entries.has(id)) found.push(`${page}:${line} has ${id} again: one promise, one place`);
      entry = { line, proofs: [] };
      entries.set(id, entry);
    }
    if (/^(#|\S.*$)/.test(row) && id === undefined) entry = undefined;
    const [, path, title] = /^ {2}- `([^`]+)` (.+)$/.exec(row) ?? [];
    if (path !== undefined && entry !== undefined) entry.proofs.push({ line, path, title: title! });
    else if (/^ {2}- /.test(row)) found.push(`${page}:${line} is not "- \`file\` title" below a promise`);
  });
  return { entries, found };
}

/** What the first argument of a test says; `${…}` as it stands in the code. */
function textOf(node: ts.Node | undefined): string | undefined {
  if (node === undefined) return undefined;
  if (ts.isStringLiteralLike(node)) return node.text;
  return ts.isTemplateExpression(node) ? node.getText().slice(1, -1) : undefined;
}

/** `it`, `it.each(…)`, `describe.skipIf(…)`: the word that all of them begin with. */
function wordOf(node: ts.Node): string | undefined {
  if (ts.isIdentifier(node)) return node.text;
  if (ts.isCallExpression(node) || ts.isPropertyAccessExpression(node)) return wordOf(node.expression);
  return undefined;
}

/** The full titles of the tests in a file, and where they stand. */
export function titlesOf(source: Source): Map<string, ts.Node> {
  const titles = new Map<string, ts.Node>();
  const visit = (node: ts.Node, around: string): void => {
    let within = around;
    if (ts.isCallExpression(node)) {
      const word = wordOf(node.expression);
      const title = textOf(node.arguments[0]);
      const isTest = node.arguments.length > 1 && title !== undefined;
      if (word === 'it' && isTest) titles.set(around + title, node);
      if (word === 'describe' && isTest) within = around + title + STEP;
    }
    ts.forEachChild(node, child => visit(child, within));
  };
  visit(source.ast, '');
  return titles;
}

/** Outside of tests a title is any text in quotes: the name of a law, a variant of the zoo, a scenario. */
function isQuoted(text: string, title: string): boolean {
  const written = JSON.stringify(title);
  return [written, `'${written.slice(1, -1).replaceAll('\\"', '"')}'`, `\`${title}\``].some(each =>
    text.includes(each),
  );
}

function checkProof(tree: Tree, { line, path, title }: Proof): string[] {
  const source = tree.get(path);
  if (source === undefined) return [`${page}:${line} names ${path}, which is not there`];
  const isThere = path.endsWith('.test.ts') ? titlesOf(source).has(title) : isQuoted(source.text, title);
  return isThere ? [] : [`${page}:${line}: ${path} has no "${title}" any more: name what proves it now`];
}

/** What a title says that it proves: `(CB7)`, `(RT1, RT2)`, or `CB7:` at its beginning. */
function claimed(title: string, known: ReadonlySet<string>): string[] {
  const own = title.split(STEP);
  const said = own.flatMap(part => [
    ...[...part.matchAll(/\(([A-Z]+\d+(?:, [A-Z]+\d+)*)\)/g)].flatMap(([, ids]) => ids!.split(', ')),
    ...(/^((?:[A-Z]+\d+(?: and )?)+):/.exec(part)?.[1]?.split(' and ') ?? []),
  ]);
  return said.filter(id => known.has(id));
}

/** A test that says which promise it proves is named below that promise. */
function unlisted(source: Source, entries: ReadonlyMap<string, Entry>, known: ReadonlySet<string>): string[] {
  if (!source.path.endsWith('.test.ts') || !/[A-Z]\d/.test(source.text)) return [];
  return [...titlesOf(source)].flatMap(([title, node]) =>
    claimed(title, known).flatMap(id => {
      const listed = entries.get(id)?.proofs.some(each => each.path === source.path && each.title === title);
      return listed === true ? [] : [`${place(source, node)} says that it proves ${id}: name it in ${page}`];
    }),
  );
}

/** Every promise has its proof, and the page that says so speaks of tests that are there. */
export const invariants: Rule = tree => {
  const source = tree.get(page);
  if (source === undefined) return [`${page} is not there: it says what is promised, and what proves it`];
  const { entries, found } = read(source);
  const inHouse = areas.filter(([, , room]) => [...tree.keys()].some(path => path.startsWith(room)));
  const ids = inHouse.flatMap(([letters, count]) =>
    Array.from({ length: count }, (_, at) => `${letters}${at + 1}`),
  );
  const known = new Set(ids);
  for (const id of known) {
    if (!entries.has(id)) found.push(`${page} says nothing of ${id}: add the promise, and what proves it`);
  }
  for (const [id, { line, proofs }] of entries) {
    if (!known.has(id)) found.push(`${page}:${line}: nobody knows ${id}; see \`areas\` in this rule`);
    if (proofs.length === 0) found.push(`${page}:${line}: nothing proves ${id}: name a test, or write one`);
    for (const proof of proofs) found.push(...checkProof(tree, proof));
  }
  for (const file of tree.values()) found.push(...unlisted(file, entries, known));
  return found;
};
