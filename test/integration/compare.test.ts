import { pathToFileURL } from 'node:url';
import { describe, expect, it } from 'vitest';
import * as front from '../../src/index.js';
import * as testing from '../../src/testing.js';
import { root } from '../house/tree.js';

interface Scenario {
  readonly id: string;
  readonly defect: string;
  readonly name: string;
}

/** The other side of the comparison runs by `npm run compare`: its packages are not installed here. */
const load = async <T>(file: string): Promise<T> =>
  (await import(/* @vite-ignore */ pathToFileURL(`${root}/bench/compare/${file}`).href)) as T;

const { scenarios } = await load<{ scenarios: () => Scenario[] }>('scenarios.mjs');
const { play } = await load<{ play: (scenario: Scenario, make: unknown) => Promise<string> }>('play.mjs');
const { keelson } = await load<{ keelson: (modules: object) => unknown }>('subjects/keelson.mjs');

const numbers = (letter: string) => Array.from({ length: 12 }, (_, at) => `${letter}${at + 1}`);

describe('what others get wrong', () => {
  it('has a scenario for each defect of the list', () => {
    expect(new Set(scenarios().map(({ defect }) => defect))).toEqual(
      new Set([...numbers('C'), ...numbers('O')]),
    );
  });

  it.each(scenarios().map(scenario => [scenario.id, scenario.name, scenario] as const))(
    '%s: %s',
    async (_id, _name, scenario) => {
      expect(await play(scenario, keelson({ ...front, ...testing }))).toBe('right');
    },
  );
});
