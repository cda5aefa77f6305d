import type { BalancedHost, Chooser } from '../core/balance.js';
import type { HostLoads } from '../core/host-load.js';

/** What a balancer has to know of an instance; it hands out the very object that it was given. */
export interface BalancedInstance {
  /** Its name, which no other instance of the service has. */
  readonly id: string;
  /** How much it takes of what others take; 0 takes nothing. @default 1 */
  readonly weight?: number | undefined;
  /** Where it is. */
  readonly zone?: string | undefined;
  /** What it says of itself: unless it is `up` it is given nothing. @default 'up' */
  readonly status?: string | undefined;
}

/** An instance as a balancer keeps it, for as long as it is there or calls to it are under way. */
export class Host<I extends BalancedInstance = BalancedInstance> implements BalancedHost {
  readonly id: string;
  readonly slot: number;
  /** When it came, or came back, on the clock of the balancer. */
  since = 0;
  instance: I;
  /** Where in the list of all it is, and in which of the lists it was last. */
  place = 0;
  seen = 0;
  priority = 0;
  readonly #loads: HostLoads;
  #weight = 1;
  /** Whether it is to be given nothing more. */
  draining = false;
  /** Who has ejected it: it comes back when none of them has anything against it. */
  #ejectedBy: Set<string> | undefined;
  /** Who keeps count of it among others. */
  chooser: Chooser<Host<I>> | undefined = undefined;

  constructor(instance: I, loads: HostLoads) {
    this.id = instance.id;
    this.instance = instance;
    this.#loads = loads;
    this.slot = loads.take();
  }

  get zone(): string | undefined {
    return this.instance.zone;
  }

  /** Whether it may be given calls at all, were it healthy. */
  get eligible(): boolean {
    const { status = 'up' } = this.instance;
    return !this.draining && this.weight > 0 && status === 'up';
  }

  get healthy(): boolean {
    return !this.ejected;
  }

  get ejected(): boolean {
    return this.#ejectedBy !== undefined;
  }

  eject(by: string): void {
    this.#ejectedBy = (this.#ejectedBy ?? new Set()).add(by);
  }

  /** Whether it is back by that. */
  readmit(by: string): boolean {
    if (this.#ejectedBy?.delete(by) !== true || this.#ejectedBy.size > 0) return false;
    this.#ejectedBy = undefined;
    return true;
  }

  /** Nobody has anything against it. */
  absolve(): void {
    this.#ejectedBy = undefined;
  }

  get inFlight(): number {
    return this.#loads.inFlight(this.slot);
  }

  get weight(): number {
    return this.#weight;
  }

  set weight(weight: number) {
    this.#weight = weight;
    this.#loads.weigh(this.slot, weight);
  }

  /** A call to it begins, `1`, or is over, `-1`. */
  count(calls: 1 | -1): void {
    this.#loads.count(this.slot, calls);
    // One that has left, or is given nothing, is counted by nobody else.
    if (this.chooser !== undefined) this.chooser.busy += calls;
  }
}
