import { afterAll, beforeAll, expect, it } from 'vitest';
import { SagaChaos } from '../chaos/saga-chaos.js';

/*
 * Real processes: workers over one PostgreSQL, participants with a database each. Workers are killed and
 * stopped all the time, the server once. `npm run test:chaos` is the long form.
 */

const long = process.env['CHAOS'] === 'long';
const settings = long ? { workers: 8, sagas: 2_000, open: 120 } : { workers: 4, sagas: 200, open: 60 };
const withinMs = long ? 1_200_000 : 180_000;
const chaos = new SagaChaos(settings);

beforeAll(() => chaos.open(), 300_000);
afterAll(() => chaos.end(), 60_000);

it(
  `ends ${settings.sagas} orders, loses and doubles nothing, whoever is killed`,
  async () => {
    const { lines, wrong } = await chaos.run(withinMs);
    console.info(lines.join('\n'));
    expect(wrong).toEqual([]);
  },
  withinMs + 60_000,
);
