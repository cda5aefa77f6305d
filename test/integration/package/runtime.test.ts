import { spawnSync } from 'node:child_process';
import { build } from 'esbuild';
import { describe, expect, it } from 'vitest';
import { consumer, install } from './packed.js';

/** Runs a program beside the installed package; answers with what it prints, warnings included. */
function run(file: string, text: string, ...flags: readonly string[]): string {
  const folder = consumer('runtime', { [file]: text });
  const { stdout, stderr } = spawnSync(process.execPath, [...flags, file], { cwd: folder, encoding: 'utf8' });
  return stdout + stderr;
}

const requiring = "const a = require('keelson'); const b = require('keelson/resilience');";
const works = "new a.Timeout({ timeoutMs: 50 }).execute(() => 'answered').then(console.log);";

describe('the installed package', () => {
  it('works when imported', () => {
    expect(run('a.mjs', `import * as a from 'keelson';\n${works}`)).toBe('answered\n');
  });

  it('works when required', () => {
    expect(run('a.cjs', `${requiring}\n${works}`)).toBe('answered\n');
  });

  it('works when required by a Node that cannot require ES modules', () => {
    expect(run('b.cjs', `${requiring}\n${works}`, '--no-experimental-require-module')).toBe('answered\n');
  });

  it('has one class behind two entries, imported', () => {
    const text = "import { Timeout as a } from 'keelson'; import { Timeout as b } from 'keelson/resilience';";
    expect(run('b.mjs', `${text} console.log(a === b);`)).toBe('true\n');
  });

  it.each([[], ['--no-experimental-require-module']])(
    'has one class behind two entries, required (%s)',
    (...flags) => {
      expect(run('c.cjs', `${requiring} console.log(a.Timeout === b.Timeout);`, ...flags)).toBe('true\n');
    },
  );

  it('has one class whether it is imported or required', () => {
    const check = "import('keelson/resilience').then(c => console.log(a.Timeout === c.Timeout));";
    expect(run('d.cjs', `${requiring} ${check}`)).toBe('true\n');
  });

  it('opens every subpath to both', () => {
    const names = ['keelson', 'keelson/messaging', 'keelson/resilience', 'keelson/testing'];
    const text = `const names = ${JSON.stringify(names)};
      const keys = name => Object.keys(require(name)).sort().join();
      Promise.all(names.map(async name => Object.keys(await import(name)).sort().join() === keys(name)))
        .then(same => console.log(same.join()));`;
    expect(run('e.cjs', text)).toBe('true,true,true,true\n');
    expect(run('e.cjs', text, '--no-experimental-require-module')).toBe('true,true,true,true\n');
  });

  it('shows its manifest and hides its insides', () => {
    expect(run('f.cjs', "console.log(require('keelson/package.json').name)")).toBe('keelson\n');
    expect(run('g.mjs', "import 'keelson/dist/kernel/errors.js';")).toContain(
      'ERR_PACKAGE_PATH_NOT_EXPORTED',
    );
  });
});

describe('a bundle of the installed package', () => {
  const bundle = async (contents: string) => {
    const { outputFiles } = await build({
      stdin: { contents, resolveDir: install() },
      bundle: true,
      write: false,
      format: 'esm',
      logLevel: 'error',
    });
    return outputFiles[0]!.text;
  };

  it('is empty when nothing is used', async () => {
    expect((await bundle("import 'keelson'; import { Timeout } from 'keelson';")).trim()).toBe('');
  });

  it('holds what is used and no other room', async () => {
    const text = await bundle("import { isRejected } from 'keelson'; console.log(isRejected);");
    expect(text).toContain('isRejected');
    expect(text).not.toMatch(/class |EventEmitter/);
  });
});
