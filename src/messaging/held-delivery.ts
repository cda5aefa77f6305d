import type { Listed } from '../core/roll.js';
import type { LeaseLostError } from '../kernel/bus-errors.js';
import type { RawDelivery, Settled } from './driver.js';

/** A delivery that this process holds, from the time it is handed over until it is settled. */
export class HeldDelivery implements Listed {
  readonly raw: RawDelivery;
  /** What it holds a lane by. */
  readonly lane: string | undefined;
  place = -1;
  /** How often it was put off in this process, in place of a redelivery by the broker. */
  putOff = 0;
  /** Which run of the present delivery comes next, from 1. */
  run = 1;
  /** Whether it is being handled. */
  begun = false;
  /** Whether it has been handled, or tried to. */
  tried = false;
  /** Set once, by whatever settles it first. */
  settled = false;
  /** Ends the run that is under way, if there is one. */
  interrupt: ((reason: unknown) => void) | undefined = undefined;

  constructor(raw: RawDelivery, lane: string | undefined) {
    this.raw = raw;
    this.lane = lane;
  }

  /** Which delivery this is, from 1, as far as anybody counts. */
  attempt(counted: number | undefined): number {
    return (this.raw.attempt ?? counted ?? 1) + this.putOff;
  }

  /** The lease is gone: what becomes of the message is for another one to say. */
  lose(error: LeaseLostError): void {
    if (this.settled) return;
    this.settled = true;
    this.interrupt?.(error);
  }

  /** Gives it back at once, unless it is settled. */
  giveBack(): void {
    // What nobody has looked at must not come nearer to its end by it, however often its group is replaced.
    const untouched = !this.tried;
    const back = this.settle(raw => (untouched && raw.release !== undefined ? raw.release() : raw.nack(0)));
    // A broker that does not hear of it gives it to another one when the lease is over.
    Promise.resolve(back).catch(() => {});
  }

  /** Settles it, unless it is; a broker that cannot be reached has as good as taken it back. */
  settle(how: (raw: RawDelivery) => Promise<Settled> | Settled): Promise<Settled> | Settled {
    if (this.settled) return 'stale';
    this.settled = true;
    return how(this.raw);
  }
}
