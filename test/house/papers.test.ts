import { describe, expect, it } from 'vitest';
import { decisions, diagrams, links, readme } from './rules/papers.js';
import { readTree, treeOf } from './tree.js';

const house = readTree(
  'README.md',
  'CHANGELOG.md',
  'LICENSE',
  'CONTRIBUTING.md',
  'SECURITY.md',
  'docs',
  'examples',
  'bench',
);
const decision = (heading: string, chapters = ['Context', 'Decision', 'Consequences', 'Rejected']) =>
  `# ${heading}\n\n${chapters.map(chapter => `## ${chapter}\n`).join('\n')}`;

describe('papers', () => {
  it('have a front page that is read in one go', () => expect(readme(house)).toEqual([]));
  it('have decisions that keep to their form', () => expect(decisions(house)).toEqual([]));
  it('have links that lead somewhere', () => expect(links(house)).toEqual([]));
  it('have diagrams that every renderer takes', () => expect(diagrams(house)).toEqual([]));

  it('tell of a front page of 201 lines, not of 200', () => {
    const page = (lines: number) => treeOf({ 'README.md': 'x\n'.repeat(lines) });
    expect(readme(page(200))).toEqual([]);
    expect(readme(page(201))).toEqual([expect.stringContaining('README.md has 201 lines, at most 200')]);
  });

  it.each([
    [{ 'docs/adr/0002-b.md': decision('2. B') }, 'the next decision is number 1'],
    [{ 'docs/adr/0001-a.md': decision('A') }, 'begin with "# 1. What was decided"'],
    [
      { 'docs/adr/0001-a.md': decision('1. A', ['Context', 'Decision']) },
      'the chapters are Context · Decision',
    ],
    [{ 'docs/adr/0001-a.md': decision('1. A') + '\n'.repeat(60) }, 'has more than 60 lines'],
  ])('tell of the decision %o', (files, message) => {
    expect(decisions(treeOf(files as Record<string, string>))).toContainEqual(
      expect.stringContaining(message),
    );
  });

  it.each([
    ['[a](b.md)', 'docs/a.md links to b.md, which is not there'],
    ['[a](../b.md#c)', 'docs/a.md links to ../b.md, which is not there'],
  ])('tell of the link %s', (text, message) =>
    expect(links(treeOf({ 'docs/a.md': text }))).toEqual([message]),
  );

  it.each(['[a](#b)', '[a](https://b.example)', '[a](a.md#b)', '```ts\n[a](b.md)\n```'])(
    'let %s be',
    text => {
      expect(links(treeOf({ 'docs/a.md': text }))).toEqual([]);
    },
  );

  it.each([
    [
      'stateDiagram-v2\n  open --> half-open: x',
      'docs/a.md:3 is not `state --> other_state: why`: open --> half-open: x',
    ],
    ['stateDiagram-v2\n  open --> shut: a: b', 'docs/a.md:3 is not `state'],
    ['graph TD', 'docs/a.md:2 begins with graph TD, not stateDiagram-v2 or flowchart TD'],
    ['flowchart TD\n  a[One] --- b', 'docs/a.md:3 is not `name'],
  ])('tell of the diagram %s', (diagram, message) => {
    const tree = treeOf({ 'docs/a.md': `\`\`\`mermaid\n${diagram}\n\`\`\`\n` });
    expect(diagrams(tree)).toEqual([expect.stringContaining(message)]);
  });
});
