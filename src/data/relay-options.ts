import type { Backoff } from '../core/backoff.js';
import type { ParkReason, PublishVerdict } from '../core/outbox-failure.js';
import type { Clock } from '../kernel/clock.js';
import { checkKeys, checkNumber, refuse } from '../kernel/options.js';
import type { Random } from '../kernel/random.js';
import type { OutboxBus } from './outbox-bus.js';
import type { OutboxStore } from './outbox-store.js';

/** How an `OutboxRelay` is made. */
export interface OutboxRelayOptions {
  /** Where the messages wait. */
  readonly store: OutboxStore<never>;
  /** Where they go: any `MessageBus`. It stays yours, and is never closed. */
  readonly bus: OutboxBus;
  /** How many messages are open at a time, an integer >= 1. @default 100 */
  readonly batch?: number;
  /** How many of them are with the bus at a time, each of another key; an integer >= 1. @default 50 */
  readonly concurrency?: number;
  /** How long to wait for more to publish where nobody tells, in ms. @default 500 */
  readonly pollMs?: number;
  /** How long a bucket is kept from other relays after this one was last heard of, in ms. @default 30000 */
  readonly leaseMs?: number;
  /** So long before the end of a lease nothing is begun, in ms; less than `leaseMs`. @default 5000 */
  readonly marginMs?: number;
  /** A publish without an answer for so long is given up, and done again, in ms. @default 30000 */
  readonly publishTimeoutMs?: number;
  /** How often a message is tried, an integer >= 1; then its key is parked. @default 8 */
  readonly attempts?: number;
  /** The first wait after a try, in ms; it doubles up to 5 minutes, spread by chance. @default 200 */
  readonly retryMs?: number;
  /** A message that ends so many relays parks its key, an integer >= 2. @default 3 */
  readonly maxCrashes?: number;
  /** The first pause when the bus takes nothing, in ms; it doubles up to 30 seconds. @default 200 */
  readonly pauseMs?: number;
  /** Says what the error of a publish means. @default by `code` and `retryable` */
  readonly classify?: (error: unknown) => PublishVerdict;
  /** Shown in events and `describe()`. @default 'outbox-relay' */
  readonly name?: string;
  /** The source of time. @default systemClock */
  readonly clock?: Clock;
  /** The source of chance for waits. @default Math.random */
  readonly random?: Random;
}

/** A message that something happened to. */
export interface RelayHappening {
  /** That of the relay. */
  readonly relay: string;
  /** That of the message. */
  readonly id: string;
  /** What it is kept in order by; its own id where nothing was asked for. */
  readonly key: string;
  /** What it is published to. */
  readonly topic: string;
  /** Epoch ms. */
  readonly at: number;
}

/** What a relay tells. `at` is epoch ms. */
export interface OutboxRelayEvents {
  /** The bus has a message. */
  published: RelayHappening;
  /** A publish ended badly; it is tried again `retryMs` from now. */
  publishFailed: RelayHappening & {
    readonly verdict: PublishVerdict;
    readonly retryMs: number;
    readonly error: unknown;
  };
  /** A key stands still until somebody decides. */
  parked: RelayHappening & { readonly reason: ParkReason; readonly error: unknown };
  /** The buckets of this relay are others than before. */
  shared: {
    readonly relay: string;
    readonly buckets: number;
    readonly relays: number;
    readonly at: number;
  };
  /** A bucket was lost to another relay before it was given back. */
  lost: { readonly relay: string; readonly bucket: number; readonly at: number };
  /** The store could not be asked; it is asked again. */
  interrupted: { readonly relay: string; readonly error: unknown; readonly at: number };
}

/** The names of all events. */
export const relayEvents: readonly (keyof OutboxRelayEvents)[] = [
  ...(['published', 'publishFailed', 'parked', 'shared', 'lost', 'interrupted'] as const),
];

/** How a relay stands at a moment; what is counted is that of this program. */
export interface OutboxRelaySnapshot {
  /** That of the relay. */
  readonly name: string;
  /** Whether it publishes. */
  readonly state: 'idle' | 'running' | 'closed';
  /** The buckets that it has. */
  readonly buckets: number;
  /** The messages that are open. */
  readonly open: number;
  /** Whether the bus was found to take nothing. */
  readonly paused: boolean;
  /** The messages that the bus has taken. */
  readonly published: number;
  /** The publishes that ended badly. */
  readonly failed: number;
  /** The keys that were parked here. */
  readonly parked: number;
  /** The buckets that were lost to other relays. */
  readonly lost: number;
}

/** The numbers of a relay. */
export interface RelayDefaults {
  /** How many messages are open at a time. */
  readonly batch: number;
  /** How many of them are with the bus at a time. */
  readonly concurrency: number;
  /** The wait for more to publish, in ms. */
  readonly pollMs: number;
  /** How long a bucket is kept from other relays, in ms. */
  readonly leaseMs: number;
  /** So long before the end of a lease nothing is begun, in ms. */
  readonly marginMs: number;
  /** How long a publish may take, in ms. */
  readonly publishTimeoutMs: number;
  /** How often a message is tried. */
  readonly attempts: number;
  /** The first wait after a try, in ms. */
  readonly retryMs: number;
  /** How many relays a message may end. */
  readonly maxCrashes: number;
  /** The first pause when the bus takes nothing, in ms. */
  readonly pauseMs: number;
  /** Shown in events. */
  readonly name: string;
}

/** How a relay was made. */
export interface OutboxRelayDescription extends RelayDefaults {
  /** What this is. */
  readonly kind: 'outbox-relay';
}

export const relayDefaults: RelayDefaults = /* @__PURE__ */ Object.freeze({
  batch: 100,
  concurrency: 50,
  pollMs: 500,
  leaseMs: 30_000,
  marginMs: 5_000,
  publishTimeoutMs: 30_000,
  attempts: 8,
  retryMs: 200,
  maxCrashes: 3,
  pauseMs: 200,
  name: 'outbox-relay',
});

/** The waits after tries, and the pauses. */
export const triesBackoff = (initialMs: number): Backoff => ({
  ...{ kind: 'exponential', initialMs, maxMs: Math.max(300_000, initialMs), jitter: 'equal' },
});
export const pauseBackoff = (initialMs: number): Backoff => ({
  ...{ kind: 'exponential', initialMs, maxMs: Math.max(30_000, initialMs), jitter: 'equal' },
});

const owner = 'OutboxRelay';
const known = [
  ...['store', 'bus', 'classify', 'clock', 'random', 'batch', 'concurrency', 'pollMs', 'leaseMs'],
  ...['marginMs', 'publishTimeoutMs', 'attempts', 'retryMs', 'maxCrashes', 'pauseMs', 'name'],
];
const methods = ['beat', 'leave', 'read', 'confirm', 'mark', 'trust', 'trouble'] as const;
const LONGEST_MS = 2 ** 43;

/** @throws TypeError or RangeError that names the option, the rule and the value. */
export function checkRelay(options: OutboxRelayOptions): RelayDefaults {
  checkKeys(owner, options, known);
  const { store, bus, classify, clock: _, random: __, ...rules } = { ...relayDefaults, ...options };
  if (typeof bus?.publish !== 'function') refuse(owner, 'bus', 'a MessageBus', bus);
  for (const method of methods) {
    if (typeof store?.[method] !== 'function') refuse(owner, 'store', `an OutboxStore with ${method}`, store);
  }
  if (classify !== undefined && typeof classify !== 'function') {
    refuse(owner, 'classify', 'a function', classify);
  }
  checkNumber(owner, 'batch', rules.batch, { min: 1, max: 10_000, integer: true });
  checkNumber(owner, 'concurrency', rules.concurrency, { min: 1, max: 10_000, integer: true });
  checkNumber(owner, 'attempts', rules.attempts, { min: 1, max: 1_000_000, integer: true });
  checkNumber(owner, 'maxCrashes', rules.maxCrashes, { min: 2, max: 1_000, integer: true });
  for (const name of ['pollMs', 'publishTimeoutMs', 'retryMs', 'pauseMs'] as const) {
    checkNumber(owner, name, rules[name], { min: 1, max: LONGEST_MS });
  }
  checkNumber(owner, 'leaseMs', rules.leaseMs, { min: 30, max: LONGEST_MS });
  checkNumber(owner, 'marginMs', rules.marginMs, { min: 0, max: rules.leaseMs / 2 });
  return rules;
}
