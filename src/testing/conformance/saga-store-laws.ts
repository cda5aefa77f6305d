import { beginningLaws, claimLaws } from './saga-laws-begin.js';
import { keepingLaws } from './saga-laws-keeping.js';
import { lockLaws, signalLaws } from './saga-laws-signals.js';
import { writeLaws } from './saga-laws-write.js';
import { type MakeSagaStore, onScene, type SagaStoreLaw } from './saga-store-scene.js';

/**
 * What every `SagaStore` has to keep, as a list of checks for any test runner. Each makes a store of its own,
 * in which there must be nothing yet; some let short leases run out.
 *
 * @example
 * ```ts
 * import { InMemorySagaStore } from 'keelson/saga';
 * import { checkLaws, sagaStoreLaws, VirtualClock } from 'keelson/testing';
 *
 * const laws = sagaStoreLaws(() => {
 *   const clock = new VirtualClock();
 *   return { store: new InMemorySagaStore({ clock }), advance: ms => clock.advance(ms) };
 * });
 * const { held } = await checkLaws(laws);
 * held.length; // => 48
 * ```
 */
export function sagaStoreLaws(make: MakeSagaStore): readonly SagaStoreLaw[] {
  const laws = [beginningLaws, claimLaws, writeLaws, signalLaws, lockLaws, keepingLaws].flat();
  return laws.map(each => onScene(make, each));
}
