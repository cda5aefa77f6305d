import { rmSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { programsOf, run, runProgram, runTogether } from './rules/claim-runner.js';
import { hasClaims } from './rules/claims.js';
import { fencesOf, unfencedExamples } from './rules/fences.js';
import { compiles } from './rules/snippets.js';
import { readTree, treeOf } from './tree.js';

const fences = fencesOf(readTree('README.md', 'docs', 'src'));
const page = (...code: string[]) =>
  fencesOf(treeOf({ 'docs/a.md': `# A\n\n\`\`\`ts\n${code.join('\n')}\n\`\`\`\n` }));

describe('fences', () => {
  it('are found in pages and in doc comments, and nothing else is', () => {
    const source =
      '/**\n * A.\n * @example\n * ```ts\n * a;\n *   b;\n * ```\n */\nconst c = `\n```ts\nd;\n```\n`;';
    const tree = treeOf({
      'README.md': '```ts\na;\n```\n```sh\nb\n```\n  ```ts\n  c;\n  ```',
      'src/a.ts': source,
    });
    expect(fencesOf(tree).map(({ where, code }) => [where, code])).toEqual([
      ['README.md:2', 'a;'],
      ['README.md:8', 'c;'],
      ['src/a.ts:5', 'a;\n  b;'],
    ]);
  });

  it('stand around every example of this house', () => {
    expect(unfencedExamples(readTree('src'))).toEqual([]);
  });

  it('are told of when an example has none', () => {
    const example = (text: string) => treeOf({ 'src/a.ts': `/**\n * A.\n * @example\n${text}\n */` });
    expect(unfencedExamples(example(' * ```ts\n * a;\n * ```'))).toEqual([]);
    expect(unfencedExamples(example(' * a;'))).toEqual([
      'src/a.ts:3 has an example without a ```ts fence around it',
    ]);
  });

  it('compile in this house', () => expect(compiles(fences)).toEqual([]));

  it('are told of by the line of the page when they do not compile', () => {
    expect(compiles(page('const a = 1;', 'const b: string = a;', 'use(b);'))).toEqual([
      "docs/a.md:5 does not compile: Type 'number' is not assignable to type 'string'.",
      "docs/a.md:6 does not compile: Cannot find name 'use'.",
    ]);
  });

  it('are told of when they name what the package does not export', () => {
    expect(compiles(page("import { Nothing } from 'keelson';"))).toEqual([
      expect.stringMatching(/^docs\/a.md:4 does not compile: Module '"keelson"' has no exported member/),
    ]);
  });

  it('are told of when an error that they expect is gone', () => {
    expect(compiles(page('// @ts-expect-error', 'const a: number = 1;'))).toEqual([
      "docs/a.md:4 does not compile: Unused '@ts-expect-error' directive.",
    ]);
  });
});

describe('claims', () => {
  const claiming = fences.filter(hasClaims);

  let programs: Awaited<ReturnType<typeof programsOf>>;
  let fine: ReadonlySet<number>;
  beforeAll(async () => {
    programs = await programsOf(claiming);
    fine = await runTogether(programs.files);
  });
  afterAll(() => rmSync(programs.folder, { recursive: true }));

  it('are made in this house', () => expect(claiming.length).toBeGreaterThan(100));

  it.each(claiming.map((fence, place) => ({ ...fence, place })))('hold in $where', async fence => {
    // Alone, to be told of what is wrong.
    if (!fine.has(fence.place)) expect(await runProgram(fence, programs.files[fence.place]!)).toEqual([]);
  });

  it.each([
    ['1 + 1; // => 2'],
    ['const a = { b: [1] }; // => { b: [1] }'],
    ['console.log(1 + 1);', '// => 2'],
    ['await Promise.resolve(3); // => 3'],
    ['function f() { throw new RangeError("x"); }', 'f(); // => throws RangeError'],
    ['await Promise.reject(Object.assign(new Error(), { code: "ERR_A" })); // => throws ERR_A'],
    ["import { isRejected } from 'keelson';", 'isRejected(new Error()); // => false'],
    ['const equal = 1, fail = 2, inspect = 3;', 'equal; // => 1'],
  ])('are understood in %s', async (...code) => expect(await run(page(...code)[0]!)).toEqual([]));

  it.each([
    ['1 + 1; // => 3', 'docs/a.md:4 claims 3 but is 2'],
    ['1; // => throws RangeError', 'docs/a.md:4 claims to throw RangeError but is 1'],
    ['null.x; // => throws RangeError', 'docs/a.md:4 claims to throw RangeError but throws TypeError'],
    ['null.x;\n1; // => 1', 'docs/a.md:4 fails: '],
  ])('are told of when they do not hold: %s', async (code, message) => {
    expect(await run(page(code)[0]!)).toEqual([expect.stringContaining(message)]);
  });

  it('are told of when they follow no statement', async () => {
    await expect(run(page('// => 1')[0]!)).rejects.toThrow('does not follow a statement');
  });
});
