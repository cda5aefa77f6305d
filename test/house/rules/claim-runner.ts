import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { build, type Plugin } from 'esbuild';
import { emptyPglite } from '../../fixtures/pglite.js';
import { specifiers } from '../program.js';
import { root } from '../tree.js';
import { instrument } from './claims.js';
import type { Fence } from './fences.js';

/** What a claim calls, in the process of the fence. */
const prelude = `
import { isDeepStrictEqual as equal, inspect } from 'node:util';
const fail = (line, text) => { process.exitCode = 1; console.error('@' + line + ' ' + text); };
globalThis.claim = async (line, actual, expected) => {
  const [is, says] = [await actual(), await expected()];
  if (!equal(is, says)) fail(line, 'claims ' + inspect(says) + ' but is ' + inspect(is));
};
globalThis.claimThrow = async (line, actual, word) => {
  try { fail(line, 'claims to throw ' + word + ' but is ' + inspect(await actual())); }
  catch (error) {
    if (error.code === word || error.name === word) return;
    fail(line, 'claims to throw ' + word + ' but throws ' + error);
  }
};
`;

/** Stands for PGlite: where nobody says otherwise an empty one is opened, for to make one takes seconds. */
const pglite = (empty: string): string => `
import { readFileSync } from 'node:fs';
import { PGlite as Whole } from '@electric-sql/pglite';
export * from '@electric-sql/pglite';
export class PGlite extends Whole {
  static create(...told) {
    if (told.length > 0) return Whole.create(...told);
    return Whole.create({ loadDataDir: new Blob([readFileSync('${empty}')]) });
  }
}
`;

/** The longest that a fence may run; it must also let its process end by itself. */
const limitMs = 20_000;

/**
 * The fences as programs in a folder, of one build for all: what they import is bundled once and shared. The
 * caller removes the folder.
 */
export async function programsOf(fences: readonly Fence[]): Promise<{ folder: string; files: string[] }> {
  const folder = mkdtempSync(join(tmpdir(), 'keelson-fences-'));
  // A file of its own: the names in it must not meet those of a fence.
  writeFileSync(join(folder, 'prelude.mjs'), prelude);
  writeFileSync(join(folder, 'pglite.mjs'), pglite(await emptyPglite()));
  // Packages that bring files of their own are not bundled, and looked for here.
  symlinkSync(join(root, 'node_modules'), join(folder, 'node_modules'));
  const written: Plugin = {
    name: 'fences',
    setup(build) {
      build.onResolve({ filter: /^@electric-sql\/pglite$/ }, () => ({
        path: './pglite.mjs',
        external: true,
      }));
      build.onResolve({ filter: /^fence-\d+$/ }, ({ path }) => ({ path, namespace: 'fence' }));
      build.onLoad({ filter: /.*/, namespace: 'fence' }, ({ path }) => ({
        contents: instrument(fences[Number(path.slice('fence-'.length))]!),
        loader: 'ts',
        resolveDir: root,
      }));
    },
  };
  const program = build({
    entryPoints: fences.map((_, place) => ({ in: `fence-${place}`, out: `fence-${place}` })),
    outdir: folder,
    outExtension: { '.js': '.mjs' },
    plugins: [written],
    bundle: true,
    splitting: true,
    external: ['undici'],
    logLevel: 'silent',
    format: 'esm',
    platform: 'node',
    target: 'node20.19',
    alias: Object.fromEntries([...specifiers].map(([name, path]) => [name, `${root}/${path}`])),
  });
  await program.catch((error: unknown) => {
    rmSync(folder, { recursive: true });
    throw error;
  });
  return { folder, files: fences.map((_, place) => join(folder, `fence-${place}.mjs`)) };
}

/** So many fences run in one process, as long as all that they claim holds. */
const together = 12;

/**
 * Runs programs one after the other, several in a process: answers with the places of those that are beyond
 * doubt. Where anything is wrong with a process nothing is said of those that it ran: each may be the cause.
 */
export async function runTogether(files: readonly string[]): Promise<ReadonlySet<number>> {
  const fine = new Set<number>();
  for (let from = 0; from < files.length; from += together) {
    const some = files.slice(from, from + together);
    const batch = join(dirname(some[0]!), `batch-${from}.mjs`);
    writeFileSync(batch, some.map(file => `await import(${JSON.stringify(file)});\n`).join(''));
    if (await endsWell(batch, some.length)) for (let at = 0; at < some.length; at++) fine.add(from + at);
  }
  return fine;
}

/** Whether a program ends by itself and in time, and all that is claimed in it holds. */
function endsWell(file: string, programs: number): Promise<boolean> {
  const before = join(dirname(file), 'prelude.mjs');
  return new Promise(resolve => {
    execFile(process.execPath, ['--import', before, file], { timeout: limitMs * programs }, error =>
      resolve(error === null),
    );
  });
}

/** Runs the program of a fence in a process of its own; answers with the claims that do not hold. */
export function runProgram(fence: Fence, file: string): Promise<string[]> {
  const before = join(dirname(file), 'prelude.mjs');
  return new Promise(resolve => {
    execFile(process.execPath, ['--import', before, file], { timeout: limitMs }, (error, _stdout, stderr) => {
      const broken = [...stderr.matchAll(/^@(\d+) (.*)$/gm)].map(
        ([, line, text]) => `${fence.path}:${line} ${text}`,
      );
      if (error === null) resolve([]);
      else if (broken.length > 0) resolve(broken);
      else
        resolve([`${fence.where} ${error.killed ? `runs longer than ${limitMs} ms` : `fails: ${stderr}`}`]);
    });
  });
}

/** Runs one fence that shares nothing with others. */
export async function run(fence: Fence): Promise<string[]> {
  const { folder, files } = await programsOf([fence]);
  try {
    return await runProgram(fence, files[0]!);
  } finally {
    rmSync(folder, { recursive: true });
  }
}
