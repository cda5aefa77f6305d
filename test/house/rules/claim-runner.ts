import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { build } from 'esbuild';
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

/** The longest that a fence may run; it must also let its process end by itself. */
const limitMs = 20_000;

/** Runs a fence with claims in a process of its own; answers with the claims that do not hold. */
export async function run(fence: Fence): Promise<string[]> {
  const folder = mkdtempSync(join(tmpdir(), 'keelson-fence-'));
  try {
    const file = join(folder, 'fence.mjs');
    writeFileSync(file, await bundle(fence));
    // A file of its own: the names in it must not meet those of the fence.
    const before = join(folder, 'prelude.mjs');
    writeFileSync(before, prelude);
    return await new Promise(resolve => {
      execFile(
        process.execPath,
        ['--import', before, file],
        { timeout: limitMs },
        (error, _stdout, stderr) => {
          const broken = [...stderr.matchAll(/^@(\d+) (.*)$/gm)].map(
            ([, line, text]) => `${fence.path}:${line} ${text}`,
          );
          if (error === null) resolve([]);
          else if (broken.length > 0) resolve(broken);
          else
            resolve([
              `${fence.where} ${error.killed ? `runs longer than ${limitMs} ms` : `fails: ${stderr}`}`,
            ]);
        },
      );
    });
  } finally {
    rmSync(folder, { recursive: true });
  }
}

async function bundle(fence: Fence): Promise<string> {
  const { outputFiles } = await build({
    stdin: { contents: instrument(fence), loader: 'ts', resolveDir: root },
    bundle: true,
    write: false,
    format: 'esm',
    platform: 'node',
    target: 'node20.19',
    alias: Object.fromEntries([...specifiers].map(([name, path]) => [name, `${root}/${path}`])),
  });
  return outputFiles[0]!.text;
}
