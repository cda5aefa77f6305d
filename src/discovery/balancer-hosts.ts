import { HostLoads } from '../core/host-load.js';
import { checkNumber, refuse } from '../kernel/options.js';
import { type BalancedInstance, Host } from './balancer-host.js';
import { type BalancerPlan, checkInstance } from './balancer-options.js';

/** An instance that is new, or not as it was. */
interface Changed<I extends BalancedInstance> {
  readonly at: number;
  readonly instance: I;
  readonly weight: number;
  /** `undefined` for one that is new. */
  readonly host: Host<I> | undefined;
}

/** The hosts of a balancer: those that are there, and those that are gone but for calls under way. */
export class BalancerHosts<I extends BalancedInstance> {
  readonly loads: HostLoads;
  readonly #priority: BalancerPlan<I>['priority'];
  readonly #hosts = new Map<string, Host<I>>();
  readonly #leaving = new Map<string, Host<I>>();
  #all: readonly Host<I>[] = [];
  /** Those that are there, in the order of the list that they were given in. */
  #given: readonly Host<I>[] = [];
  /** Counts the lists, to see which hosts are in the latest. */
  #round = 0;

  constructor({ decayMs, priority }: Pick<BalancerPlan<I>, 'decayMs' | 'priority'>) {
    this.loads = new HostLoads(decayMs);
    this.#priority = priority;
  }

  get size(): number {
    return this.#hosts.size;
  }

  /** Those that are there, the ones that are there for longest first. */
  get all(): readonly Host<I>[] {
    return this.#all;
  }

  get(id: string): Host<I> | undefined {
    return this.#hosts.get(id);
  }

  inFlight(id: string): number {
    return (this.#hosts.get(id) ?? this.#leaving.get(id))?.inFlight ?? 0;
  }

  /** A call has ended: a host that is gone is forgotten with the last one. */
  forget(host: Host<I>): void {
    if (this.#leaving.get(host.id) !== host || host.inFlight > 0) return;
    this.#leaving.delete(host.id);
    this.loads.release(host.slot);
  }

  /**
   * These are there from now on; whether one of them is new.
   *
   * @throws TypeError or RangeError that names what is wrong; then nothing has changed.
   */
  update(instances: readonly I[], now: number): boolean {
    const hosts: Host<I>[] = [];
    const changes = this.#check(instances, hosts);
    const levels = this.#priority && instances.map(instance => this.#levelOf(instance));
    for (const host of this.#given) if (host.seen !== this.#round) this.#remove(host);
    let isNew = false;
    for (const { at, instance, weight, host } of changes) {
      if (host === undefined) {
        hosts[at] = this.#add(instance, weight, now);
        isNew = true;
      } else {
        host.instance = instance;
        host.weight = weight;
      }
    }
    for (let at = 0; at < hosts.length; at++) {
      hosts[at]!.place = at;
      if (levels !== undefined) hosts[at]!.priority = levels[at]!;
    }
    this.#given = hosts;
    this.#all = [...this.#hosts.values()];
    return isNew;
  }

  /**
   * What is not as it was. `hosts` is filled with those that stay. A list is mostly the one before with a few
   * changes: what is in its place, or as far behind it as the one before, is known at a look.
   */
  #check(instances: readonly I[], hosts: Host<I>[]): readonly Changed<I>[] {
    const changes: Changed<I>[] = [];
    const ids = new Set<string>();
    this.#round++;
    let shift = 0;
    instances.forEach((instance, at) => {
      let host = this.#given[at + shift];
      if (host === undefined || host.instance !== instance || host.weight !== (instance.weight ?? 1)) {
        const weight = checkInstance(instance);
        const { id } = instance;
        host = this.#hosts.get(id);
        changes.push({ at, instance, weight, host });
        if (host === undefined) {
          if (ids.has(id)) refuse('Balancer', 'instances', 'told apart by `id`', id);
          ids.add(id);
          shift--;
        } else shift = host.place - at;
      }
      if (host?.seen === this.#round) refuse('Balancer', 'instances', 'told apart by `id`', host.id);
      if (host !== undefined) host.seen = this.#round;
      hosts.push(host!);
    });
    return changes;
  }

  #levelOf(instance: I): number {
    return checkNumber('Balancer', 'priority', this.#priority!(instance), {});
  }

  #add(instance: I, weight: number, now: number): Host<I> {
    const { id } = instance;
    // One that comes back while calls to it are under way still has them.
    const host = this.#leaving.get(id) ?? new Host(instance, this.loads);
    this.#leaving.delete(id);
    this.#hosts.set(id, host);
    host.instance = instance;
    host.weight = weight;
    host.since = now;
    host.seen = this.#round;
    host.absolve();
    host.draining = false;
    return host;
  }

  #remove(host: Host<I>): void {
    host.chooser = undefined;
    this.#hosts.delete(host.id);
    if (host.inFlight > 0) this.#leaving.set(host.id, host);
    else this.loads.release(host.slot);
  }
}
