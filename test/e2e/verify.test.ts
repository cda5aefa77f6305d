import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { root } from '../house/tree.js';

const verify = (...words: readonly string[]) =>
  spawnSync(process.execPath, ['scripts/verify.mjs', ...words], { cwd: root, encoding: 'utf8' });

describe('npm run verify', () => {
  it('runs scripts that there are, the whole suite among them', () => {
    const { scripts } = JSON.parse(readFileSync(`${root}/package.json`, 'utf8')) as { scripts: object };
    const { status, stdout } = verify('--list');
    const steps = stdout.trimEnd().split('\n');
    expect(status).toBe(0);
    expect(steps).toContain('test: npm run test');
    for (const step of steps) expect(Object.keys(scripts)).toContain(/: npm run (\S+)/.exec(step)?.[1]);
  });

  it('runs some, or all but some', () => {
    expect(verify('--list', '--only', 'soak,demo').stdout).toBe('demo: npm run demo\nsoak: npm run soak\n');
    expect(verify('--list', '--except', 'soak').stdout).not.toContain('soak: ');
  });

  it.each([
    [['--only', 'tests'], 'there is no step tests; there are check, test'],
    [['--except', 'x'], 'there is no step x;'],
    [['--olny', 'x'], "Unknown option '--olny'"],
  ])('ends with 2 for %j', (words, message) => {
    const { status, stdout, stderr } = verify(...words);
    expect([status, stdout, stderr]).toEqual([2, '', expect.stringContaining(message)]);
  });
});
