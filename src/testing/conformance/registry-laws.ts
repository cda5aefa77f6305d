import { leaseLaws, leavingLaws, registeringLaws } from './registry-laws-leases.js';
import { readingLaws } from './registry-laws-reading.js';
import { registrationLaws, watchingLaws } from './registry-laws-watching.js';
import { type MakeRegistry, onRegistryScene, type RegistryLaw } from './registry-scene.js';

/**
 * What every `RegistryStore` has to keep, as a list of checks for any test runner. Each makes a store of its
 * own, in which there must be nothing yet; some let short leases run out.
 *
 * @example
 * ```ts
 * import type { RegistryStore } from 'keelson/discovery';
 * import { checkLaws, registryLaws } from 'keelson/testing';
 *
 * declare function emptyStore(): RegistryStore;
 * const sleep = (ms: number) => new Promise<void>(resolve => void setTimeout(resolve, ms));
 * const laws = registryLaws(() => ({ store: emptyStore(), advance: sleep }));
 * const { held } = await checkLaws(laws);
 * ```
 */
export function registryLaws(make: MakeRegistry): readonly RegistryLaw[] {
  const laws = [registeringLaws, leaseLaws, leavingLaws, readingLaws, watchingLaws, registrationLaws];
  return laws.flat().map(each => onRegistryScene(make, each));
}
