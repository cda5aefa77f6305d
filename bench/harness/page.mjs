import { readFileSync, writeFileSync } from 'node:fs';

/** A text in a fence, which no line of it can end. */
const fenced = lines => ['```text', ...lines.map(line => line.replaceAll('```', "'''").trimEnd()), '```'];

/**
 * Puts what a run has printed into a page, in the place of what an earlier run of the suite had:
 * between `<!-- bench: suite -->` and `<!-- /bench: suite -->`.
 *
 * @typedef {{ title: string, lines: readonly string[] }} Printed
 * @param {string} file
 * @param {{ suite: string, facts: readonly string[], groups: readonly Printed[] }} run
 */
export function writeSection(file, { suite, facts, groups }) {
  const [from, to] = [`<!-- bench: ${suite} -->`, `<!-- /bench: ${suite} -->`];
  const page = readFileSync(file, 'utf8');
  const [start, end] = [page.indexOf(from), page.indexOf(to)];
  if (start < 0 || end < start) throw new Error(`${file} has no place for ${suite}: ${from} and ${to}`);
  const made = [
    ...['', `\`npm run bench -- ${suite}\`, ${new Date().toISOString().slice(0, 10)}`, '', ...fenced(facts)],
    ...groups.flatMap(({ title, lines }) => ['', `### ${title}`, '', ...fenced(lines)]),
    '',
  ];
  writeFileSync(file, page.slice(0, start + from.length) + made.join('\n') + page.slice(end));
}
