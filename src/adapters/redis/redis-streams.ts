import { type Clock, systemClock } from '../../kernel/clock.js';
import { checkKeys, checkNumber, given, refuse } from '../../kernel/options.js';
import type { Driver } from '../../messaging/driver.js';
import type { RedisCapabilities } from './redis-capabilities.js';
import type { RedisConnection } from './redis-connection.js';
import { RedisStreamsDriver } from './redis-streams-driver.js';

/** How a bus over Redis Streams is made. */
export interface RedisStreamsOptions {
  /**
   * The connection, which stays the caller's: it is never closed here. Each subscription opens one more, by
   * `duplicate()`, and closes it.
   */
  readonly client: RedisConnection;
  /**
   * What the names of all keys begin with; buses that are to hear of each other have the same.
   * @default 'keelson'
   */
  readonly prefix?: string;
  /**
   * The entries of one stream. Publishing to a topic that a group has so many messages of before it fails
   * until there is room; a topic without a group loses its oldest. @default 100000
   */
  readonly maxLength?: number;
  /**
   * For how many ms the messages of a topic that all its groups have dealt with are kept, for groups that
   * start at `earliest`; as long as there is room. @default 0
   */
  readonly retainMs?: number;
  /**
   * The dead letters of one group of one topic; when there are so many, messages come again instead.
   * @default 10000
   */
  readonly maxDeadLetters?: number;
  /** The largest message, headers and body together, in bytes. @default 1048576 */
  readonly maxRecordBytes?: number;
  /** The source of time for waits in this process; the server goes by its own. @default systemClock */
  readonly clock?: Clock;
}

/** What stands where an option was left out. */
export const redisStreamsDefaults: {
  readonly prefix: string;
  readonly maxLength: number;
  readonly retainMs: number;
  readonly maxDeadLetters: number;
  readonly maxRecordBytes: number;
} = /* @__PURE__ */ Object.freeze({
  prefix: 'keelson',
  maxLength: 100_000,
  retainMs: 0,
  maxDeadLetters: 10_000,
  maxRecordBytes: 1_048_576,
});

/** An entry of a stream may be so large, in bytes. */
const LARGEST_RECORD = 128 * 1_048_576;
const owner = 'redisStreams';

function checkClient(client: RedisConnection): void {
  for (const method of ['callBuffer', 'duplicate', 'disconnect', 'on'] as const) {
    if (typeof client?.[method] !== 'function') {
      refuse(owner, 'client', `a client of ioredis, with \`${method}\``, client);
    }
  }
  const { isCluster, options } = client as { isCluster?: unknown; options?: { keyPrefix?: unknown } };
  if (isCluster === true) refuse(owner, 'client', 'a connection to one server, not to a cluster', client);
  if (options?.keyPrefix) {
    refuse(owner, 'client', 'without `keyPrefix`: say `prefix` here', options.keyPrefix);
  }
}

/**
 * A driver for Redis Streams, of a server from 6.2 on.
 *
 * @throws TypeError or RangeError that names the option, the rule and the value.
 *
 * @example
 * ```ts
 * import { createBus } from 'keelson/messaging';
 * import { redisStreams } from 'keelson/redis';
 * import { Redis } from 'ioredis';
 *
 * const bus = createBus(redisStreams({ client: new Redis('redis://redis.example') }));
 * ```
 */
export function redisStreams(options: RedisStreamsOptions): Driver<RedisCapabilities> {
  checkKeys(owner, options, [...Object.keys(redisStreamsDefaults), 'client', 'clock']);
  const { client, clock = systemClock, ...bounds } = { ...redisStreamsDefaults, ...given(options) };
  checkClient(client);
  const { prefix } = bounds;
  if (typeof prefix !== 'string' || !/^[\w:.{}-]{1,128}$/.test(prefix)) {
    refuse(owner, 'prefix', '1 to 128 characters of A-Z a-z 0-9 _ : . { } -', prefix);
  }
  checkNumber(owner, 'maxLength', bounds.maxLength, { min: 1, max: 2 ** 30, integer: true });
  checkNumber(owner, 'retainMs', bounds.retainMs, { min: 0, max: 2 ** 40 });
  checkNumber(owner, 'maxDeadLetters', bounds.maxDeadLetters, { min: 0, max: 2 ** 30, integer: true });
  const size = { min: 1, max: LARGEST_RECORD, integer: true };
  checkNumber(owner, 'maxRecordBytes', bounds.maxRecordBytes, size);
  return new RedisStreamsDriver({ ...bounds, client, clock });
}
