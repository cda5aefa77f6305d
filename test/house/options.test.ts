import { describe, expect, it } from 'vitest';
import * as house from '../../src/index.js';
import { programOf } from './program.js';
import { defaultTags, optionTable, pageOf, pageTemplate, primitivesOf, sections } from './rules/options.js';
import { readTree, treeOf } from './tree.js';

const entry = 'src/case.ts';
const source = `
  export interface ValveOptions {
    readonly size: number;
    /** @default 30_000 */
    readonly openMs?: number;
    /** @default 'race' */
    readonly mode?: 'race' | 'wait';
    /** @default systemClock */
    readonly clock?: object;
    readonly name?: string;
  }
  export class Valve {}`;
const defaults = Object.freeze({ openMs: 30_000, mode: 'race' });
const classWith = (held: object) => Object.assign(() => {}, { defaults: held });
const Valve = classWith(defaults);
const primitive = (text = source, values: object = { Valve }) =>
  primitivesOf(programOf([entry], { [entry]: text }), entry, values)[0]!;
const rows = {
  size: '| `size` | `number` | required | How wide. |',
  openMs: '| `openMs` | `number` | `30_000` | How long. |',
  mode: "| `mode` | `'race' \\| 'wait'` | `'race'` | How. |",
  clock: '| `clock` | `Clock` | `systemClock` | |',
  name: '| `name` | `string` | — | |',
};
const table = (changes: Readonly<Record<string, string>> = {}) => {
  const lines = Object.values({ ...rows, ...changes }).filter(line => line !== '');
  const head = '## Options\n\n| Option | Type | Default | Meaning |\n| --- | --- | --- | --- |';
  const text = `${head}\n${lines.join('\n')}\n`;
  return treeOf({
    'docs/patterns/valve.md': `${text}\n## Events\n\n| Event |\n| --- |\n| \`opened\` |\n`,
  }).get('docs/patterns/valve.md')!;
};

describe('defaults', () => {
  const primitives = primitivesOf(programOf(['src/index.ts']), 'src/index.ts', house);

  it('are what their tags say in this house', () => expect(primitives.flatMap(defaultTags)).toEqual([]));

  it.each(primitives)('of $name are what its page says', one => {
    const page = readTree(pageOf(one)).get(pageOf(one));
    expect(page, `write ${pageOf(one)}`).toBeDefined();
    expect(optionTable(page!, one)).toEqual([]);
  });

  it('agree in the example that the cases break', () => {
    expect(pageOf(primitive())).toBe('docs/patterns/valve.md');
    expect(defaultTags(primitive())).toEqual([]);
    expect(optionTable(table(), primitive())).toEqual([]);
  });

  it.each([
    ['@default 30_000', '@default 3_000', 'ValveOptions.openMs says @default 3_000, but it is 30000'],
    ["/** @default 'race' */", '', "ValveOptions.mode says @default undefined, but it is 'race'"],
    ['openMs?', 'shutMs?', 'Valve.defaults.openMs is no option'],
    ['@default systemClock', '@default 5', 'Valve.defaults should hold clock: 5'],
  ])('are told of when %s becomes %s', (from, to, message) => {
    expect(defaultTags(primitive(source.replace(from, to)))).toContain(message);
  });

  it.each(['@default 30_000, at most', '@default 30_000 unless `mode` is given'])(
    'may be followed by words: %s',
    tag => {
      expect(defaultTags(primitive(source.replace('@default 30_000', tag)))).toEqual([]);
    },
  );

  it('of a part of an option stand under its path, in the class and on the page', () => {
    const parts = primitive(source, {
      Valve: classWith(Object.freeze({ ...defaults, 'openMs.factor': 2 })),
    });
    expect(defaultTags(parts)).toEqual([]);
    expect(optionTable(table({ factor: '| `openMs.factor` | `number` | `2` | |' }), parts)).toEqual([]);
    expect(optionTable(table(), parts)).toEqual([
      'docs/patterns/valve.md: 0 rows for the option `openMs.factor`, not 1',
    ]);
  });

  it('are told of when they are not frozen', () => {
    const loose = primitive(source, {
      Valve: classWith({ ...defaults }),
    });
    expect(defaultTags(loose)).toEqual(['Valve.defaults can be changed: freeze it']);
  });

  it.each([
    [{ openMs: '| `openMs` | | `3_000` | |' }, 'the default of `openMs` is `30000`, not `3_000`'],
    [{ openMs: '| `openMs` | | 30_000 | |' }, 'the default of `openMs` is `30000`, not 30_000'],
    [{ openMs: '' }, '0 rows for the option `openMs`, not 1'],
    [{ again: rows.openMs }, '2 rows for the option `openMs`, not 1'],
    [{ size: '| `size` | | — | |' }, 'the default of `size` is required, not —'],
    [{ clock: '| `clock` | | — | |' }, 'the default of `clock` is `systemClock`, not —'],
    [{ name: "| `name` | | `'valve'` | |" }, "the default of `name` is —, not `'valve'`"],
    [{ gone: '| `gone` | | — | |' }, '`gone` is no option of Valve'],
  ])('are told of when a page has %o', (changes, message) => {
    expect(optionTable(table(changes as Record<string, string>), primitive())).toEqual([
      `docs/patterns/valve.md: ${message}`,
    ]);
  });
});

describe('pages', () => {
  it('keep to the template in this house', () => expect(pageTemplate(readTree('docs'))).toEqual([]));

  it('are told of when a chapter is missing or elsewhere', () => {
    const page = (chapters: readonly string[]) =>
      treeOf({ 'docs/patterns/a.md': chapters.map(chapter => `## ${chapter}\n`).join('\n') });
    expect(pageTemplate(page(sections))).toEqual([]);
    expect(pageTemplate(page(sections.slice(1)))).toHaveLength(1);
    expect(pageTemplate(page([...sections].reverse()))).toHaveLength(1);
  });
});
