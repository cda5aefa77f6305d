import type { DeliveryOrder } from '../core/delivery-queue.js';
import type { RedeliveryRules } from '../core/redelivery.js';
import { checkKeys, checkNumber, checkOneOf, refuse } from '../kernel/options.js';
import type { Policy } from '../kernel/policy.js';
import { type Capabilities, requireCapability, type Where } from './capabilities.js';
import type { IdempotencyStore } from './idempotency.js';
import type { Message } from './message.js';

/** What a failure of a handler means for its message. */
export type FailureVerdict = 'retry' | 'dead-letter' | 'discard';

/** What becomes of a message whose handler fails. */
export interface FailurePolicy {
  /** Runs of one delivery, one right after the other, before it is given back; an integer >= 1. @default 1 */
  readonly immediate?: number;
  /**
   * The ms before each delivery after the first; when they are used up it is a dead letter. At most 100.
   * @default [1000, 10000, 60000]
   */
  readonly redeliver?: readonly number[];
  /**
   * What an error means. @default 'dead-letter' for what does not fit its topic, 'retry' for all else
   */
  readonly classify?: (error: unknown, message: Message) => FailureVerdict | undefined;
}

/** What every subscription may say. */
export interface CommonSubscribeOptions {
  /** How many messages are handled at a time, an integer >= 1. @default 1 */
  readonly concurrency?: number;
  /**
   * How many messages are held at a time, those that are being handled included; an integer, at least
   * `concurrency`. @default twice `concurrency`
   */
  readonly prefetch?: number;
  /**
   * How long a message is held without word from this process, in ms; then another member may get it. It is
   * extended for as long as the process lives, where the broker can do that. @default 30000
   */
  readonly leaseMs?: number;
  /** How long a handler may take before it counts as failed, in ms; `Infinity` for no end. @default 60000 */
  readonly timeoutMs?: number;
  /** What becomes of a message whose handler fails. */
  readonly failure?: FailurePolicy;
  /** Around each run of the handler. While it refuses, no message is taken in, and none is failed. */
  readonly policy?: Policy;
  /** Remembers what was handled, so that what comes twice has its effect once. */
  readonly idempotency?: IdempotencyStore;
  /** What may be done about queues and streams that are not there, or are otherwise. @default 'ensure' */
  readonly topology?: 'ensure' | 'check' | 'none';
}

/** What depends on what the broker can do. */
export type SubscribeOptions<C extends Capabilities = Capabilities> = CommonSubscribeOptions & {
  /**
   * Members of one group share what comes, and the group outlives them; `null` gets everything, while it is
   * there. It has to be said: both are right, and neither is a default.
   */
  readonly group: string | null;
} & Where<
    C['order'],
    'none',
    {
      /** What has to stay in order, through redelivery too. @default 'none' */
      readonly order?: C['order'] extends 'topic' ? 'none' | 'topic' : DeliveryOrder;
    }
  > &
  Where<
    C['earliest'],
    false,
    {
      /** What a new group begins with. @default 'latest' */
      readonly start?: 'earliest' | 'latest';
    }
  >;

/** What a subscription goes by, checked. */
export interface SubscribeRules {
  readonly group: string | undefined;
  readonly concurrency: number;
  readonly prefetch: number;
  readonly leaseMs: number;
  readonly timeoutMs: number;
  readonly redelivery: RedeliveryRules;
  readonly classify: FailurePolicy['classify'];
  readonly policy: Policy | undefined;
  readonly idempotency: IdempotencyStore | undefined;
  readonly order: DeliveryOrder;
  readonly start: 'earliest' | 'latest';
  readonly topology: 'ensure' | 'check' | 'none';
}

/** What stands where an option was left out. */
export const subscribeDefaults: {
  readonly concurrency: number;
  readonly leaseMs: number;
  readonly timeoutMs: number;
  readonly order: 'none';
  readonly start: 'latest';
  readonly topology: 'ensure';
  readonly failure: { readonly immediate: number; readonly redeliver: readonly number[] };
} = /* @__PURE__ */ Object.freeze({
  concurrency: 1,
  leaseMs: 30_000,
  timeoutMs: 60_000,
  order: 'none',
  start: 'latest',
  topology: 'ensure',
  failure: /* @__PURE__ */ Object.freeze({ immediate: 1, redeliver: [1_000, 10_000, 60_000] }),
});

const known = [
  ...['group', 'concurrency', 'prefetch', 'leaseMs', 'timeoutMs', 'failure', 'policy', 'idempotency'],
  ...['topology', 'order', 'start'],
];
const owner = 'subscribe';
const MOST_REDELIVERIES = 100;

function checkFailure(failure: FailurePolicy): RedeliveryRules {
  checkKeys(owner, failure, ['immediate', 'redeliver', 'classify']);
  const { immediate = 1, redeliver = subscribeDefaults.failure.redeliver, classify } = failure;
  checkNumber(owner, 'failure.immediate', immediate, { min: 1, max: 100, integer: true });
  if (!Array.isArray(redeliver) || redeliver.length > MOST_REDELIVERIES) {
    refuse(owner, 'failure.redeliver', `an array of at most ${MOST_REDELIVERIES} numbers`, redeliver);
  }
  const delays = redeliver.map((ms: unknown, place: number) =>
    checkNumber(owner, `failure.redeliver.${place}`, ms, { min: 0, max: 2 ** 40 }),
  );
  if (classify !== undefined && typeof classify !== 'function') {
    refuse(owner, 'failure.classify', 'a function', classify);
  }
  return { immediate, redeliver: delays };
}

/** So long is the name of a group at most. */
const LONGEST_GROUP = 128;

function checkGroup(group: unknown): string | undefined {
  if (group === null) return undefined;
  if (typeof group === 'string' && group.length <= LONGEST_GROUP && /^[\w-]+$/.test(group)) return group;
  return refuse(owner, 'group', 'a name of A-Z a-z 0-9 _ -, or null', group);
}

/**
 * Checks what a subscription asks for against what its broker can do.
 *
 * @throws TypeError or RangeError that names the option, the rule and the value; UnsupportedCapabilityError.
 */
export function checkSubscribe(
  options: SubscribeOptions<Capabilities>,
  driver: { readonly name: string; readonly capabilities: Capabilities },
): SubscribeRules {
  checkKeys(owner, options, known);
  const { capabilities, name } = driver;
  const all = { ...subscribeDefaults, ...options };
  const group = checkGroup(all.group);
  const concurrency = checkNumber(owner, 'concurrency', all.concurrency, { min: 1, integer: true });
  const { prefetch = 2 * concurrency } = all;
  checkNumber(owner, 'prefetch', prefetch, { min: concurrency, max: 100_000, integer: true });
  const order = checkOneOf(owner, 'order', all.order, ['none', 'key', 'topic']);
  const start = checkOneOf(owner, 'start', all.start, ['earliest', 'latest']);
  const { policy, idempotency } = all;
  if (policy !== undefined && typeof policy?.execute !== 'function')
    refuse(owner, 'policy', 'a policy', policy);
  if (idempotency !== undefined && typeof idempotency?.begin !== 'function') {
    refuse(owner, 'idempotency', 'an IdempotencyStore', idempotency);
  }
  if (group === undefined) requireCapability(capabilities.fanOut, name, 'group: null', 'fan-out');
  else requireCapability(capabilities.durableGroups, name, 'group', 'groups');
  const keeps = capabilities.order;
  requireCapability(
    order === 'none' || keeps === 'key' || keeps === order,
    name,
    'order',
    `order by ${order}`,
  );
  requireCapability(start === 'latest' || capabilities.earliest, name, 'start', 'messages from before');
  const timeoutMs = checkNumber(owner, 'timeoutMs', all.timeoutMs, { above: 0, infinity: true });
  if (!capabilities.extendLease && timeoutMs > capabilities.longestLeaseMs) {
    refuse(
      owner,
      'timeoutMs',
      `<= ${capabilities.longestLeaseMs}, for ${name} cannot extend a lease`,
      timeoutMs,
    );
  }
  return {
    group,
    concurrency,
    prefetch,
    leaseMs: checkNumber(owner, 'leaseMs', all.leaseMs, { min: 10, max: 2 ** 40 }),
    timeoutMs,
    redelivery: checkFailure(options.failure ?? {}),
    classify: options.failure?.classify,
    policy,
    idempotency,
    order,
    start,
    topology: checkOneOf(owner, 'topology', all.topology, ['ensure', 'check', 'none']),
  };
}
