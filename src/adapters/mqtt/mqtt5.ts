import { checkPattern } from '../../core/topic-pattern.js';
import { type Clock, systemClock } from '../../kernel/clock.js';
import { checkFlag, checkKeys, checkNumber, checkOneOf, given, refuse } from '../../kernel/options.js';
import { type Random, systemRandom } from '../../kernel/random.js';
import type { Driver } from '../../messaging/driver.js';
import type { MqttCapabilities } from './mqtt-capabilities.js';
import type { MqttConnect } from './mqtt-connection.js';
import { MqttDriver } from './mqtt-driver.js';

/** How a bus over MQTT 5 is made. */
export interface Mqtt5Options {
  /**
   * Opens a connection with these options, which go over your own: `options => connect(url, { ...mine,
   * ...options })` with the `connect` of `mqtt`. It is called once for the bus, once for each subscription,
   * and again for each connection that is lost; what it opens is closed here.
   */
  readonly connect: MqttConnect;
  /**
   * What the topics of the bus stand below; `''` for nothing, so that `home.kitchen` is `home/kitchen`. What
   * the driver keeps for itself stands below `<prefix>~`, or `keelson~`. @default 'keelson'
   */
  readonly prefix?: string;
  /**
   * For how many ms the broker keeps the session of a member that is gone, with its share of the messages: so
   * long a group without members may be. Rounded up to seconds. @default 604800000
   */
  readonly sessionExpiryMs?: number;
  /**
   * The group for which dead letters are kept from the time that a group has its first member; `null` for
   * none, then a dead letter that nobody has subscribed to stays with its group. @default 'dead-letters'
   */
  readonly deadLetterGroup?: string | null;
  /**
   * What becomes of a message that the broker says nobody has subscribed to (reason 0x10): it is published,
   * or it fails, after more tries, at its deadline. @default 'ignore'
   */
  readonly unrouted?: 'ignore' | 'refuse';
  /**
   * Whether a message is held back until each group that should get it is known to have subscribed at the
   * broker, as it is now: brokers forget shared subscriptions when they are started again, and say nothing of
   * it. Publishing then reads the seats of groups, and subscribes for those that nobody is there of.
   * @default true
   */
  readonly awaitGroups?: boolean;
  /**
   * Topics, or patterns, of which the broker retains the last message: who subscribes without a group begins
   * with it. At most 100. @default none
   */
  readonly retained?: readonly string[];
  /** The largest message, headers and body together, in bytes. @default 262144 */
  readonly maxRecordBytes?: number;
  /** The source of time for waits. @default systemClock */
  readonly clock?: Clock;
  /** The source of chance for waits, and among seats. @default systemRandom */
  readonly random?: Random;
}

/** What stands where an option was left out. */
export const mqtt5Defaults: {
  readonly prefix: string;
  readonly sessionExpiryMs: number;
  readonly deadLetterGroup: string;
  readonly unrouted: 'ignore';
  readonly awaitGroups: boolean;
  readonly retained: readonly string[];
  readonly maxRecordBytes: number;
} = /* @__PURE__ */ Object.freeze({
  prefix: 'keelson',
  sessionExpiryMs: 604_800_000,
  deadLetterGroup: 'dead-letters',
  unrouted: 'ignore',
  awaitGroups: true,
  retained: /* @__PURE__ */ Object.freeze([]),
  maxRecordBytes: 262_144,
});

const owner = 'mqtt5';
const MOST_PATTERNS = 100;
/** MQTT takes a packet of so many bytes; what stands around a record is far less than the rest. */
const LARGEST_RECORD = 255 * 1_048_576;

function checkRetained(retained: readonly string[]): void {
  if (!Array.isArray(retained) || retained.length > MOST_PATTERNS) {
    refuse(owner, 'retained', `an array of at most ${MOST_PATTERNS} topics or patterns`, retained);
  }
  for (const [place, pattern] of retained.entries()) {
    const wrong = checkPattern(pattern);
    if (wrong !== undefined) refuse(owner, `retained.${place}`, wrong, pattern);
  }
}

/**
 * A driver for brokers of MQTT 5, with the client `mqtt`. A message goes with QoS 1.
 *
 * @throws TypeError or RangeError that names the option, the rule and the value.
 *
 * @example
 * ```ts
 * import { createBus } from 'keelson/messaging';
 * import { mqtt5 } from 'keelson/mqtt';
 * import { connect } from 'mqtt';
 *
 * const bus = createBus(mqtt5({ connect: options => connect('mqtt://broker.example', options) }));
 * ```
 */
export function mqtt5(options: Mqtt5Options): Driver<MqttCapabilities> {
  checkKeys(owner, options, [...Object.keys(mqtt5Defaults), 'connect', 'clock', 'random']);
  const all = { ...mqtt5Defaults, clock: systemClock, random: systemRandom, ...given(options) };
  const { connect, prefix, deadLetterGroup } = all;
  if (typeof connect !== 'function') refuse(owner, 'connect', 'a function that opens a connection', connect);
  if (typeof prefix !== 'string' || !/^([\w-]{1,64}(\/[\w-]{1,64}){0,7})?$/.test(prefix)) {
    refuse(owner, 'prefix', 'at most 8 levels of A-Z a-z 0-9 _ and -, with / between', prefix);
  }
  if (deadLetterGroup !== null && !/^[\w-]{1,128}$/.test(String(deadLetterGroup))) {
    refuse(owner, 'deadLetterGroup', 'null or the name of a group', deadLetterGroup);
  }
  // A broker keeps a session for at most so many seconds.
  checkNumber(owner, 'sessionExpiryMs', all.sessionExpiryMs, { min: 1_000, max: (2 ** 32 - 2) * 1_000 });
  checkOneOf(owner, 'unrouted', all.unrouted, ['ignore', 'refuse']);
  checkFlag(owner, 'awaitGroups', all.awaitGroups);
  checkRetained(all.retained);
  const size = { min: 1, max: LARGEST_RECORD, integer: true };
  checkNumber(owner, 'maxRecordBytes', all.maxRecordBytes, size);
  return new MqttDriver(all);
}
