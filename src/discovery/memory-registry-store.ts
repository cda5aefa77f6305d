import type { Lease } from '../core/lease.js';
import { type LeaseRules, LeaseTable } from '../core/lease-table.js';
import type { Clock, Timer } from '../kernel/clock.js';
import { newId } from '../kernel/random.js';
import type {
  InstanceKey,
  RegisterAnswer,
  RegistryStore,
  StorePosition,
  StoreView,
} from './registry-store.js';
import type { RegisteredInstance, ServiceInstance } from './service-instance.js';

/** One with the same incarnation is the same instance if all of it is. */
const same = (one: ServiceInstance, other: ServiceInstance): boolean =>
  JSON.stringify(one) === JSON.stringify(other);

/** Holds instances in a table of leases, and looks at the clock for it. */
export class MemoryRegistryStore implements RegistryStore {
  readonly pollMs = Infinity;
  readonly table: LeaseTable<ServiceInstance>;
  readonly #clock: Clock;
  readonly #rules: LeaseRules;
  readonly #epoch = newId();
  readonly #hints = new Set<(service: string | undefined) => void>();
  /** As they are told of: made once for each change. */
  readonly #told = new WeakMap<Lease<ServiceInstance>, RegisteredInstance>();
  #timer: Timer | undefined;
  #timerAt = Infinity;

  constructor(rules: LeaseRules, clock: Clock) {
    this.#clock = clock;
    this.#rules = rules;
    this.table = new LeaseTable(rules, same, clock.now());
  }

  async register(instance: ServiceInstance, incarnation: number, ttlMs: number): Promise<RegisterAnswer> {
    const { service: group, id } = instance;
    const order = { group, id, incarnation, ttlMs, value: instance };
    const answer = this.table.register(order, this.#clock.now());
    this.#tell();
    if (answer.kind === 'stale') return answer;
    if (answer.kind !== 'full') return { kind: 'registered' };
    return { kind: 'full', option: 'maxInstances', limit: this.#rules.maxLeases };
  }

  async renew({ service, id }: InstanceKey, incarnation: number): Promise<'renewed' | 'unknown' | 'stale'> {
    const answer = this.table.renew(service, id, incarnation, this.#clock.now());
    this.#tell();
    return answer;
  }

  async deregister(
    { service, id }: InstanceKey,
    incarnation: number | undefined,
  ): Promise<'removed' | 'unknown' | 'stale'> {
    const there = this.table.leases(service).get(id);
    const meant = incarnation ?? there?.incarnation;
    const answer =
      meant === undefined ? 'unknown' : this.table.deregister(service, id, meant, this.#clock.now());
    this.#tell();
    return answer;
  }

  async read(service: string, since: StorePosition | undefined): Promise<StoreView> {
    this.look();
    const { table } = this;
    const leases = table.leases(service);
    const position = { epoch: this.#epoch, revision: table.revision(service) };
    const touched = since?.epoch === this.#epoch ? table.touched(service, since.revision) : undefined;
    if (touched === undefined) {
      return { ...position, kind: 'all', instances: [...leases.values()].map(lease => this.#view(lease)) };
    }
    if (touched.size === 0) return { ...position, kind: 'same' };
    const put: RegisteredInstance[] = [];
    const removed: string[] = [];
    for (const id of touched) {
      const lease = leases.get(id);
      if (lease === undefined) removed.push(id);
      else put.push(this.#view(lease));
    }
    return { ...position, kind: 'changes', put, removed };
  }

  async services(): Promise<readonly string[]> {
    this.look();
    return this.table.groups().sort();
  }

  follow(hint: (service: string | undefined) => void): () => void {
    // An entry of its own, so that one function may follow twice.
    const own = (service: string | undefined): void => hint(service);
    this.#hints.add(own);
    return () => void this.#hints.delete(own);
  }

  async close(): Promise<void> {
    this.#timer?.cancel();
    this.#timer = undefined;
    this.#timerAt = Infinity;
  }

  /** Ends what has ended. */
  look(): void {
    this.table.pass(this.#clock.now());
    this.#tell();
  }

  #view(lease: Lease<ServiceInstance>): RegisteredInstance {
    const { incarnation, preserved, value } = lease;
    const told = this.#told.get(lease);
    if (told?.incarnation === incarnation && told.preserved === preserved) return told;
    const view = Object.freeze({ ...value, incarnation, preserved });
    this.#told.set(lease, view);
    return view;
  }

  #tell(): void {
    for (const service of this.table.takeChanged()) for (const hint of this.#hints) hint(service);
    this.#arm();
  }

  /** When the next lease ends, and often enough to know of a time in which the process stood still. */
  #arm(): void {
    if (this.table.size === 0) return;
    const now = this.#clock.now();
    const at = Math.min(this.table.earliest, now + this.#rules.suspendMs / 2);
    if (this.#timer !== undefined && this.#timerAt <= at) return;
    this.#timer?.cancel();
    this.#timerAt = at;
    this.#timer = this.#clock.schedule(at - now, () => {
      this.#timer = undefined;
      this.look();
    });
  }
}
