import { spawn } from 'node:child_process';
import { cpSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { expect, it, onTestFinished } from 'vitest';

/** Takes a sample of the mutants, by the scripts in `folder`. */
async function sample(folder: string, stderr: 'inherit' | 'ignore', more: NodeJS.ProcessEnv = {}) {
  // What vitest tells its workers is nothing for the vitest that Stryker starts.
  const own = Object.entries(process.env).filter(([name]) => !name.startsWith('VITEST'));
  const child = spawn(process.execPath, [join(folder, 'run.mjs'), '--short'], {
    env: { ...Object.fromEntries(own), ...more },
    stdio: ['ignore', 'pipe', stderr],
  });
  const ended = new Promise(resolve => child.once('close', resolve));
  const told = await text(child.stdout);
  return { code: await ended, told };
}

it('a sample of the mutants of core is killed, or explained', async context => {
  const { code, told } = await sample(import.meta.dirname, 'inherit');
  expect(code, told).toBe(0);
  const skipped = /^mutation: skipped.*/m.exec(told)?.[0];
  if (skipped !== undefined && !process.env['CI']) context.skip(skipped);
  expect(told).toMatch(/^mutation: passed/m);
}, 300_000);

it.each([
  { CI: 'true', code: 1, says: /^mutation: FAILED, for npm cannot install Stryker/m },
  { CI: undefined, code: 0, says: /^mutation: skipped, for npm cannot install Stryker/m },
])('without Stryker, where CI is $CI, it ends with $code', async ({ CI, code, says }) => {
  const folder = mkdtempSync(join(tmpdir(), 'keelson-mutation-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  const here = join(folder, 'test/mutation');
  for (const file of ['run', 'groups', 'stryker', 'survivors']) {
    cpSync(join(import.meta.dirname, `${file}.mjs`), join(here, `${file}.mjs`));
  }
  // A package that nobody can install, registry or none.
  writeFileSync(join(here, 'package.json'), '{"dependencies":{"stryker":"file:./none/none.tgz"}}');
  const end = await sample(here, 'ignore', { CI });
  expect(end).toEqual({ code, told: expect.stringMatching(says) });
});
