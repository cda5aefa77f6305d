import { UnsupportedCapabilityError } from '../kernel/bus-errors.js';

/** How a broker comes by an ability: its own, one that its driver makes up for, or not at all. */
export type Support = 'native' | 'emulated' | 'none';

/**
 * What a broker and its driver can do. A driver declares it with literal types, so that an option which its
 * broker cannot honour does not compile; in JavaScript it throws.
 */
export interface Capabilities {
  /** What a publish that has resolved says: nothing, that the broker has it, or that it outlives a crash. */
  readonly confirm: 'none' | 'received' | 'durable';
  /** Whether a group outlives its members: what is published while nobody consumes is kept for it. */
  readonly durableGroups: boolean;
  /** Whether a subscriber without a group gets everything that is published while it is there. */
  readonly fanOut: boolean;
  /** Whether a subscription can be to a pattern. */
  readonly wildcards: boolean;
  /** Who gets what a crashed consumer held: another member, only that client once it is back, nobody. */
  readonly redeliverOnCrash: 'peer' | 'same-client' | 'none';
  /** Whether a delivery can be given back for a later time. */
  readonly nackDelay: Support;
  /** What a delivery knows of those before it: their number, that there were some, nothing. */
  readonly attempt: 'exact' | 'flag' | 'none';
  /** Whether a delivery can be held for longer than it was handed out for. */
  readonly extendLease: boolean;
  /** The longest time that a delivery can be held without an extension, in ms; `Infinity` for no end. */
  readonly longestLeaseMs: number;
  /** Whether the broker moves a dead letter itself, in one step; otherwise it is copied and then settled. */
  readonly deadLetter: Support;
  /** Whether dead letters can be listed, replayed and discarded. */
  readonly browseDeadLetters: boolean;
  /** Whether a message can be published for a later time. */
  readonly delayedPublish: Support;
  /** Whether a message can have an end. */
  readonly ttl: Support;
  /** How many priorities there are; 0 for none. */
  readonly priorities: number;
  /** What can be kept in order across all members of a group. */
  readonly order: 'none' | 'key' | 'topic';
  /** Whether what is given back keeps its place in the order; otherwise it is held until its time comes. */
  readonly nackKeepsOrder: boolean;
  /** Whether a new group can begin with what was published before it came. */
  readonly earliest: boolean;
  /** Whether the broker knows a message again that is published twice under one id. */
  readonly dedupe: Support;
  /** The largest message, headers and body together, in bytes. */
  readonly maxRecordBytes: number;
  /** Whether a message can be a part of a transaction of the user's, in the database that is the broker. */
  readonly transactionalPublish?: true;
  /** Set where members of a group get their share in turn, whether they have room for it or not. */
  readonly dealsInTurn?: true;
}

/** A field that compiles only where the broker has the ability. */
export type Where<Ability, Lacks, Fields> = [Ability] extends [Lacks]
  ? { readonly [Name in keyof Fields]?: never }
  : Fields;

/** @throws UnsupportedCapabilityError that names the option and the driver. */
export function requireCapability(has: boolean, driver: string, option: string, lacks: string): void {
  if (!has)
    throw new UnsupportedCapabilityError(`${driver}: \`${option}\` needs ${lacks}`, { policy: driver });
}
