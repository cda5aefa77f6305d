import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const root = new URL('../../', import.meta.url);

/** How a program ended, and what it had printed by then. */
export interface Ended {
  /** The exit code; `null` when it was killed because it did not end by itself. */
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs a program of this repository in a process of its own, against the built package, as a user would. */
export function runProgram(path: string, args: readonly string[], timeoutMs: number): Promise<Ended> {
  if (!existsSync(new URL('dist/index.js', root))) throw new Error('there is no dist/: run `npm run build`');
  const file = fileURLToPath(new URL(path, root));
  // A terminal that runs the tests shall not decide how the program prints.
  const { NO_COLOR: _no, FORCE_COLOR: _force, ...env } = process.env;
  return new Promise(resolve => {
    const options = { timeout: timeoutMs, killSignal: 'SIGTERM', env, cwd: fileURLToPath(root) } as const;
    const child = execFile(process.execPath, [file, ...args], options, (_error, stdout, stderr) => {
      const killed = child.signalCode !== null || child.killed;
      resolve({ code: killed ? null : child.exitCode, stdout, stderr });
    });
  });
}
