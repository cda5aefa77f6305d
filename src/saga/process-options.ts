import type { PublishRules } from '../core/publish-tries.js';
import type { Clock } from '../kernel/clock.js';
import { checkFlag, checkKeys, checkNumber, refuse } from '../kernel/options.js';
import type { ProcessBus } from './process-bus.js';
import type { ProcessDefinition, ProcessTopics } from './process-definition.js';
import { defineProcess } from './process-definition.js';
import type { ProcessStore } from './process-store.js';

/** How a `ProcessManager` is made. */
export interface ProcessManagerOptions<
  State,
  Event,
  Receives extends ProcessTopics,
  Sends extends ProcessTopics,
  Timeouts extends string,
  Subscribe extends object,
> {
  /** What the process does. */
  readonly process: ProcessDefinition<State, Event, Receives, Sends, Timeouts>;
  /** Where its messages come from and go to. */
  readonly bus: ProcessBus<Subscribe & { readonly group: string }>;
  /** Where processes are kept. */
  readonly store: ProcessStore;
  /** The options of the subscriptions but for their group, which is the name of the process. @default none */
  readonly subscribe?: Omit<Subscribe, 'group'>;
  /** Whether this program publishes what processes send, and wakes them at their timeouts. @default true */
  readonly relays?: boolean;
  /** How long to wait for more to publish, and for timeouts, in ms. @default 500 */
  readonly pollMs?: number;
  /** How long what is being published, or woken, is kept from others, in ms. @default 30000 */
  readonly leaseMs?: number;
  /** For how many processes is published, and how many are woken, at a time. @default 100 */
  readonly batch?: number;
  /** The first wait after a publish that failed, in ms; it doubles up to 60 times. @default 1000 */
  readonly retryMs?: number;
  /**
   * How often the broker may refuse a command before it is parked, an integer >= 1; `Infinity` for no end of
   * it. A broker that cannot be reached refuses nothing. @default 20
   */
  readonly maxPublishTries?: number;
  /** The waits between those tries add up to this at most, in ms; `Infinity` for no bound. @default 300000 */
  readonly maxPublishMs?: number;
  /**
   * How often a program may end while it publishes a command before that is parked, an integer >= 1;
   * `Infinity` for no end of it. @default 3
   */
  readonly maxPublishCrashes?: number;
  /** How often a message is tried whose process others keep changing, an integer >= 1. @default 20 */
  readonly maxConflicts?: number;
  /** The largest state, as JSON, in bytes. @default 262144 */
  readonly maxStateBytes?: number;
  /** How many commands one decision may send. @default 1000 */
  readonly maxSends?: number;
  /**
   * How many commands of one process may wait to be published, an integer >= 1; `Infinity` for no bound. As
   * long as so many wait, what would send more is refused. @default 10000
   */
  readonly maxWaiting?: number;
  /** For how long an ended process, and a message, are known again, in ms. @default 604800000 */
  readonly retentionMs?: number;
  /** How often what is older is forgotten, in ms; `Infinity` for never. @default 60000 */
  readonly purgeEveryMs?: number;
  /** The source of time. @default systemClock */
  readonly clock?: Clock;
}

/** What came of a message. `ignored`: it is for no process. `late`: its process has ended. */
export type ProcessOutcome = 'handled' | 'duplicate' | 'ignored' | 'late';

/** How a manager stands at a moment; what is counted is that of this program. */
export interface ProcessManagerSnapshot {
  /** Which kind of process. */
  readonly process: string;
  /** Whether it hears of messages. */
  readonly state: 'idle' | 'running' | 'closed';
  /** The messages and timeouts that are being handled. */
  readonly running: number;
  /** The processes that began. */
  readonly started: number;
  /** Those that ended. */
  readonly ended: number;
  /** The messages and timeouts that were decided about. */
  readonly handled: number;
  /** The messages that had been seen before. */
  readonly duplicates: number;
  /** The messages that are for no process. */
  readonly ignored: number;
  /** The messages that came after the end. */
  readonly late: number;
  /** The timeouts that nobody waited for. */
  readonly stale: number;
  /** How often another message was quicker. */
  readonly conflicts: number;
  /** The commands that were published. */
  readonly published: number;
  /** The commands that were parked. */
  readonly parked: number;
}

/** How a manager was made. */
export interface ProcessManagerDescription extends ProcessDefaults {
  /** What this is. */
  readonly kind: 'process-manager';
  /** Which kind of process. */
  readonly process: string;
  /** The topics that it hears of. */
  readonly receives: readonly string[];
  /** The topics that it publishes to. */
  readonly sends: readonly string[];
  /** Its timeouts, in ms. */
  readonly timeouts: Readonly<Record<string, number>>;
}

/** The numbers of a manager. */
export interface ProcessDefaults extends PublishRules {
  /** Whether this program publishes and wakes. */
  readonly relays: boolean;
  /** The wait for more to publish, and for timeouts, in ms. */
  readonly pollMs: number;
  /** For how long what is published or woken is kept from others, in ms. */
  readonly leaseMs: number;
  /** For how many processes is published, and how many are woken, at a time. */
  readonly batch: number;
  /** How often a message is tried whose process others change. */
  readonly maxConflicts: number;
  /** The largest state, in bytes. */
  readonly maxStateBytes: number;
  /** How many commands one decision may send. */
  readonly maxSends: number;
  /** How many commands of one process may wait to be published. */
  readonly maxWaiting: number;
  /** For how long an ended process, and a message, are known again, in ms. */
  readonly retentionMs: number;
  /** How often what is older is forgotten, in ms. */
  readonly purgeEveryMs: number;
}

export const processDefaults: ProcessDefaults = /* @__PURE__ */ Object.freeze({
  relays: true,
  pollMs: 500,
  leaseMs: 30_000,
  batch: 100,
  retryMs: 1_000,
  maxPublishTries: 20,
  maxPublishMs: 300_000,
  maxPublishCrashes: 3,
  maxConflicts: 20,
  maxStateBytes: 262_144,
  maxSends: 1_000,
  maxWaiting: 10_000,
  retentionMs: 604_800_000,
  purgeEveryMs: 60_000,
});

const owner = 'ProcessManager';
const known = [
  ...['process', 'bus', 'store', 'subscribe', 'clock', 'relays', 'pollMs', 'leaseMs', 'batch', 'retryMs'],
  ...['maxPublishTries', 'maxPublishMs', 'maxPublishCrashes'],
  ...['maxConflicts', 'maxStateBytes', 'maxSends', 'maxWaiting', 'retentionMs', 'purgeEveryMs'],
];
const methods = [
  ...(['load', 'commit', 'claimTimeouts', 'dropTimeout', 'claim', 'settle', 'purge'] as const),
  ...(['parked', 'unpark', 'discard', 'discarded'] as const),
];
const LONGEST_MS = 2 ** 43;

/** @throws TypeError or RangeError that names the option, the rule and the value. */
export function checkManager(options: object): ProcessDefaults {
  checkKeys(owner, options, known);
  const {
    process,
    bus,
    store,
    subscribe,
    clock: _,
    ...rules
  } = { ...processDefaults, ...options } as {
    readonly process: Parameters<typeof defineProcess>[0];
    readonly bus: Partial<ProcessBus<object>> | undefined;
    readonly store: Partial<ProcessStore> | undefined;
    readonly subscribe?: unknown;
    readonly clock?: unknown;
  } & ProcessDefaults;
  defineProcess(process);
  if (typeof bus?.publish !== 'function' || typeof bus.subscribe !== 'function') {
    refuse(owner, 'bus', 'a MessageBus', bus);
  }
  for (const method of methods) {
    if (typeof store?.[method] !== 'function') refuse(owner, 'store', `a ProcessStore with ${method}`, store);
  }
  if (subscribe !== undefined && (typeof subscribe !== 'object' || subscribe === null)) {
    refuse(owner, 'subscribe', 'the options of the subscriptions', subscribe);
  }
  if ('group' in ((subscribe ?? {}) as object)) {
    refuse(owner, 'subscribe.group', 'left out: it is the name of the process', 'a group');
  }
  checkFlag(owner, 'relays', rules.relays);
  checkNumber(owner, 'pollMs', rules.pollMs, { min: 1, max: LONGEST_MS });
  checkNumber(owner, 'leaseMs', rules.leaseMs, { min: 10, max: LONGEST_MS });
  checkNumber(owner, 'batch', rules.batch, { min: 1, max: 10_000, integer: true });
  checkNumber(owner, 'retryMs', rules.retryMs, { min: 1, max: LONGEST_MS });
  const { maxPublishTries, maxPublishMs, maxPublishCrashes } = rules;
  checkNumber(owner, 'maxPublishTries', maxPublishTries, { min: 1, integer: true, infinity: true });
  checkNumber(owner, 'maxPublishMs', maxPublishMs, { min: 0, infinity: true });
  checkNumber(owner, 'maxPublishCrashes', maxPublishCrashes, { min: 1, integer: true, infinity: true });
  checkNumber(owner, 'maxConflicts', rules.maxConflicts, { min: 1, max: 10_000, integer: true });
  checkNumber(owner, 'maxStateBytes', rules.maxStateBytes, { min: 1, max: 2 ** 26, integer: true });
  checkNumber(owner, 'maxSends', rules.maxSends, { min: 0, max: 100_000, integer: true });
  const waiting = { min: 1, max: 2 ** 31 - 1, integer: true, infinity: true } as const;
  checkNumber(owner, 'maxWaiting', rules.maxWaiting, waiting);
  checkNumber(owner, 'retentionMs', rules.retentionMs, { min: 0, max: LONGEST_MS });
  checkNumber(owner, 'purgeEveryMs', rules.purgeEveryMs, { above: 0, infinity: true });
  return rules;
}
