import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { expect, it } from 'vitest';

it('a sample of the mutants of core is killed, or explained', async context => {
  // What vitest tells its workers is nothing for the vitest that Stryker starts.
  const env = Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith('VITEST')));
  const child = spawn(process.execPath, [join(import.meta.dirname, 'run.mjs'), '--short'], {
    env,
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const ended = new Promise(resolve => child.once('close', resolve));
  const told = await text(child.stdout);
  expect(await ended, told).toBe(0);
  const skipped = /^mutation: skipped.*/m.exec(told)?.[0];
  if (skipped !== undefined) context.skip(skipped);
  expect(told).toMatch(/^mutation: passed/m);
}, 300_000);
