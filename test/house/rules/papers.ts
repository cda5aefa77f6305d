import { posix } from 'node:path';
import type { Rule, Source, Tree } from '../tree.js';

const pagesOf = (tree: Tree): Source[] => [...tree.values()].filter(({ path }) => path.endsWith('.md'));
const lineCount = (text: string): number => text.replace(/\n$/, '').split('\n').length;
const withoutFences = (text: string): string => text.replace(/^```[\s\S]*?^```$/gm, '');

export const limits = { readme: 200, decision: 60 } as const;

/** The front page is read in one go. */
export const readme: Rule = tree => {
  const count = lineCount(tree.get('README.md')?.text ?? '');
  if (count <= limits.readme) return [];
  return [
    `README.md has ${count} lines, at most ${limits.readme}: move what is not for a first visit to docs/`,
  ];
};

const chapters = ['Context', 'Decision', 'Consequences', 'Rejected'];

/** Decisions are numbered without a gap, short, and say what was rejected. */
export const decisions: Rule = tree => {
  const found: string[] = [];
  const records = pagesOf(tree).filter(({ path }) => path.startsWith('docs/adr/'));
  records.forEach(({ path, text }, index) => {
    const number = index + 1;
    const headings = [...text.matchAll(/^## (.*)$/gm)].map(([, heading]) => heading!);
    if (!posix.basename(path).startsWith(`${String(number).padStart(4, '0')}-`)) {
      found.push(`${path}: the next decision is number ${number}`);
    }
    if (!text.startsWith(`# ${number}. `)) found.push(`${path}: begin with "# ${number}. What was decided"`);
    if (headings.join() !== chapters.join()) found.push(`${path}: the chapters are ${chapters.join(' · ')}`);
    if (lineCount(text) > limits.decision)
      found.push(`${path} has more than ${limits.decision} lines: cut it`);
  });
  return found;
};

/** A link to a file of this repository leads to one. The site checks its links again, with their anchors. */
export const links: Rule = tree =>
  pagesOf(tree).flatMap(({ path, text }) =>
    [...withoutFences(text).matchAll(/\]\(([^)\s]+)\)/g)].flatMap(([, link]) => {
      const [target = ''] = link!.split('#');
      if (target === '' || /^[a-z]+:/.test(target)) return [];
      const file = posix.join(posix.dirname(path), target);
      return tree.has(file) ? [] : [`${path} links to ${target}, which is not there`];
    }),
  );

const transition = /^ *(\[\*\]|\w+) --> (\[\*\]|\w+)(: [^:]+)?$/;
const box = String.raw`\w+(\[[^\]]+\]|\{[^}]+\})?`;
const choice = new RegExp(String.raw`^ *${box} -->(\|[^|]+\|)? ${box}$`);
const other = /^ *(direction (TB|LR)|state "[^"]+" as \w+|%% .*)?$/;

const isState = (line: string) => transition.test(line) || other.test(line);
const isChoice = (line: string) => choice.test(line);
/** What each kind of diagram is made of: how its lines are told, and an example of one. */
const kinds: Record<string, readonly [(line: string) => boolean, string]> = {
  'stateDiagram-v2': [isState, 'state --> other_state: why'],
  'flowchart TD': [isChoice, 'name{Question} -->|answer| other[Text]'],
};

/** Renderers differ in what else they take: a hyphen in the name of a state is an error to some. */
export const diagrams: Rule = tree =>
  pagesOf(tree).flatMap(({ path, text }) =>
    [...text.matchAll(/^```mermaid\n([\s\S]*?)^```$/gm)].flatMap(({ 1: diagram = '', index }) => {
      const [kind, ...lines] = diagram.replace(/\n$/, '').split('\n');
      const first = text.slice(0, index).split('\n').length + 1;
      const known = Object.hasOwn(kinds, kind!) ? kinds[kind!] : undefined;
      if (known === undefined)
        return [`${path}:${first} begins with ${kind}, not ${Object.keys(kinds).join(' or ')}`];
      const [fits, example] = known;
      return lines.flatMap((line, at) =>
        fits(line) ? [] : [`${path}:${first + at + 1} is not \`${example}\`: ${line.trim()}`],
      );
    }),
  );
