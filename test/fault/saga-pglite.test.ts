import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { defineSaga } from '../../src/saga/definition.js';
import type { SagaData } from '../../src/saga/saga-node.js';
import type { SagaScenario } from '../../src/testing/saga/saga-scenario.js';
import { echoesOf, interruptionsOf, scenariosOf } from '../../src/testing/saga/saga-scenarios.js';
import { PGliteWorlds } from './pglite-worlds.js';

/*
 * As `exploreSaga`, but with the store of PostgreSQL in a PGlite: a worker is killed, or paused and comes
 * back early or late, before each thing that is felt outside. SAGA_PGLITE=long: with every single fault
 * of every step, every write that comes twice, and every pair of points.
 */

const long = process.env['SAGA_PGLITE'] === 'long';
/** So many faults make a case of pairs. */
const FAULTS_A_CASE = 4;

let worlds: PGliteWorlds;
beforeAll(async () => {
  worlds = await PGliteWorlds.make();
});
afterAll(() => worlds.close());

/** What an exploration saw. */
class Seen {
  scenarios = 0;
  points = 0;
  singles = 0;
  echoes = 0;
  pairs = 0;
  takeovers = 0;
  readonly ends = { completed: 0, compensated: 0, parked: 0 };

  /** Runs it, and answers how many points it had. */
  async run(definition: SagaData, scenario: SagaScenario): Promise<readonly string[]> {
    const { record, felt } = await worlds.run(definition, scenario);
    this.takeovers += record.epoch > 1 ? 1 : 0;
    this.ends[record.status as keyof typeof this.ends]++;
    return felt;
  }
}

/** A worker goes at every point of every scenario, in each way; or one, and then another, at every pair. */
async function explore({ saga, scenarios, workers }: Case): Promise<Seen> {
  const seen = new Seen();
  for (const scenario of scenarios) {
    const felt = await seen.run(saga, scenario);
    seen.scenarios++;
    seen.points += felt.length;
    for (const echoed of long && workers === 1 ? echoesOf(scenario, felt) : []) {
      await seen.run(saga, echoed);
      seen.echoes++;
    }
    for (const interrupted of interruptionsOf(scenario, felt.length, true)) {
      if (!long && interrupted.resumeAt === 2) continue;
      const farther = await seen.run(saga, interrupted);
      seen.singles++;
      const from = interrupted.interruptions[0]!.point;
      for (const twice of workers === 2 ? interruptionsOf(interrupted, farther.length, false, from) : []) {
        await seen.run(saga, twice);
        seen.pairs++;
      }
    }
  }
  return seen;
}

/** Nothing, one answer that is lost, and the last step that refuses. */
function isPlain(faults: SagaScenario['faults']): boolean {
  const [first, second] = faults;
  if (first === undefined) return true;
  if (second !== undefined) return false;
  return first.fault === 'refused'
    ? first.times === Infinity
    : first.fault === 'answer-lost' && first.times === 1;
}

const undoable = { forward: () => {}, compensate: () => {} };
const forwardOnly = { forward: () => {} };

const sagas: Readonly<Record<string, SagaData>> = {
  'one step': defineSaga('one').step('a', undoable),
  'two steps': defineSaga('two').step('a', undoable).step('b', undoable),
  'three steps, the second of them a pivot': defineSaga('three')
    .step('a', undoable)
    .pivot('b', forwardOnly)
    .step('c', forwardOnly),
  'four steps': defineSaga('four')
    .step('a', undoable)
    .step('b', undoable)
    .step('c', undoable)
    .step('d', undoable),
};

/** What is explored in one go. */
interface Case {
  readonly name: string;
  readonly saga: SagaData;
  readonly scenarios: readonly SagaScenario[];
  readonly workers: 1 | 2;
}

const cases: Case[] = Object.entries(sagas).map(([name, saga]) => {
  const scenarios = scenariosOf([saga], {}).filter(({ faults }) => long || isPlain(faults));
  return { name, saga, scenarios, workers: 1 };
});
// Pairs, a few faults to each case: what has been proven when it stops half way is not to be done again.
for (const { name, saga, scenarios } of long ? [...cases] : []) {
  for (let from = 0; from < scenarios.length; from += FAULTS_A_CASE) {
    const some = scenarios.slice(from, from + FAULTS_A_CASE);
    const which = `two workers, faults ${from + 1} to ${from + some.length} of ${scenarios.length}`;
    cases.push({ name: `${name}: ${which}`, saga, scenarios: some, workers: 2 });
  }
}

describe('over PGlite, whenever a worker goes', () => {
  for (const one of cases) {
    const { name, scenarios } = one;
    it(
      `loses and doubles nothing in a saga of ${name}`,
      async () => {
        const from = performance.now();
        const seen = await explore(one);
        const seconds = Math.round((performance.now() - from) / 1000);
        console.info(`${name}: ${JSON.stringify({ ...seen, seconds })}`);
        expect(seen.takeovers).toBeGreaterThan(seen.points / 2);
        // Of some faults alone a saga may come to one end always.
        if (scenarios.some(({ faults }) => faults.length === 0)) {
          expect(seen.ends.completed).toBeGreaterThan(0);
        }
        if (one.workers === 1) expect(seen.ends.compensated).toBeGreaterThan(0);
      },
      long ? 14_400_000 : 600_000,
    );
  }
});
