import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import * as house from '../../src/index.js';
import agreed from './budgets.json' with { type: 'json' };
import { freshDist } from './dist.js';
import { type Budgets, bundlesOf, overBudget } from './rules/bundles.js';

describe('the bundle of one import', () => {
  it('keeps its budget and its company', async () => {
    const entry = `${freshDist()}/index.js`;
    expect(overBudget(await bundlesOf(Object.keys(house), entry), agreed)).toEqual([]);
  });

  const budgets: Budgets = { Valve: { gzip: 100, holds: ['core/valve'] } };

  it.each([
    [{ Valve: { gzip: 101, holds: ['core/valve'] } }, 'Valve has 101 bytes, at most 100'],
    [{ Valve: { gzip: 99, holds: ['core/valve', 'core/saga'] } }, 'Valve drags core/saga along'],
    [{ Valve: { gzip: 99, holds: [] } }, 'Valve does not hold core/valve any more'],
    [{ ...budgets, Pump: { gzip: 9, holds: [] } }, 'Pump has no budget: add "Pump": {"gzip":9,"holds":[]}'],
    [{}, 'Valve is no export: take its budget away'],
  ])('is told of when it is %o', (measured, message) => {
    expect(overBudget(measured as Budgets, budgets)).toEqual([expect.stringContaining(message)]);
  });
});

describe('what a bundle holds', () => {
  const folder = mkdtempSync(join(tmpdir(), 'keelson-bundle-'));
  afterAll(() => rmSync(folder, { recursive: true }));
  beforeAll(() => {
    const files = {
      'package.json': '{ "type": "module", "sideEffects": false }',
      'dist/index.js': "export { Valve } from './saga/valve.js'; export { Pump } from './saga/pump.js';",
      'dist/saga/valve.js':
        "import { RustError, LeakError } from '../kernel/errors.js'; import 'p-limit';" +
        'export class Valve { open() { throw new RustError(); } }',
      'dist/saga/pump.js': "import { Valve } from './valve.js'; export const Pump = () => new Valve();",
      'dist/kernel/errors.js':
        'export class RustError extends Error {} export class LeakError extends Error {}',
    };
    for (const [path, text] of Object.entries(files)) {
      mkdirSync(join(folder, path, '..'), { recursive: true });
      writeFileSync(join(folder, path), text);
    }
  });

  it('is its own module, the errors that it throws and the packages that it needs', async () => {
    const { Valve } = await bundlesOf(['Valve'], `${folder}/dist/index.js`);
    expect(Valve!.holds).toEqual(['RustError', 'p-limit', 'saga/valve']);
  });

  it('is also what its imports drag along', async () => {
    const { Pump } = await bundlesOf(['Pump'], `${folder}/dist/index.js`);
    expect(Pump!.holds).toEqual(['RustError', 'p-limit', 'saga/pump', 'saga/valve']);
    expect(Pump!.gzip).toBeGreaterThan(100);
  });
});
