import { Fifo } from '../core/fifo.js';
import { PatternTable } from '../core/pattern-table.js';
import { matchesPattern } from '../core/topic-pattern.js';
import { BusClosedError, TopologyError } from '../kernel/bus-errors.js';
import type { Clock } from '../kernel/clock.js';
import type {
  DeadLetterShelf,
  DeadRecord,
  Driver,
  DriverSubscription,
  OutRecord,
  PublishOutcome,
  Sink,
  SubscribeSpec,
} from './driver.js';
import { type Kept, MemoryGroup } from './memory-group.js';

/** What the memory of a process can do. */
export interface MemoryCapabilities {
  readonly confirm: 'received';
  readonly durableGroups: true;
  readonly fanOut: true;
  readonly wildcards: true;
  readonly redeliverOnCrash: 'peer';
  readonly nackDelay: 'native';
  readonly attempt: 'exact';
  readonly extendLease: true;
  readonly longestLeaseMs: number;
  readonly deadLetter: 'native';
  readonly browseDeadLetters: true;
  readonly delayedPublish: 'native';
  readonly ttl: 'native';
  readonly priorities: 10;
  readonly order: 'key';
  readonly nackKeepsOrder: true;
  readonly earliest: true;
  readonly dedupe: 'native';
  readonly maxRecordBytes: number;
}

/** The bounds of a memory. */
export interface MemoryBounds {
  readonly maxBacklog: number;
  readonly maxDeadLetters: number;
  readonly retain: number;
  readonly dedupeIds: number;
  readonly maxRecordBytes: number;
}

/** So many subscriptions at most. */
const MOST_GROUPS = 100_000;

/** A broker in the memory of the process: all that the others can do, for tests and first steps. */
export class MemoryDriver implements Driver<MemoryCapabilities> {
  readonly name = 'memory';
  readonly attributePrefix = 'ce-';
  readonly capabilities: MemoryCapabilities;
  readonly deadLetters: DeadLetterShelf;
  readonly #clock: Clock;
  readonly #bounds: MemoryBounds;
  readonly #groups = new Map<string, MemoryGroup>();
  readonly #byPattern = new PatternTable<MemoryGroup>(MOST_GROUPS);
  readonly #names = new Map<MemoryGroup, string | undefined>();
  readonly #log = new Fifo<Kept>();
  readonly #known = new Set<string>();
  #position = 0;
  #closed = false;

  constructor(clock: Clock, bounds: MemoryBounds) {
    this.#clock = clock;
    this.#bounds = bounds;
    this.capabilities = { ...memoryCapabilities, maxRecordBytes: bounds.maxRecordBytes };
    this.deadLetters = {
      list: async (topic, group, limit, after) => this.#listDead(topic, group, limit, after),
      discard: async (_topic, group, position) =>
        this.#groupsOf(group).some(memoryGroup => memoryGroup.discard(position)),
    };
  }

  async connect(): Promise<void> {}

  async publish(records: readonly OutRecord[]): Promise<readonly PublishOutcome[]> {
    const pumped = new Set<MemoryGroup>();
    const outcomes = records.map(record => this.#store(record, pumped));
    for (const group of pumped) group.pump();
    return outcomes;
  }

  async subscribe(spec: SubscribeSpec, sink: Sink): Promise<DriverSubscription> {
    if (this.#closed) throw new BusClosedError('memory: the bus is closed');
    const group = this.#groupFor(spec);
    const member = group.join(sink);
    sink.ready();
    return {
      request: count => {
        member.credit += count;
        group.pump();
      },
      pause: async () => {
        member.credit = 0;
      },
      close: async () => {
        group.leave(member);
        if (spec.group === undefined) this.#forget(group);
      },
    };
  }

  async close(): Promise<void> {
    this.#closed = true;
    for (const group of this.#names.keys()) group.close();
  }

  /** How many messages each group has before it. */
  backlog(): Readonly<Record<string, number>> {
    return Object.fromEntries([...this.#groups].map(([name, group]) => [name, group.backlog]));
  }

  #store(record: OutRecord, pumped: Set<MemoryGroup>): PublishOutcome {
    if (this.#closed) return refused(new BusClosedError('memory: the bus is closed'), false);
    const known = `${record.topic} ${record.id}`;
    // What is meant for one group is a replay: it has been there before.
    if (record.group === undefined && this.#known.has(known)) return { ok: true, duplicate: true };
    const groups = this.#byPattern
      .find(record.topic)
      .filter(group => record.group === undefined || this.#names.get(group) === record.group);
    const full = groups.find(group => group.backlog >= this.#bounds.maxBacklog);
    if (full !== undefined) {
      const error = new Error(`a group of ${full.rules.pattern} has ${full.backlog} messages before it`);
      return refused(error, true);
    }
    this.#remember(known);
    const kept = { position: ++this.#position, record };
    for (const group of groups) {
      group.add(kept);
      pumped.add(group);
    }
    if (record.group === undefined) this.#retain(kept);
    return { ok: true, position: String(kept.position) };
  }

  #remember(known: string): void {
    const { dedupeIds } = this.#bounds;
    if (dedupeIds === 0) return;
    this.#known.add(known);
    if (this.#known.size > dedupeIds) this.#known.delete(this.#known.values().next().value!);
  }

  #retain(kept: Kept): void {
    const { retain } = this.#bounds;
    if (retain === 0) return;
    this.#log.push(kept);
    if (this.#log.size > retain) this.#log.shift();
  }

  #groupFor(spec: SubscribeSpec): MemoryGroup {
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
    const group = new MemoryGroup({ pattern, order, leaseMs }, this.#clock, this.#bounds.maxDeadLetters);
    if (!this.#byPattern.add(pattern, group)) throw new TopologyError('memory: too many subscriptions');
    this.#names.set(group, name);
    if (name !== undefined) this.#groups.set(id, group);
    if (spec.start === 'earliest') {
      for (const kept of this.#log) if (matchesPattern(pattern, kept.record.topic)) group.add(kept);
    }
    return group;
  }

  #forget(group: MemoryGroup): void {
    this.#byPattern.remove(group.rules.pattern, group);
    this.#names.delete(group);
    group.close();
  }

  #groupsOf(name: string): readonly MemoryGroup[] {
    return [...this.#groups.values()].filter(group => this.#names.get(group) === name);
  }

  #listDead(topic: string, name: string, limit: number, after = '0'): readonly DeadRecord[] {
    return this.#groupsOf(name)
      .flatMap(group => group.dead)
      .filter(dead => dead.record.topic === topic && Number(dead.position) > Number(after))
      .sort((one, other) => Number(one.position) - Number(other.position))
      .slice(0, limit);
  }
}

const memoryCapabilities: Omit<MemoryCapabilities, 'maxRecordBytes'> = {
  confirm: 'received',
  durableGroups: true,
  fanOut: true,
  wildcards: true,
  redeliverOnCrash: 'peer',
  nackDelay: 'native',
  attempt: 'exact',
  extendLease: true,
  longestLeaseMs: Infinity,
  deadLetter: 'native',
  browseDeadLetters: true,
  delayedPublish: 'native',
  ttl: 'native',
  priorities: 10,
  order: 'key',
  nackKeepsOrder: true,
  earliest: true,
  dedupe: 'native',
};

function refused(error: unknown, retryable: boolean): PublishOutcome {
  return { ok: false, error, retryable, maybeStored: false };
}
