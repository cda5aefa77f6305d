import { describe, expect, it } from 'vitest';
import { ambientWords } from './rules/ambient.js';
import { readTree, treeOf } from './tree.js';

const words = (path: string, text: string) =>
  ambientWords(treeOf({ [path]: text })).map(line => / says (.*?): /.exec(line)?.[1]);

describe('ambient words', () => {
  it('are unsaid in this house', () => expect(ambientWords(readTree('src'))).toEqual([]));

  it.each([
    ['const at = Date.now();', 'Date'],
    ['const at = new Date(0);', 'Date'],
    ['const at = globalThis.Date;', 'Date'],
    ['const x = Math.random();', 'Math.random'],
    ['setTimeout(run, 5);', 'setTimeout'],
    ['const later = { setTimeout };', 'setTimeout'],
    ['let p: Promise<void>;', 'Promise'],
    ['async function f() {}', 'async'],
    ['const f = async () => 1;', 'async'],
    ['let s: AbortSignal;', 'AbortSignal'],
    ['const t = performance.now();', 'performance'],
    ['const id = crypto.randomUUID();', 'crypto'],
  ])('are heard in core/: %s', (text, word) => expect(words('src/core/a.ts', text)).toContain(word));

  it.each([
    ['Date.now();', 'Date'],
    ['setImmediate(run);', 'setImmediate'],
    ['performance.now();', 'performance'],
    ['Math.random();', 'Math.random'],
    ['crypto.getRandomValues(a);', 'crypto'],
    ['process.getBuiltinModule("node:async_hooks");', 'process'],
  ])('are heard in kernel/: %s', (text, word) => expect(words('src/kernel/a.ts', text)).toContain(word));

  it.each([
    ['Date.now();', 'Date.now'],
    ['new Date();', 'new Date()'],
    ['Math.random();', 'Math.random'],
    ['crypto.randomUUID();', 'crypto.randomUUID'],
    ['setInterval(run, 5);', 'setInterval'],
  ])('are heard in every room above: %s', (text, word) =>
    expect(words('src/saga/a.ts', text)).toEqual([word]),
  );

  it.each([
    ['src/kernel/clock.ts', 'performance.now(); Date.now(); setTimeout(run, 5); setImmediate(run);'],
    ['src/kernel/random.ts', 'Math.random(); crypto.getRandomValues(a);'],
    ['src/kernel/async-context.ts', 'process.getBuiltinModule("node:async_hooks");'],
    ['src/testing/a.ts', 'Date.now(); setTimeout(run, 5);'],
    ['src/kernel/a.ts', 'async function f(): Promise<void> {}'],
    ['src/saga/a.ts', 'const at = Date.parse(text); const on = new Date(at);'],
  ])('may be said in %s: %s', (path, text) => expect(words(path, text)).toEqual([]));

  it.each([
    'const x = { Date: 1, performance: 2 }; x.Date; x.performance;',
    'function f(setTimeout: number) { return setTimeout; }',
    '/* Date.now() */ const text = "Date.now()";',
    'interface Options { readonly crypto: string }',
  ])('are not taken for what only looks like them: %s', text =>
    expect(words('src/core/a.ts', text)).toEqual([]),
  );

  it('say where they stand and what to do instead', () => {
    expect(ambientWords(treeOf({ 'src/core/a.ts': '\nconst at = Date;' }))).toEqual([
      'src/core/a.ts:2 says Date: core/ decides and nothing else; take it as an argument',
    ]);
  });
});
