import { describe, expect, it } from 'vitest';
import { listFiles } from '../house/tree.js';

interface Mutant {
  readonly file: string;
  readonly status: string;
  readonly code: string;
  readonly becomes: string;
}
type List = Record<
  string,
  { readonly code: string; readonly becomes: string | string[]; readonly why?: string }[]
>;
interface Survivors {
  described(mutant: object, text: string): Mutant & { readonly line: number };
  judge(list: List, mutants: readonly Mutant[]): Record<string, Mutant[]>;
  figures(mutants: readonly Mutant[], list: List): Record<string, number>;
}
const load = async (name: string) => (await import(new URL(name, import.meta.url).href)) as unknown;
const { described, judge, figures } = (await load('survivors.mjs')) as Survivors;
const { groups, sample } = (await load('groups.mjs')) as {
  readonly groups: Record<string, { readonly mutate: string[]; readonly tests: string[] }>;
  readonly sample: { readonly mutate: string[] };
};

const at = (line: number, column: number) => ({ line, column });
const mutant = (status: string, becomes: string): Mutant => ({
  file: 'a.ts',
  status,
  code: 'if (a) b();',
  becomes,
});
const list: List = { 'a.ts': [{ code: 'if (a) b();', becomes: ['if (true) b();'], why: 'b does nothing' }] };

describe('a mutant', () => {
  it('is known by its code, wherever that has moved', () => {
    const location = { start: at(2, 7), end: at(2, 8) };
    const known = described({ fileName: 'a.ts', location, replacement: 'true' }, 'x\n  if (a) b();\n');
    expect(known).toMatchObject({ line: 2, code: 'if (a) b();', becomes: 'if (true) b();' });
  });

  it('may reach over several lines', () => {
    const location = { start: at(1, 8), end: at(3, 2) };
    const known = described({ fileName: 'a.ts', location, replacement: '{}' }, 'if (a) {\n  b();\n}');
    expect(known).toMatchObject({ line: 1, code: 'if (a) { b(); }', becomes: 'if (a) {}' });
  });
});

describe('the list of survivors', () => {
  it.each(['Survived', 'NoCoverage'])('must have every one that is left alive (%s)', status => {
    const alive = mutant(status, 'if (false) b();');
    expect(judge(list, [alive, mutant('Survived', 'if (true) b();')])['unexplained']).toEqual([alive]);
    expect(judge(list, [mutant(status, 'if (true) b();')])['unexplained']).toEqual([]);
  });

  it('may have none that is killed or gone', () => {
    const stale = [{ file: 'a.ts', code: 'if (a) b();', becomes: 'if (true) b();', why: 'b does nothing' }];
    expect(judge(list, [mutant('Killed', 'if (true) b();')])['stale']).toEqual(stale);
    expect(judge(list, [mutant('Killed', 'if (!a) b();')])['stale']).toEqual(stale);
  });

  it('may have one that runs out of time, and those of files that were not asked for', () => {
    expect(judge(list, [mutant('Timeout', 'if (true) b();')])['stale']).toEqual([]);
    expect(judge(list, [{ ...mutant('Killed', ''), file: 'b.ts' }])['stale']).toEqual([]);
  });

  it('has nothing on those of which nobody knows, and tells of them', () => {
    const unknown = mutant('RuntimeError', 'if (true) b();');
    expect(judge(list, [unknown])).toMatchObject({ undecided: [unknown], unexplained: [] });
  });

  it('gives a reason for each', () => {
    const bare: List = { 'a.ts': [{ code: 'if (a) b();', becomes: 'if (true) b();', why: ' ' }] };
    expect(judge(bare, [mutant('Survived', 'if (true) b();')])['unreasoned']).toHaveLength(1);
  });
});

it('the score counts explained survivors as alive, and code that does not run not at all', () => {
  const all = [mutant('Killed', '1'), mutant('Timeout', '2'), mutant('Ignored', '3')];
  expect(figures([...all, mutant('Survived', 'if (true) b();'), mutant('NoCoverage', '4')], list)).toEqual({
    ...{ mutants: 4, killed: 2, timeouts: 1, survived: 2, explained: 1, score: 50 },
  });
});

describe('the groups', () => {
  const mutated = Object.values(groups).flatMap(({ mutate }) => mutate);

  it('have every file of core and kernel, once', () => {
    const files = [...listFiles('src/core'), ...listFiles('src/kernel')].filter(path => path.endsWith('.ts'));
    expect([...mutated].sort()).toEqual(files.sort());
  });

  it('are not called like a file of another group; the sample names files', () => {
    const names = mutated.map(path => path.replace(/^.*\/|\.ts$/g, ''));
    const foreign = Object.keys(groups).filter(
      name => names.includes(name) && !groups[name]!.mutate.some(path => path.endsWith(`/${name}.ts`)),
    );
    expect(foreign).toEqual([]);
    expect(sample.mutate.filter(path => !mutated.includes(path))).toEqual([]);
  });
});
