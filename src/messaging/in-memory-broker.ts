import { Fifo } from '../core/fifo.js';
import { PatternTable } from '../core/pattern-table.js';
import { matchesPattern } from '../core/topic-pattern.js';
import { TopologyError } from '../kernel/bus-errors.js';
import { type Clock, systemClock } from '../kernel/clock.js';
import { checkKeys, checkNumber } from '../kernel/options.js';
import type { DeadRecord, OutRecord, PublishOutcome, SubscribeSpec } from './driver.js';
import { type Kept, MemoryGroup } from './memory-group.js';

/** How an `InMemoryBroker` is made: what it keeps is bounded. */
export interface InMemoryBrokerOptions {
  /** The messages before one group; publishing fails when one has so many. @default 100000 */
  readonly maxBacklog?: number;
  /** The dead letters of one group; when there are so many, messages come again instead. @default 10000 */
  readonly maxDeadLetters?: number;
  /** The latest messages that a group which starts at `earliest` gets; 0 for none. @default 1000 */
  readonly retain?: number;
  /**
   * The latest ids by which a message is known again; 0 for none. Those count that publishers gave: an id
   * that is made for a message is new.
   * @default 10000
   */
  readonly dedupeIds?: number;
  /** The largest message, headers and body together, in bytes. @default 1048576 */
  readonly maxRecordBytes?: number;
  /** The source of time. @default systemClock */
  readonly clock?: Clock;
}

const defaults: Required<Omit<InMemoryBrokerOptions, 'clock'>> = /* @__PURE__ */ Object.freeze({
  maxBacklog: 100_000,
  maxDeadLetters: 10_000,
  retain: 1_000,
  dedupeIds: 10_000,
  maxRecordBytes: 1_048_576,
});

/** The groups of so many topics are at hand. */
const MOST_TOPICS = 10_000;

/** So many subscriptions at most. */
const MOST_GROUPS = 100_000;

/**
 * A broker in the memory of the process, for the buses of several services in one test. What it holds ends
 * with the process.
 */
export class InMemoryBroker {
  /** The time that its leases and waits live by. */
  readonly clock: Clock;
  /** The largest message, headers and body together, in bytes. */
  readonly maxRecordBytes: number;
  readonly #bounds: Required<Omit<InMemoryBrokerOptions, 'clock'>>;
  readonly #groups = new Map<string, MemoryGroup>();
  readonly #byPattern = new PatternTable<MemoryGroup>(MOST_GROUPS);
  /** What `#byPattern` says of the topics that were published to lately. */
  readonly #byTopic = new Map<string, readonly MemoryGroup[]>();
  readonly #names = new Map<MemoryGroup, string | undefined>();
  readonly #log = new Fifo<Kept>();
  readonly #known = new Set<string>();
  readonly #knownInOrder = new Fifo<string>();
  #position = 0;

  /** @throws TypeError or RangeError that names the option, the rule and the value. */
  constructor(options: InMemoryBrokerOptions = {}) {
    const owner = 'InMemoryBroker';
    checkKeys(owner, options, [...Object.keys(defaults), 'clock']);
    const { clock = systemClock, ...bounds } = { ...defaults, ...options };
    for (const option of ['maxBacklog', 'maxRecordBytes'] as const) {
      checkNumber(owner, option, bounds[option], { min: 1, max: 2 ** 30, integer: true });
    }
    for (const option of ['maxDeadLetters', 'retain', 'dedupeIds'] as const) {
      checkNumber(owner, option, bounds[option], { min: 0, max: 2 ** 30, integer: true });
    }
    this.clock = clock;
    this.#bounds = bounds;
    this.maxRecordBytes = bounds.maxRecordBytes;
  }

  /** What stands where an option was left out. */
  static get defaults(): typeof defaults {
    return defaults;
  }

  /** How many messages each group has before it; the key is its name and its pattern. */
  snapshot(): { readonly backlog: Readonly<Record<string, number>> } {
    return { backlog: Object.fromEntries([...this.#groups].map(([id, group]) => [id, group.backlog])) };
  }

  /** @internal */
  publish(records: readonly OutRecord[]): readonly PublishOutcome[] {
    const pumped: MemoryGroup[] = [];
    const outcomes = records.map(record => this.#store(record, pumped));
    for (const group of pumped) group.pump();
    return outcomes;
  }

  /** @internal The group of a subscription, made where there is none. */
  groupFor(spec: SubscribeSpec): MemoryGroup {
    const { group: name, pattern, order, leaseMs } = spec;
    const id = `${name} ${pattern}`;
    const there = name === undefined ? undefined : this.#groups.get(id);
    if (there !== undefined) {
      if (there.rules.order !== order || there.rules.leaseMs !== leaseMs) {
        const has = `order ${there.rules.order} and a lease of ${there.rules.leaseMs} ms`;
        throw new TopologyError(`memory: the group ${name} of ${pattern} has ${has}`);
      }
      return there;
    }
    if (name !== undefined && spec.topology === 'check') {
      throw new TopologyError(`memory: there is no group ${name} of ${pattern}`);
    }
    const group = new MemoryGroup({ pattern, order, leaseMs }, this.clock, this.#bounds.maxDeadLetters);
    if (!this.#byPattern.add(pattern, group)) throw new TopologyError('memory: too many subscriptions');
    this.#byTopic.clear();
    this.#names.set(group, name);
    if (name !== undefined) this.#groups.set(id, group);
    if (spec.start === 'earliest') {
      for (const kept of this.#log) if (matchesPattern(pattern, kept.record.topic)) group.add(kept);
    }
    return group;
  }

  /** @internal Nobody is in it any more: one without a name ends with that. */
  forget(group: MemoryGroup): void {
    if (this.#names.get(group) !== undefined) return;
    this.#byPattern.remove(group.rules.pattern, group);
    this.#byTopic.clear();
    this.#names.delete(group);
    group.close();
  }

  /** @internal The dead letters of a group, the oldest first. */
  dead(topic: string, name: string, limit: number, after = '0'): readonly DeadRecord[] {
    return this.#groupsOf(name)
      .flatMap(group => group.dead)
      .filter(dead => dead.record.topic === topic && Number(dead.position) > Number(after))
      .sort((one, other) => Number(one.position) - Number(other.position))
      .slice(0, limit);
  }

  /** @internal */
  discard(name: string, position: string): boolean {
    return this.#groupsOf(name).some(group => group.discard(position));
  }

  #groupsOf(name: string): readonly MemoryGroup[] {
    return [...this.#groups.values()].filter(group => this.#names.get(group) === name);
  }

  #store(record: OutRecord, pumped: MemoryGroup[]): PublishOutcome {
    const known = this.#nameOf(record);
    // What is meant for one group is a replay: it has been there before.
    if (known !== undefined && record.group === undefined && this.#known.has(known)) {
      return { ok: true, duplicate: true };
    }
    const groups = this.#groupsFor(record);
    const full = groups.find(group => group.backlog >= this.#bounds.maxBacklog);
    if (full !== undefined) {
      const error = new Error(`a group of ${full.rules.pattern} has ${full.backlog} messages before it`);
      return { ok: false, error, retryable: true, maybeStored: false };
    }
    if (known !== undefined) this.#remember(known);
    const kept = { position: ++this.#position, record };
    for (const group of groups) {
      group.add(kept);
      if (!pumped.includes(group)) pumped.push(group);
    }
    if (record.group === undefined) this.#retain(kept);
    return { ok: true, position: String(kept.position) };
  }

  #groupsFor({ topic, group: only }: OutRecord): readonly MemoryGroup[] {
    let groups = this.#byTopic.get(topic);
    if (groups === undefined) {
      groups = this.#byPattern.find(topic);
      // Who publishes to ever new topics does not gain by it, and must not fill the memory.
      if (this.#byTopic.size >= MOST_TOPICS) this.#byTopic.clear();
      this.#byTopic.set(topic, groups);
    }
    return only === undefined ? groups : groups.filter(group => this.#names.get(group) === only);
  }

  /** By what a message is known again; `undefined` where its id is new for sure. */
  #nameOf(record: OutRecord): string | undefined {
    if (this.#bounds.dedupeIds === 0 || record.fresh === true) return undefined;
    return `${record.topic} ${record.id}`;
  }

  #remember(known: string): void {
    const { dedupeIds } = this.#bounds;
    this.#known.add(known);
    this.#knownInOrder.push(known);
    if (this.#known.size > dedupeIds) this.#known.delete(this.#knownInOrder.shift()!);
  }

  #retain(kept: Kept): void {
    const { retain } = this.#bounds;
    if (retain === 0) return;
    this.#log.push(kept);
    if (this.#log.size > retain) this.#log.shift();
  }
}
