import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { specifiers } from './program.js';
import { apiOf } from './rules/api.js';

const folder = new URL('./api/', import.meta.url);
const stored = () =>
  Object.fromEntries(
    (existsSync(folder) ? readdirSync(folder) : []).map(name => [
      name.replace(/\.txt$/, ''),
      readFileSync(new URL(name, folder), 'utf8'),
    ]),
  );

const sample = {
  'src/index.ts': "export { open } from './saga/door.js';",
  'src/saga/door.ts': `
    /** A key that nobody can name, but that a user has to make. */
    interface Key { readonly teeth: number; }
    interface Unreached { a: 1 }
    /** Opens. */
    export function open(key: Key) { return { key, at: 1 }; }
    export const hidden: Unreached = { a: 1 };`,
};

describe('the api', () => {
  const api = apiOf(Object.fromEntries(specifiers));

  it('is the one that was reviewed (after a review: npm run api)', () => {
    if (process.env['API'] === 'rewrite') {
      rmSync(folder, { recursive: true, force: true });
      mkdirSync(folder);
      for (const [name, text] of Object.entries(api.files))
        writeFileSync(new URL(`${name}.txt`, folder), text);
    }
    expect(stored()).toEqual(api.files);
  });

  it('says `any` nowhere in this house', () => expect(api.any).toEqual([]));

  it('lists what users can name, and shows it with all that it names', () => {
    expect(apiOf({ keelson: 'src/index.ts' }, sample).files).toEqual({
      entries: 'keelson\n  open\n',
      'saga.d.ts': [
        '// src/saga/door.ts',
        'interface Key {\n    readonly teeth: number;\n}',
        'function open(key: Key): {\n    key: Key;\n    at: number;\n};',
        '',
      ].join('\n'),
    });
  });

  it('changes with a parameter, not with a comment or a body', () => {
    const changed = (from: string, to: string) =>
      apiOf(
        { keelson: 'src/index.ts' },
        { ...sample, 'src/saga/door.ts': sample['src/saga/door.ts'].replace(from, to) },
      );
    const { files } = changed('', '');
    expect(changed('Opens.', 'Opens it.').files).toEqual(files);
    expect(changed('at: 1 };', 'at: 2 };').files).toEqual(files);
    expect(changed('(key: Key)', '(key: Key, by?: string)').files).not.toEqual(files);
    expect(changed('readonly teeth', 'teeth').files).not.toEqual(files);
  });

  it('leaves out what is internal', () => {
    const files = {
      'src/index.ts': "export { A } from './saga/a.js';",
      'src/saga/a.ts': '/** A. */\nexport class A {\n  /** @internal */\n  b = 1;\n  #c = 2;\n}',
    };
    expect(apiOf({ keelson: 'src/index.ts' }, files).files['saga.d.ts']).toBe(
      '// src/saga/a.ts\nclass A {\n    #private;\n}\n',
    );
  });

  it('tells of an `any` that the compiler inferred', () => {
    const files = { 'src/index.ts': 'export const parse = (text: string) => JSON.parse(text);' };
    expect(apiOf({ keelson: 'src/index.ts' }, files).any).toEqual([
      'src/index.ts: `(text: string) => any` is any: write its type, or unknown',
    ]);
  });
});
