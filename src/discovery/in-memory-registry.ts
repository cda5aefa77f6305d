import type { LeaseRules } from '../core/lease-table.js';
import { checkKeys, checkNumber, given } from '../kernel/options.js';
import { MemoryRegistryStore } from './memory-registry-store.js';
import { checkRegistry, type RegistryOptions, registryDefaults, StoredRegistry } from './stored-registry.js';

/** How an `InMemoryRegistry` is made. */
export interface InMemoryRegistryOptions extends Omit<RegistryOptions, 'name' | 'answerTimeoutMs'> {
  /** Shown in errors. @default 'memory' */
  readonly name?: string;
  /** So many instances, of all services together. @default 100000 */
  readonly maxInstances?: number;
  /**
   * When the leases of more than this share of a service end within `preserveWindowMs`, those instances are
   * kept, as `preserved`: it is more likely that nobody heard of them than that all are gone. 1 turns it off.
   * @default 0.5
   */
  readonly preserveRatio?: number;
  /** A service of fewer instances than this loses those whose leases end, all the same. @default 5 */
  readonly preserveFrom?: number;
  /** What ends within so long ends together, in ms; and so often who is kept is judged. @default 60000 */
  readonly preserveWindowMs?: number;
  /** So long after the end of its lease no instance is kept any more, in ms. @default 300000 */
  readonly preserveMs?: number;
  /**
   * When the process has stood still for longer than this, in ms, that time does not count against any lease:
   * whoever would have said that it is there was not heard. It looks twice in that time. @default 2000
   */
  readonly suspendMs?: number;
  /** So long after an instance was taken out a late word of it is not believed, in ms. @default 600000 */
  readonly tombstoneMs?: number;
  /** So many of those that were taken out are remembered. @default 100000 */
  readonly maxTombstones?: number;
  /** So many changes of a service are known one by one; further back it is told whole. @default 10000 */
  readonly maxChanges?: number;
}

const { answerTimeoutMs: _, ...shared } = registryDefaults;

const defaults: Required<Omit<InMemoryRegistryOptions, 'clock' | 'random'>> = /* @__PURE__ */ Object.freeze({
  ...shared,
  name: 'memory',
  maxInstances: 100_000,
  preserveRatio: 0.5,
  preserveFrom: 5,
  preserveWindowMs: 60_000,
  preserveMs: 300_000,
  suspendMs: 2_000,
  tombstoneMs: 600_000,
  maxTombstones: 100_000,
  maxChanges: 10_000,
});

/** @throws TypeError or RangeError that names the option, the rule and the value. */
export function checkLeases(options: InMemoryRegistryOptions): {
  readonly rules: LeaseRules;
  readonly rest: RegistryOptions;
} {
  const owner = 'InMemoryRegistry';
  checkKeys(owner, options, [...Object.keys(defaults), 'clock', 'random']);
  const { maxRegistrations, maxWatches, maxMetadataBytes, name, ...all } = { ...defaults, ...given(options) };
  const { clock, random, maxInstances: maxLeases, ...leases } = all;
  const counts = { maxInstances: maxLeases, ...leases };
  for (const option of ['maxInstances', 'maxTombstones', 'maxChanges', 'preserveFrom'] as const) {
    checkNumber(owner, option, counts[option], { min: 1, max: 2 ** 30, integer: true });
  }
  checkNumber(owner, 'preserveRatio', leases.preserveRatio, { min: 0, max: 1 });
  for (const option of ['preserveWindowMs', 'suspendMs', 'tombstoneMs'] as const) {
    checkNumber(owner, option, leases[option], { min: 1, max: 2 ** 40 });
  }
  checkNumber(owner, 'preserveMs', leases.preserveMs, { min: 0, max: 2 ** 40 });
  const rest = { name, maxRegistrations, maxWatches, maxMetadataBytes, ...given({ clock, random }) };
  return { rules: { ...leases, maxLeases }, rest: rest as RegistryOptions };
}

/**
 * A registry in the memory of the process: for tests, on a virtual clock too, for services that share a
 * process, and behind a server of your own. What it holds ends with the process.
 *
 * @example
 * ```ts
 * import { InMemoryRegistry } from 'keelson/discovery';
 *
 * const registry = new InMemoryRegistry();
 * const cart = { service: 'cart', address: '10.0.0.5:8080', version: '1.4.0' };
 * const one = registry.register(cart);
 * await one.ready;
 * const found = await registry.instances({ service: 'cart', version: '^1.2.0' });
 * found.map(({ address }) => address); // => ['10.0.0.5:8080']
 * await one.close({ drainMs: 0 });
 * await registry.instances('cart'); // => []
 * await registry.close();
 * ```
 */
export class InMemoryRegistry extends StoredRegistry {
  readonly #table: MemoryRegistryStore['table'];

  /** @throws TypeError or RangeError that names the option, the rule and the value. */
  constructor(options: InMemoryRegistryOptions = {}) {
    const { rules, rest } = checkLeases(options);
    const { clock } = checkRegistry('InMemoryRegistry', rest);
    const store = new MemoryRegistryStore(rules, clock);
    super(store, rest);
    this.#table = store.table;
  }

  /** What stands where an option was left out. */
  static get defaults(): typeof defaults {
    return defaults;
  }

  /** What it holds; `preserved` counts instances whose leases have ended, `stoodStillMs` time left out. */
  override snapshot(): ReturnType<StoredRegistry['snapshot']> & {
    readonly instances: number;
    readonly preserved: number;
    readonly stoodStillMs: number;
  } {
    const table = this.#table;
    const preserved = table.groups().reduce((sum, group) => sum + table.preserved(group), 0);
    return { ...super.snapshot(), instances: table.size, preserved, stoodStillMs: table.skippedMs };
  }
}
