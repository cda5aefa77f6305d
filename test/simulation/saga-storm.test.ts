import { describe, expect, it } from 'vitest';
import { long, patienceMs } from './harness/effort.js';
import { type Mistake, mistakes } from './saga-storm/mistakes.js';
import { BrokenRun, type Outcome, runOf, traceOf } from './saga-storm/run.js';

/*
 * Sagas of random shapes, driven by several workers over one store, through a network and a storm: calls that
 * are lost, late or come twice, answers that are lost, workers that are killed or paused between any two
 * things they do, a store that is away, clocks that are set. The books of the participants are the judge.
 *
 * The seeds are always the same. `SAGA_SEED=17` plays one alone, and prints what happened.
 */

const runs = long ? 20_000 : 2_000;
/** Those that have found one, beyond the runs of every day. */
const memorable = [11_706];
/** So many runs find a mistake, at the latest. */
const FINDS = 300;

const alone = process.env['SAGA_SEED'];
const daily = Array.from({ length: runs }, (_, at) => at + 1);
const seeds = alone === undefined ? [...new Set([...daily, ...memorable])] : [Number(alone)];

function sum(outcomes: readonly Outcome[]): Readonly<Record<string, number>> {
  const total: Record<string, number> = {};
  for (const { counts } of outcomes) {
    for (const [name, count] of Object.entries(counts)) total[name] = (total[name] ?? 0) + count;
  }
  return total;
}

describe(`${seeds.length} runs of sagas in a storm`, () => {
  it(
    'end as they should: completed, undone, or parked with a reason until somebody looks after them',
    async () => {
      const outcomes: Outcome[] = [];
      for (const seed of seeds) outcomes.push(await runOf(seed));
      const total = sum(outcomes);
      console.info(`sagas in a storm: ${JSON.stringify(total)}`);
      if (alone !== undefined) {
        console.info((await traceOf(Number(alone))).join('\n'));
        return;
      }
      // It was no calm sea.
      for (const [name, count] of Object.entries(total))
        expect([name, count > runs / 50]).toEqual([name, true]);
    },
    10 * patienceMs,
  );
});

describe.skipIf(alone !== undefined)('the simulation', () => {
  it('plays the same run for the same seed', async () => {
    expect(await traceOf(7)).toEqual(await traceOf(7));
    expect(await traceOf(7)).not.toEqual(await traceOf(8));
  });

  const found = async (mistake: Mistake): Promise<BrokenRun | undefined> => {
    for (let seed = 1; seed <= FINDS; seed++) {
      const broken = await runOf(seed, mistake).then(
        () => undefined,
        (error: unknown) => error as BrokenRun,
      );
      if (broken !== undefined) return broken;
    }
    return undefined;
  };

  it.each(mistakes)('notices %s', async mistake => {
    const broken = await found(mistake);
    expect(broken).toBeInstanceOf(BrokenRun);
    const [what] = broken!.message.split('\n');
    console.info(`${mistake}: ${what}`);
    expect(what).not.toContain('    at ');
    // Not for another reason.
    expect(await runOf(broken!.seed)).toBeTruthy();
  });
});
