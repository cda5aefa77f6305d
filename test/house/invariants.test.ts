import { describe, expect, it } from 'vitest';
import { areas, invariants, titlesOf } from './rules/invariants.js';
import { readTree, treeOf } from './tree.js';

const house = readTree('docs/invariants.md', 'src', 'test', 'bench/compare/scenarios');

/** A part of a template as it stands in the code. */
const hole = ['$', '{place}'].join('');

const tests = `
  describe('a breaker', () => {
    it.each([1])('trips at %d (AC1)', () => {});
    describe.skipIf(!there)(\`on ${hole}\`, () => { it.concurrent("doesn't wait", () => {}); });
    for (const law of laws) it(law.name, law.check);
  });
  it('AC2 and AC3: stays', () => {});`;
const proofs = ['a breaker › trips at %d (AC1)', 'AC2 and AC3: stays', 'AC2 and AC3: stays', 'x', 'x', 'x'];

/** A house with one room, whose page has the lines that are given beside those that it needs. */
function small(change: (page: string) => string = page => page) {
  const entries = proofs.map((title, at) => {
    const path = title === 'x' ? 'test/zoo/a-variants.ts' : 'test/unit/a.test.ts';
    return `- **AC${at + 1}** It does\n  as promised.\n  - \`${path}\` ${title}\n`;
  });
  return treeOf({
    'docs/invariants.md': change(`# Promises\n\n## Limits\n\n${entries.join('')}`),
    'src/resilience/adaptive-limiter.ts': '',
    'test/unit/a.test.ts': tests,
    'test/zoo/a-variants.ts': `const a = ['x', 'say "y"', \`${hole} z\`];`,
  });
}

describe('the promises', () => {
  it('have each a proof that is there, and a number for each area of the house', () => {
    expect(invariants(house)).toEqual([]);
  });

  it('are of areas whose rooms have names that can be found', () => {
    const planned = /^src\/(data\/|gateway\/)$/;
    const lost = areas.filter(([, , room]) => !planned.test(room) && !house.has(room));
    expect(lost).toEqual([]);
  });

  it('are fine as they should be written', () => expect(invariants(small())).toEqual([]));

  it('are wanted', () => {
    expect(invariants(treeOf({}))).toEqual([expect.stringContaining('docs/invariants.md is not there')]);
  });

  it.each<[string, (page: string) => string, string]>([
    ['a number is missing', page => page.replace('**AC4**', '**AC1**'), 'says nothing of AC4'],
    ['a number stands twice', page => page.replace('**AC4**', '**AC1**'), 'has AC1 again'],
    [
      'nobody knows a number',
      page => `${page}- **AC7** More.\n  - \`test/zoo/a-variants.ts\` x\n`,
      'nobody knows AC7',
    ],
    [
      'its room is not there',
      page => `${page}- **OB1** More.\n  - \`test/zoo/a-variants.ts\` x\n`,
      'nobody knows OB1',
    ],
    ['nothing proves it', page => page.replace(/(AC6[^-]*) {2}- .*\n/, '$1'), 'nothing proves AC6'],
    [
      'a file is gone',
      page => page.replace('a.test.ts', 'b.test.ts'),
      'names test/unit/b.test.ts, which is not',
    ],
    [
      'a title is gone',
      page => page.replace('at %d', 'at %i'),
      'a.test.ts has no "a breaker › trips at %i (AC1)"',
    ],
    ['a chapter is gone', page => page.replace('a breaker › ', ''), 'a.test.ts has no "trips at %d (AC1)"'],
    ['a mistake is gone', page => page.replace(' x\n', ' w\n'), 'test/zoo/a-variants.ts has no "w"'],
    ['a proof is no proof', page => `${page}  - see there\n`, 'is not "- `file` title"'],
    [
      'a test says so itself',
      page => page.replace('` AC2 and AC3: stays', '` a breaker › trips at %d (AC1)'),
      'proves AC2',
    ],
  ])('are told of when %s', (_, change, message) => {
    expect(invariants(small(change))).toContainEqual(expect.stringContaining(message));
  });

  it.each(['say "y"', `${hole} z`])('may be proved by what stands in other files: %s', title => {
    expect(invariants(small(page => page.replace(' x\n', ` ${title}\n`)))).toEqual([]);
  });
});

it('titles are read with their chapters, and not where they are made up', () => {
  expect([...titlesOf(small().get('test/unit/a.test.ts')!).keys()]).toEqual([
    'a breaker › trips at %d (AC1)',
    `a breaker › on ${hole} › doesn't wait`,
    'AC2 and AC3: stays',
  ]);
});
