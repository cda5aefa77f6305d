import { type Clock, systemClock } from '../kernel/clock.js';
import { type Random, systemRandom } from '../kernel/random.js';

/** How often a step is tried before which somebody else came. */
const MOST_TRIES = 100;

/**
 * Takes a step that writes only over what it has read, until nobody came first: it answers `undefined` where
 * somebody did. The first few tries are at once, later ones after a while that chance chooses.
 *
 * @throws Error, as a rejection, where others came first a hundred times.
 */
export async function firstWrite<T>(
  store: string,
  step: () => Promise<T | undefined>,
  clock: Clock = systemClock,
  random: Random = systemRandom,
): Promise<T> {
  for (let tries = 0; tries < MOST_TRIES; tries++) {
    const answer = await step();
    if (answer !== undefined) return answer;
    if (tries > 2) {
      const ms = random() * Math.min(tries * 5, 100);
      await new Promise<void>(resolve => clock.schedule(ms, resolve, true));
    }
  }
  throw new Error(`${store}: others came first ${MOST_TRIES} times`);
}
