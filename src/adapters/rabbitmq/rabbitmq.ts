import { type Clock, systemClock } from '../../kernel/clock.js';
import { checkKeys, checkNumber, checkOneOf, given, refuse } from '../../kernel/options.js';
import type { Driver } from '../../messaging/driver.js';
import type { RabbitCapabilities } from './rabbit-capabilities.js';
import type { RabbitConnection } from './rabbit-client.js';
import { RabbitDriver } from './rabbit-driver.js';

/** How a bus over RabbitMQ is made. */
export interface RabbitmqOptions {
  /**
   * Makes a connection: `() => connect(url)` with `connect` of `amqplib`, without its `recovery`. Two are
   * made, one to publish and one to consume, and again whenever one is lost. They are closed with the bus.
   */
  readonly connect: () => Promise<RabbitConnection>;
  /**
   * The name of the exchange, and what the names of all else begin with; buses that are to hear of each
   * other have the same. @default 'keelson'
   */
  readonly prefix?: string;
  /** Whether the exchanges may be made, are looked for, or are trusted to be there. @default 'ensure' */
  readonly topology?: 'ensure' | 'check' | 'none';
  /** Whether to publish fails where there is neither a group nor a subscriber that gets it. @default false */
  readonly mandatory?: boolean;
  /**
   * The messages of one group of one topic; publishing fails when there are so many. Without a group the
   * oldest go. A queue keeps what it was made with. @default 100000
   */
  readonly maxLength?: number;
  /**
   * The dead letters of one group of one topic; when there are so many, messages come again instead.
   * @default 10000
   */
  readonly maxDeadLetters?: number;
  /**
   * The server's `consumer_timeout`, in ms: what is held for so long it takes back, and closes the channel.
   * @default 1800000
   */
  readonly consumerTimeoutMs?: number;
  /** The largest message, headers and body together, in bytes. @default 1048576 */
  readonly maxRecordBytes?: number;
  /** The source of time for waits in this process; the server goes by its own. @default systemClock */
  readonly clock?: Clock;
}

/** What stands where an option was left out. */
export const rabbitmqDefaults: {
  readonly prefix: string;
  readonly topology: 'ensure';
  readonly mandatory: boolean;
  readonly maxLength: number;
  readonly maxDeadLetters: number;
  readonly consumerTimeoutMs: number;
  readonly maxRecordBytes: number;
} = /* @__PURE__ */ Object.freeze({
  prefix: 'keelson',
  topology: 'ensure',
  mandatory: false,
  maxLength: 100_000,
  maxDeadLetters: 10_000,
  consumerTimeoutMs: 1_800_000,
  maxRecordBytes: 1_048_576,
});

/** No server takes a larger message by default; from 4.0 on it is 16 MiB. */
const LARGEST_RECORD = 128 * 1_048_576;
const owner = 'rabbitmq';

/**
 * A driver for RabbitMQ, from 3.10 on.
 *
 * @throws TypeError or RangeError that names the option, the rule and the value.
 *
 * @example
 * ```ts
 * import { connect } from 'amqplib';
 * import { createBus } from 'keelson/messaging';
 * import { rabbitmq } from 'keelson/rabbitmq';
 *
 * const bus = createBus(rabbitmq({ connect: () => connect('amqp://rabbit.example?heartbeat=10') }));
 * ```
 */
export function rabbitmq(options: RabbitmqOptions): Driver<RabbitCapabilities> {
  checkKeys(owner, options, [...Object.keys(rabbitmqDefaults), 'connect', 'clock']);
  const { clock = systemClock, ...all } = { ...rabbitmqDefaults, ...given(options) };
  if (typeof all.connect !== 'function') refuse(owner, 'connect', 'a function to a connection', all.connect);
  const { prefix } = all;
  if (typeof prefix !== 'string' || !/^[\w.-]{1,32}$/.test(prefix)) {
    refuse(owner, 'prefix', '1 to 32 characters of A-Z a-z 0-9 _ . -', prefix);
  }
  checkOneOf(owner, 'topology', all.topology, ['ensure', 'check', 'none']);
  if (typeof all.mandatory !== 'boolean') refuse(owner, 'mandatory', 'a boolean', all.mandatory);
  checkNumber(owner, 'maxLength', all.maxLength, { min: 1, max: 2 ** 30, integer: true });
  checkNumber(owner, 'maxDeadLetters', all.maxDeadLetters, { min: 1, max: 2 ** 30, integer: true });
  checkNumber(owner, 'consumerTimeoutMs', all.consumerTimeoutMs, { min: 1_000, infinity: true });
  const size = { min: 1, max: LARGEST_RECORD, integer: true };
  checkNumber(owner, 'maxRecordBytes', all.maxRecordBytes, size);
  return new RabbitDriver({ ...all, clock });
}
