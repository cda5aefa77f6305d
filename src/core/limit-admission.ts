/** A part of the callers that is sure of a share of the limit. */
export interface Partition {
  readonly name: string;
  /** Its share of the limit, 0..1. It can be changed while calls of it are in flight. */
  share: number;
  /** @internal Calls of it in flight. */
  taken: number;
}

/** So much of the limit is for calls of every priority. */
const FOR_ALL = 0.5;
/** A product that should be whole may come out a trace below it: 90 × (1 − 3 × 0.1) does. */
const TRACE = 1e-9;

/**
 * Who may go when the limit is near.
 *
 * While fewer calls are in flight than the limit, everybody may, the less urgent only up to their ceiling.
 * From then on, those partitions may that have not used their share, of which each is at least one call: the
 * calls in flight can be more than the limit by the sum of the shares, and never by more.
 */
export class LimitAdmission {
  #shedRatio: number;
  #taken = 0;

  /** Each priority below 0 lowers the ceiling by `shedRatio` of the limit. */
  constructor(shedRatio: number) {
    this.#shedRatio = shedRatio;
  }

  get taken(): number {
    return this.#taken;
  }

  /** Goes by another ratio from now on. */
  amend(shedRatio: number): void {
    this.#shedRatio = shedRatio;
  }

  take(limit: number, priority: number, partition: Partition | undefined): boolean {
    if (this.#taken >= limit || (priority < 0 && this.#taken >= this.#ceiling(limit, priority))) {
      if (partition === undefined || partition.taken >= shareOf(partition, limit)) return false;
    }
    this.#taken++;
    if (partition !== undefined) partition.taken++;
    return true;
  }

  /** Gives back what `take` took. */
  release(partition: Partition | undefined): void {
    this.#taken--;
    if (partition !== undefined) partition.taken--;
  }

  /**
   * How many may be in flight together with one of a priority below 0. Rounded down, so that small limits
   * keep a place for the more urgent as well; only a limit of 1 has none to keep.
   */
  #ceiling(limit: number, priority: number): number {
    const part = 1 + Math.floor(priority) * this.#shedRatio;
    return Math.max(Math.ceil(limit * FOR_ALL), Math.floor(limit * part + TRACE));
  }
}

/** The calls that a partition is sure of. */
export function shareOf({ share }: Partition, limit: number): number {
  return Math.max(1, Math.ceil(limit * share));
}
