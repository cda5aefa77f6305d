import type { Roll } from '../core/roll.js';
import { LeaseLostError } from '../kernel/bus-errors.js';
import type { Timer } from '../kernel/clock.js';
import type { ConsumerParts } from './handling.js';
import type { HeldDelivery } from './held-delivery.js';

/**
 * Extends the leases of what a consumer holds, three times within a lease, as long as it holds anything, and
 * sees that nothing is begun when its lease is over.
 */
export class LeaseUpkeep {
  readonly #parts: ConsumerParts;
  readonly #held: Roll<HeldDelivery>;
  #timer: Timer | undefined;

  constructor(parts: ConsumerParts, held: Roll<HeldDelivery>) {
    this.#parts = parts;
    this.#held = held;
  }

  /** Something is held. Without effect where the broker knows no extension, or it has begun already. */
  begin(): void {
    if (this.#timer !== undefined) return;
    const { driver, clock, rules } = this.#parts;
    if (!driver.capabilities.extendLease) return;
    this.#timer = clock.schedule(rules.leaseMs / 3, () => {
      this.#timer = undefined;
      for (const held of this.#held.all()) if (!held.settled) void this.#extend(held);
      if (this.#held.size > 0) this.begin();
    });
  }

  /**
   * Gives back what is about to be begun when its lease is over, as after the process stood still: another
   * one may have had it, and what comes after it in its lane. None of that is begun here.
   */
  check(held: HeldDelivery): void {
    const { leasedUntil } = held.raw;
    if (leasedUntil === undefined || held.settled || this.#parts.clock.now() < leasedUntil) return;
    const { lane } = held;
    const all = lane === undefined ? [held] : this.#held.all().filter(other => other.lane === lane);
    for (const late of all) if (!late.begun) late.giveBack();
  }

  end(): void {
    this.#timer?.cancel();
    this.#timer = undefined;
  }

  async #extend(held: HeldDelivery): Promise<void> {
    try {
      if ((await held.raw.extend!(this.#parts.rules.leaseMs)) !== 'stale') return;
    } catch {
      // The next time may do; until the lease is over nobody else gets it.
      return;
    }
    held.lose(new LeaseLostError('the message was given to another member of the group'));
  }
}
