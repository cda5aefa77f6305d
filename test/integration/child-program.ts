import { execFile } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { build } from 'esbuild';

export interface ProgramEnd {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
  /** From the start of the process to its end. */
  readonly elapsedMs: number;
}

const root = join(import.meta.dirname, '../..');

/**
 * Runs a program in a process of its own, as a user's would be: what it imports from `keelson` are the
 * sources of this package. It is ended by force after `killAfterMs`, and then has the code `null`.
 */
export async function runProgram(
  source: string,
  { nodeFlags = [], killAfterMs = 20_000 }: { nodeFlags?: readonly string[]; killAfterMs?: number } = {},
): Promise<ProgramEnd> {
  const folder = await mkdtemp(join(tmpdir(), 'keelson-program-'));
  const outfile = join(folder, 'program.mjs');
  try {
    await build({
      stdin: { contents: source, resolveDir: root, loader: 'ts' },
      outfile,
      bundle: true,
      platform: 'node',
      format: 'esm',
      logLevel: 'error',
      // For packages of CommonJS, which a bundle of ES modules cannot ask for Node's own.
      banner: { js: "import { createRequire } from 'node:module'; const require = createRequire('/');" },
      alias: {
        keelson: join(root, 'src/index.ts'),
        'keelson/testing': join(root, 'src/testing.ts'),
        'keelson/redis': join(root, 'src/redis.ts'),
        'keelson/saga': join(root, 'src/saga.ts'),
      },
    });
    return await run([...nodeFlags, outfile], killAfterMs);
  } finally {
    await rm(folder, { recursive: true });
  }
}

function run(args: readonly string[], timeout: number): Promise<ProgramEnd> {
  const startedAt = performance.now();
  return new Promise(resolve => {
    const child = execFile(process.execPath, args, { timeout }, (_error, stdout, stderr) => {
      resolve({ code: child.exitCode, stdout, stderr, elapsedMs: performance.now() - startedAt });
    });
  });
}
