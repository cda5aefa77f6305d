import { checkNumber, given } from '../kernel/options.js';
import { checkList, DirectoryShelf } from './directory-shelf.js';
import type { NewInstance } from './service-instance.js';
import { type DirectoryStore, StoredDirectory } from './stored-directory.js';
import type { DirectoryOptions } from './stored-registry.js';

/** How a `StaticDirectory` is made. */
export interface StaticDirectoryOptions extends Omit<DirectoryOptions, 'name' | 'answerTimeoutMs'> {
  /** Shown in errors. @default 'static' */
  readonly name?: string;
  /** The largest metadata of one instance, names and values together, in bytes. @default 4096 */
  readonly maxMetadataBytes?: number;
  /** So many instances, of all services together. @default 100000 */
  readonly maxInstances?: number;
}

const defaults: {
  readonly name: string;
  readonly maxWatches: number;
  readonly maxMetadataBytes: number;
  readonly maxInstances: number;
} = /* @__PURE__ */ Object.freeze({
  name: 'static',
  maxWatches: 10_000,
  maxMetadataBytes: 4_096,
  maxInstances: 100_000,
});

/**
 * A list of instances that the program gives, in the place of a registry.
 *
 * @example
 * ```ts
 * import { StaticDirectory } from 'keelson/discovery';
 *
 * const directory = new StaticDirectory([{ service: 'cart', address: '10.0.0.5:8080' }]);
 * const found = await directory.instances('cart');
 * found.map(({ id }) => id); // => ['10.0.0.5:8080']
 * await directory.close();
 * ```
 */
export class StaticDirectory extends StoredDirectory {
  readonly #shelf: DirectoryShelf;
  readonly #hints: Set<(service: string) => void>;
  readonly #bounds: readonly [maxMetadataBytes: number, maxInstances: number];

  /**
   * @throws TypeError or RangeError that names the option, the rule and the value, or what is wrong with an
   * instance.
   */
  constructor(instances: readonly NewInstance[], options: StaticDirectoryOptions = {}) {
    const { maxMetadataBytes, maxInstances, ...rest } = { ...defaults, ...given(options) };
    checkNumber('StaticDirectory', 'maxMetadataBytes', maxMetadataBytes, {
      min: 0,
      max: 2 ** 30,
      integer: true,
    });
    checkNumber('StaticDirectory', 'maxInstances', maxInstances, { min: 1, max: 2 ** 30, integer: true });
    const shelf = new DirectoryShelf();
    const hints = new Set<(service: string) => void>();
    const store: DirectoryStore = {
      pollMs: Infinity,
      read: async (service, since) => shelf.view(service, since),
      services: async () => shelf.names(),
      follow: hint => {
        const own = (service: string): void => hint(service);
        hints.add(own);
        return () => void hints.delete(own);
      },
    };
    super(store, rest);
    this.#shelf = shelf;
    this.#hints = hints;
    this.#bounds = [maxMetadataBytes, maxInstances];
    this.update(instances);
  }

  /** What stands where an option was left out. */
  static get defaults(): typeof defaults {
    return defaults;
  }

  /**
   * These are all instances from now on.
   *
   * @throws InvalidInstanceError, TypeError or RangeError for what is wrong; then nothing has changed.
   */
  update(instances: readonly NewInstance[]): void {
    const changed = this.#shelf.putAll(checkList(instances, ...this.#bounds));
    for (const service of changed) for (const hint of this.#hints) hint(service);
  }
}
