import { type Clock, systemClock } from '../kernel/clock.js';
import { checkKeys, checkNumber, refuse } from '../kernel/options.js';
import type { Policy } from '../kernel/policy.js';
import type { IdSeries } from '../kernel/random.js';
import { type Codec, jsonCodec } from './codec.js';

/** How a bus is made. */
export interface BusOptions {
  /** The URI of this service: who says what is published. @default 'urn:keelson:service' */
  readonly source?: string;
  /** How data becomes bytes. @default jsonCodec() */
  readonly codec?: Codec;
  /** How long to wait for the broker to confirm a message, in ms. @default 10000 */
  readonly publishTimeoutMs?: number;
  /** How many messages may wait for that at a time. @default 10000 */
  readonly maxPublishing?: number;
  /** Around each publish. */
  readonly publishPolicy?: Policy;
  /** How many subscriptions there may be. @default 1000 */
  readonly maxSubscriptions?: number;
  /** Shown in errors, events and `describe()`. @default 'bus' */
  readonly name?: string;
  /** The source of time. @default systemClock */
  readonly clock?: Clock;
}

/** What a bus goes by, checked. */
export type BusRules = Required<Omit<BusOptions, 'publishPolicy'>> & {
  readonly publishPolicy: Policy | undefined;
  /** Whether handlers in this process get the very data that was published. */
  readonly passByReference: boolean;
  /** Where the ids of messages come from, where not from chance alone. */
  readonly ids?: IdSeries;
};

/** What stands where an option was left out. */
export const busDefaults: {
  readonly source: string;
  readonly publishTimeoutMs: number;
  readonly maxPublishing: number;
  readonly maxSubscriptions: number;
  readonly name: string;
} = /* @__PURE__ */ Object.freeze({
  source: 'urn:keelson:service',
  publishTimeoutMs: 10_000,
  maxPublishing: 10_000,
  maxSubscriptions: 1_000,
  name: 'bus',
});

/** The options that every bus knows. */
export const busOptions: readonly string[] = [
  ...['source', 'codec', 'publishTimeoutMs', 'maxPublishing', 'publishPolicy', 'maxSubscriptions'],
  ...['name', 'clock'],
];

/** @throws TypeError or RangeError that names the option, the rule and the value. */
export function checkBus(
  owner: string,
  options: BusOptions,
  known: readonly string[] = busOptions,
): BusRules {
  checkKeys(owner, options, known);
  const all = { ...busDefaults, codec: jsonCodec(), clock: systemClock, ...options };
  const { source, codec, publishPolicy } = all;
  if (typeof source !== 'string' || source === '' || source.length > 512) {
    refuse(owner, 'source', 'a URI of at most 512 characters', source);
  }
  if (typeof codec?.encode !== 'function' || typeof codec.decode !== 'function') {
    refuse(owner, 'codec', 'a Codec', codec);
  }
  if (publishPolicy !== undefined && typeof publishPolicy?.execute !== 'function') {
    refuse(owner, 'publishPolicy', 'a policy', publishPolicy);
  }
  checkNumber(owner, 'publishTimeoutMs', all.publishTimeoutMs, { above: 0, infinity: true });
  checkNumber(owner, 'maxPublishing', all.maxPublishing, { min: 1, integer: true });
  checkNumber(owner, 'maxSubscriptions', all.maxSubscriptions, { min: 1, integer: true });
  return { ...all, publishPolicy, passByReference: false };
}
