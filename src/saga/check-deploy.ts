import { refuse } from '../kernel/options.js';
import { isSaga, type SagaData } from './saga-node.js';
import type { SagaStore } from './saga-store.js';

/** Sagas that are under way, and that no definition of a program drives. */
export interface Stranded {
  /** The name of the saga. */
  readonly definition: string;
  /** Its version. */
  readonly version: number;
  /** How many there are. */
  readonly count: number;
  /**
   * `missing`: there is no such definition or version; `changed`: it has other steps than they began with.
   */
  readonly why: 'missing' | 'changed';
}

/**
 * The sagas that would stand still if only these definitions were there: to be asked before a deployment.
 * None of them is touched or lost: whoever has their definitions goes on with them.
 *
 * @throws TypeError that names the argument, the rule and the value.
 */
export async function checkDeploy(
  store: SagaStore,
  definitions: readonly SagaData[],
): Promise<readonly Stranded[]> {
  if (typeof store?.census !== 'function') refuse('checkDeploy', 'store', 'a SagaStore', store);
  if (!Array.isArray(definitions) || !definitions.every(isSaga)) {
    refuse('checkDeploy', 'definitions', 'a list of definitions', definitions);
  }
  await store.open();
  return (await store.census()).flatMap(({ definition, version, hash, count }) => {
    const known = definitions.find(one => one.name === definition && one.version === version);
    if (known?.hash === hash) return [];
    return [{ definition, version, count, why: known === undefined ? 'missing' : 'changed' }];
  });
}
