import { hash32 } from '../core/hash.js';
import type { Clock } from '../kernel/clock.js';
import { Emitter, type Listener, type Observable } from '../kernel/events.js';
import { refuse } from '../kernel/options.js';
import type { Verdict } from '../kernel/outcome.js';
import { type BalancerGroup, groupsOf, subsetOf } from './balancer-groups.js';
import type { BalancedInstance, Host } from './balancer-host.js';
import { BalancerHosts } from './balancer-hosts.js';
import {
  type BalancerDescription,
  type BalancerEvents,
  type BalancerOptions,
  type BalancerPick,
  type BalancerPickOptions,
  type BalancerPlan,
  type BalancerSnapshot,
  balancerDefaults,
  checkBalancer,
} from './balancer-options.js';
import { PickTicket } from './balancer-ticket.js';
import type { WaySeams } from './balancer-ways.js';
import { NoEndpointError } from './no-endpoint-error.js';

/** What an instance is given at least while it warms up, of what it will be given. */
const COLDEST = 0.1;
/** What one answer counts for in the average of all. */
const PEERS_WEIGHT = 0.05;

/**
 * Chooses an instance of a service for each call, and learns from how the call ended.
 *
 * How it chooses is its option `by`; which instances there are to choose from is the same for all ways:
 * those of the nearest zone and the first priority that can take it, without those that were ejected or are
 * about to leave, unless too few are left.
 *
 * @example
 * ```ts
 * import { Balancer, roundRobin } from 'keelson';
 *
 * const balancer = new Balancer({ instances: [{ id: 'a' }, { id: 'b' }], by: roundRobin() });
 * const pick = balancer.pick();
 * pick.instance.id; // => 'a'
 * pick.done('success');
 * balancer.pick().instance.id; // => 'b'
 * ```
 */
export class Balancer<I extends BalancedInstance = BalancedInstance> implements Observable<BalancerEvents> {
  /** Shown in errors, events and `describe()`. */
  readonly name: string;
  /** The source of time. */
  readonly clock: Clock;
  readonly #plan: BalancerPlan<I>;
  readonly #hosts: BalancerHosts<I>;
  /** The choosers of groups that were there before, for each goes on from where it was. */
  #groups: readonly BalancerGroup<I>[] = [];
  #stale = true;
  /** Until when some instance is new. */
  #warmUntil = -Infinity;
  #panicking = false;
  #eligible = 0;
  /** When the present choice is made. */
  #pickedAt = 0;
  readonly #seams: WaySeams;
  /** What instances take on the average, in ms, once one has answered. */
  #peersMs: number | undefined;
  readonly #onDone = (host: Host<I>, startedAt: number, verdict: Verdict): void =>
    this.#settle(host, startedAt, verdict);
  #events: Emitter<BalancerEvents> | undefined;

  /** @throws TypeError or RangeError that names the option, the rule and the value. */
  constructor(options: BalancerOptions<I> = {}) {
    this.#plan = checkBalancer(options);
    this.name = this.#plan.name;
    this.clock = this.#plan.clock;
    this.#hosts = new BalancerHosts(this.#plan);
    const { random } = this.#plan;
    this.#seams = { random, now: () => this.#pickedAt, loads: this.#hosts.loads };
    this.update(this.#plan.instances);
    // Those that are there from the beginning have no others that could take more in their stead.
    for (const host of this.#hosts.all) host.since = -Infinity;
    this.#warmUntil = -Infinity;
  }

  /** What stands where an option was left out. */
  static get defaults(): typeof balancerDefaults {
    return balancerDefaults;
  }

  /** All instances, as they were given. */
  get instances(): readonly I[] {
    return this.#hosts.all.map(({ instance }) => instance);
  }

  /**
   * Chooses an instance for one call. Tell `done` how that ended.
   *
   * @throws NoEndpointError when there is none.
   */
  pick(options: BalancerPickOptions<I> = {}): BalancerPick<I> {
    if (this.#stale) this.#regroup();
    const { key, avoid } = options;
    const { random, clock } = this.#plan;
    // Below 0 where there is no key: nobody must take it for one.
    const hash = key === undefined ? -1 - Math.floor(random() * 2 ** 32) : hash32(key);
    const avoided = avoid === undefined || avoid.size === 0 ? undefined : this.#avoiding(avoid);
    const now = clock.now();
    this.#pickedAt = now;
    const keyed = key !== undefined && this.#plan.by.byKey;
    let host: Host<I> | undefined;
    if (now < this.#warmUntil && !keyed) host = this.#choose(hash, this.#cold(now, avoided));
    host ??= this.#choose(hash, avoided);
    if (host === undefined && avoided !== undefined) host = this.#choose(hash, undefined);
    if (host === undefined) throw this.#nobody();
    return new PickTicket(host, now, this.#onDone);
  }

  /**
   * These are the instances from now on. What is known of those that stay is kept; calls under way to those
   * that leave go on.
   *
   * @throws TypeError or RangeError that names what is wrong; then nothing has changed.
   */
  update(instances: readonly I[]): void {
    if (!Array.isArray(instances)) refuse('Balancer', 'instances', 'a list', instances);
    const now = this.clock.now();
    if (this.#hosts.update(instances, now)) this.#warmUntil = now + this.#plan.slowStartMs;
    this.#stale = true;
  }

  /**
   * Gives an instance nothing, unless too few are left; `false` when there is none of that name. `by` is who
   * says so: it is back when each of those who did has readmitted it.
   */
  eject(id: string, by = ''): boolean {
    return this.#change(id, host => host.eject(by));
  }

  /** Gives an instance calls again that was ejected, less at first: see `slowStartMs`. */
  readmit(id: string, by = ''): boolean {
    return this.#change(id, host => {
      if (host.readmit(by)) this.#warm(host);
    });
  }

  /** Gives an instance nothing more, whoever is left, for it is about to leave; `false` takes that back. */
  drain(id: string, draining = true): boolean {
    return this.#change(id, host => {
      host.draining = draining;
    });
  }

  /** How many calls to an instance are under way, also to one that has left. */
  inFlight(id: string): number {
    return this.#hosts.inFlight(id);
  }

  on<Name extends keyof BalancerEvents>(event: Name, listener: Listener<BalancerEvents[Name]>): () => void {
    this.#events ??= new Emitter(['panicked', 'calmed']);
    return this.#events.on(event, listener);
  }

  /** How it stands, as JSON. */
  snapshot(): BalancerSnapshot {
    if (this.#stale) this.#regroup();
    const { clock, name } = this.#plan;
    const { loads } = this.#hosts;
    const now = clock.now();
    const instances = this.#hosts.all.map(({ id, slot, inFlight, ejected, eligible }) => ({
      ...{ id, inFlight },
      costMs: loads.costMs(slot, now) ?? null,
      health: loads.health(slot, now),
      state: !eligible ? ('idle' as const) : ejected ? ('ejected' as const) : ('used' as const),
    }));
    return { name, panicking: this.#panicking, instances };
  }

  /** How it was made, as JSON. */
  describe(): BalancerDescription {
    const { name, by, zone, slowStartMs, panicRatio } = this.#plan;
    return { kind: 'balancer', name, by: by.name, zone: zone ?? null, slowStartMs, panicRatio };
  }

  /** A group by its share, or the next one where all of that are barred. */
  #choose(hash: number, barred: ((host: Host<I>) => boolean) | undefined): Host<I> | undefined {
    const groups = this.#groups;
    if (groups.length === 1) return groups[0]!.chooser.choose(hash, barred);
    let drawn = groups.length === 0 ? 0 : this.#plan.random();
    const first = groups.findIndex(({ part }) => {
      drawn -= part;
      return drawn < 0;
    });
    for (let step = 0; step < groups.length; step++) {
      const group = groups[(Math.max(first, 0) + step) % groups.length]!;
      const host = group.chooser.choose(hash, barred);
      if (host !== undefined) return host;
    }
    return undefined;
  }

  #avoiding(avoid: ReadonlySet<I>): (host: Host<I>) => boolean {
    return host => avoid.has(host.instance);
  }

  /** Bars those that are new, by chance, the more the newer they are. */
  #cold(now: number, avoided: ((host: Host<I>) => boolean) | undefined): (host: Host<I>) => boolean {
    const { slowStartMs, random } = this.#plan;
    return host => {
      if (avoided?.(host) === true) return true;
      const warmth = (now - host.since) / slowStartMs;
      return warmth < 1 && random() >= Math.max(COLDEST, warmth);
    };
  }

  #change(id: string, change: (host: Host<I>) => void): boolean {
    const host = this.#hosts.get(id);
    if (host === undefined) return false;
    change(host);
    this.#stale = true;
    return true;
  }

  #warm(host: Host<I>): void {
    host.since = this.#plan.clock.now();
    this.#warmUntil = host.since + this.#plan.slowStartMs;
  }

  /** Who there is to choose from has changed. */
  #regroup(): void {
    this.#stale = false;
    const all: Host<I>[] = [];
    for (const host of this.#hosts.all) {
      host.chooser = undefined;
      if (host.eligible) all.push(host);
    }
    const eligible = subsetOf(all, this.#plan.subset);
    let left = 0;
    for (const { healthy } of eligible) if (healthy) left++;
    const panicking = left < eligible.length * this.#plan.panicRatio;
    this.#groups = groupsOf(eligible, panicking, this.#plan, this.#groups, this.#seams);
    this.#eligible = eligible.length;
    if (panicking === this.#panicking) return;
    this.#panicking = panicking;
    const event = panicking ? 'panicked' : 'calmed';
    if (!this.#events?.has(event)) return;
    this.#events.emit(event, { balancer: this.name, at: this.clock.wall(), left, of: eligible.length });
  }

  #nobody(): NoEndpointError {
    const of = this.#hosts.size;
    const why =
      of === 0
        ? 'there are no instances'
        : this.#eligible === 0
          ? `all ${of} instances are about to leave, or not up`
          : `all ${this.#eligible} instances are ejected`;
    return new NoEndpointError(`${this.name}: ${why}`, { policy: this.name });
  }

  #settle(host: Host<I>, startedAt: number, verdict: Verdict): void {
    if (verdict !== 'neutral') this.#learn(host, startedAt, verdict);
    this.#hosts.forget(host);
  }

  #learn({ slot }: Host<I>, startedAt: number, verdict: Verdict): void {
    const now = this.#plan.clock.now();
    const tookMs = now - startedAt;
    if (verdict === 'failure') {
      this.#hosts.loads.fail(slot, tookMs, this.#peersMs ?? 0, now);
      return;
    }
    this.#hosts.loads.succeed(slot, tookMs, now);
    this.#peersMs =
      this.#peersMs === undefined ? tookMs : this.#peersMs + (tookMs - this.#peersMs) * PEERS_WEIGHT;
  }
}
