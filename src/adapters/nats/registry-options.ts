import type { NatsConnection } from '@nats-io/transport-node';
import { type Clock, systemClock } from '../../kernel/clock.js';
import { checkKeys, checkNumber, checkOneOf, given, refuse } from '../../kernel/options.js';

/** How a store of instances over NATS is made. */
export interface NatsRegistryStoreOptions {
  /** The connection, which stays the caller's: it is never closed here, and comes back by itself. */
  readonly client: NatsConnection;
  /** The name of the key-value bucket. @default 'keelson-registry' */
  readonly bucket?: string;
  /** How often it is looked whether something has changed, in ms. @default 5000 */
  readonly pollMs?: number;
  /**
   * So long after an instance was taken out a late word of it is not believed, in ms. What is older than this
   * the server forgets, so that no lease may be longer. @default 600000
   */
  readonly tombstoneMs?: number;
  /** So many instances, of all services together, and of those whose end is remembered. @default 100000 */
  readonly maxInstances?: number;
  /** Where the server keeps the bucket. What it forgets is registered again. @default 'memory' */
  readonly storage?: 'file' | 'memory';
  /** How many servers of a cluster keep it, 1 to 5. @default 1 */
  readonly replicas?: number;
  /** Whether the bucket is made where it is not there, or has to be there. @default 'ensure' */
  readonly topology?: 'ensure' | 'check';
  /** What the subjects of the API begin with: `$JS.<domain>.API` for a domain. @default '$JS.API' */
  readonly apiPrefix?: string;
  /** The source of time for waits in this process. @default systemClock */
  readonly clock?: Clock;
}

/** What stands where an option was left out. */
export const natsRegistryDefaults: {
  readonly bucket: string;
  readonly pollMs: number;
  readonly tombstoneMs: number;
  readonly maxInstances: number;
  readonly storage: 'memory';
  readonly replicas: number;
  readonly topology: 'ensure';
  readonly apiPrefix: string;
} = /* @__PURE__ */ Object.freeze({
  bucket: 'keelson-registry',
  pollMs: 5_000,
  tombstoneMs: 600_000,
  maxInstances: 100_000,
  storage: 'memory',
  replicas: 1,
  topology: 'ensure',
  apiPrefix: '$JS.API',
});

/** Whether an option is one of the store, not of the registry over it. */
export const isNatsRegistryOption = (name: string): boolean =>
  name === 'client' || name === 'clock' || name in natsRegistryDefaults;

/** @throws TypeError or RangeError that names the option, the rule and the value. */
export function checkNatsRegistry(options: NatsRegistryStoreOptions): Required<NatsRegistryStoreOptions> {
  const owner = 'natsRegistry';
  checkKeys(owner, options, ['client', 'clock', ...Object.keys(natsRegistryDefaults)]);
  const all = { ...natsRegistryDefaults, clock: systemClock, ...given(options) };
  const { client, bucket, apiPrefix } = all;
  if (typeof client?.publish !== 'function' || typeof client.subscribe !== 'function') {
    refuse(owner, 'client', 'a connection of `@nats-io/transport-node`', client);
  }
  if (typeof bucket !== 'string' || !/^[\w-]{1,128}$/.test(bucket)) {
    refuse(owner, 'bucket', '1 to 128 characters of A-Z a-z 0-9 _ -', bucket);
  }
  if (typeof apiPrefix !== 'string' || !/^[$\w-]+(\.[$\w-]+)*$/.test(apiPrefix)) {
    refuse(owner, 'apiPrefix', 'tokens with dots between them', apiPrefix);
  }
  checkNumber(owner, 'pollMs', all.pollMs, { min: 1, max: 2 ** 40 });
  // A stream keeps nothing for a shorter time than 100 ms.
  checkNumber(owner, 'tombstoneMs', all.tombstoneMs, { min: 100, max: 2 ** 40, integer: true });
  checkNumber(owner, 'maxInstances', all.maxInstances, { min: 1, max: 2 ** 30, integer: true });
  checkNumber(owner, 'replicas', all.replicas, { min: 1, max: 5, integer: true });
  checkOneOf(owner, 'storage', all.storage, ['file', 'memory']);
  checkOneOf(owner, 'topology', all.topology, ['ensure', 'check']);
  return all;
}
