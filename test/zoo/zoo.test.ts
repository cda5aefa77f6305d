import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { describe, expect, it } from 'vitest';
import { seededRandom } from '../../src/testing/seeded-random.js';
import { breakerVariants } from './breaker-variants.js';
import { deliveryVariants } from './delivery-variants.js';
import { discoveryVariants } from './discovery-variants.js';
import { limitVariants } from './limit-variants.js';
import { lineVariants } from './line-variants.js';
import { rateVariants } from './rate-variants.js';
import { sagaVariants } from './saga-variants.js';
import { root, timesFound, type Variant } from './variant.js';

interface Verdict {
  readonly name: string;
  /** The test that noticed. */
  readonly killedBy?: string;
  /** Why there was nothing to notice. */
  readonly trouble?: string;
  readonly ms: number;
}

const zoo = [
  ...[...breakerVariants, ...limitVariants, ...lineVariants, ...rateVariants, ...sagaVariants],
  ...[...deliveryVariants, ...discoveryVariants],
];
const all = process.env['ZOO'] === 'all';
const seed = Number(process.env['FC_SEED'] ?? (process.env['CI'] ? 20260101 : Date.now() % 2 ** 31));
const chosen = all ? zoo : sampleOf(8);

function sampleOf(count: number): Variant[] {
  const random = seededRandom(seed);
  const rest = [...zoo];
  return Array.from({ length: count }, () => rest.splice(Math.floor(random() * rest.length), 1)[0]!);
}

/** Runs the killers in processes of their own, which have no part in the mocks and timers of this one. */
async function verdictsOn(variants: readonly Partial<Variant>[]): Promise<Verdict[]> {
  const verdicts: Verdict[] = [];
  // A killer that never ends takes its process with it.
  for (let begun = -1; verdicts.length > begun && verdicts.length < variants.length; ) {
    begun = verdicts.length;
    const child = spawn(process.execPath, [join(import.meta.dirname, 'killing.mjs')], {
      cwd: root,
      env: { ...process.env, FC_SEED: '20260101', FC_SHRINK: 'no', CI: 'true' },
      stdio: ['pipe', 'pipe', 'inherit'],
    });
    child.stdin.end(JSON.stringify(variants.slice(begun)));
    for await (const line of createInterface(child.stdout)) {
      if (line.startsWith('{"name"')) verdicts.push(JSON.parse(line) as Verdict);
    }
  }
  return verdicts;
}

function tell({ name, killedBy, trouble, ms }: Verdict): string {
  return `${String(ms).padStart(6)} ms  ${name}\n           ${trouble ?? killedBy ?? 'SURVIVED'}`;
}

describe('every variant of the zoo', () => {
  it('stands where its file still says what it replaces, and has a killer', () => {
    expect(zoo.filter(variant => timesFound(variant) !== 1).map(({ name }) => name)).toEqual([]);
    expect(zoo.filter(({ killer }) => !existsSync(join(root, killer))).map(({ name }) => name)).toEqual([]);
    expect(zoo.filter(({ find, put }) => find === put)).toEqual([]);
    expect(new Set(zoo.map(({ name }) => name)).size).toBe(zoo.length);
  });
});

describe(all ? 'the whole zoo' : `a sample of the zoo (seed ${seed})`, () => {
  const killers = [...new Set(chosen.map(({ killer }) => killer))];

  const healthy = async () => {
    const verdicts = await verdictsOn(killers.map(killer => ({ name: killer, file: 'none', killer })));
    expect(verdicts).toHaveLength(killers.length);
    expect(verdicts.filter(({ killedBy, trouble }) => killedBy ?? trouble)).toEqual([]);
  };
  // In `npm test` the killers run by themselves as well.
  if (all) it('has killers that let the right code live', healthy, 1_800_000);

  it('is killed', async () => {
    const lanes = Math.min(2, availableParallelism());
    const shares = Array.from({ length: lanes }, (_, lane) => chosen.filter((_, at) => at % lanes === lane));
    const verdicts = (await Promise.all(shares.map(verdictsOn))).flat();
    if (all) process.stdout.write(`${verdicts.map(tell).join('\n')}\n`);
    expect(verdicts.map(({ name }) => name).sort()).toEqual(chosen.map(({ name }) => name).sort());
    expect(verdicts.filter(({ killedBy, trouble }) => trouble ?? !killedBy).map(tell)).toEqual([]);
  }, 1_800_000);
});
