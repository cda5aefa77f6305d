import { CallContext, type CallOptions, type Context } from '../kernel/context.js';
import { GuardRun } from '../kernel/guard-run.js';
import type { GuardedCall } from '../kernel/guarded-call.js';
import { isGrantedBy } from '../kernel/is-guard.js';
import type { Guard, Operation, ParkedCall, Policy } from '../kernel/policy.js';
import { SoloRun } from '../kernel/solo-run.js';
import { WaitingRoom } from '../kernel/waiting-room.js';
import { PerKey } from './keyed-policy.js';
import type { KeyedInstance, KeyedTable } from './keyed-table.js';

/** A permit with the key's policy that takes it back, where calls of the key do not share one. */
class Pass {
  readonly kept: KeyedInstance<Guard>;
  readonly permit: unknown;

  constructor(kept: KeyedInstance<Guard>, permit: unknown) {
    this.kept = kept;
    this.permit = permit;
  }
}

/** What a call holds: that which is kept for its key stands for the permit that it has there. */
type Held = KeyedInstance<Guard> | Pass;

function hold(kept: KeyedInstance<Guard>, permit: unknown): Held {
  const shared = permit === kept.permit;
  if (!shared && kept.inFlight > 0) {
    kept.inFlight++;
    return new Pass(kept, permit);
  }
  kept.permit = permit;
  kept.inFlight++;
  return kept;
}

/** A keyed policy of guards. */
export class GuardPerKey extends PerKey<Guard> implements Guard<Held>, Policy {
  readonly givesUp: boolean;
  // Calls are known to wait by that there is a `wait`.
  declare readonly wait?: (call: GuardedCall) => unknown;
  #run: SoloRun<Held> | GuardRun | undefined;
  /** The key's policy that did not let the latest call in: whether that waits is asked next. */
  #turnedAway: KeyedInstance<Guard> | undefined;

  constructor(table: KeyedTable<Guard>) {
    super(table);
    const { instance } = table.shared;
    this.givesUp = instance.givesUp === true;
    if (instance.wait !== undefined) this.wait = call => this.#park(call);
  }

  execute<T>(operation: Operation<T>, options?: CallOptions | Context): Promise<T> {
    this.#run ??= this.givesUp
      ? new GuardRun([this as Guard], this.clock)
      : new SoloRun<Held>(this, this.clock, this.wait && new WaitingRoom(this as Guard));
    return this.#run.execute(operation, options);
  }

  enter(call: CallContext): Held | undefined {
    const kept = this.find(call);
    const permit = kept.instance.enter(call);
    if (permit !== undefined) return hold(kept, permit);
    this.#turnedAway = kept;
    return undefined;
  }

  refusal(call: CallContext): unknown {
    const kept = this.#turnedAway!;
    const refusal = kept.instance.refusal?.(call);
    // A listener may have made another call.
    this.#turnedAway = kept;
    return refusal;
  }

  withdraw(parked: ParkedAtKey): void {
    parked.leave();
    parked.kept.instance.withdraw?.(parked.ticket);
  }

  exit(held: Held, ok: boolean, result: unknown, call: CallContext): void {
    const pass = held instanceof Pass;
    const kept = pass ? held.kept : held;
    const { permit } = held;
    this.table.leave(kept);
    kept.instance.exit(permit, ok, result, call);
  }

  /** For a bulkhead of a key, which knows by it that a call waits for a part of itself. */
  granted(held: Held | undefined, guard: object): boolean {
    if (held === undefined) return false;
    const { instance } = held instanceof Pass ? held.kept : held;
    return isGrantedBy(instance, held.permit, guard);
  }

  #park(call: GuardedCall): ParkedAtKey {
    const kept = this.#turnedAway!;
    const { instance } = kept;
    if (instance.wait === undefined) {
      throw new TypeError(`${this.name}: the policy of the key admits nobody, and has no \`wait\``);
    }
    const parked = new ParkedAtKey(call, kept, this.table);
    try {
      parked.ticket = instance.wait(parked);
    } catch (error) {
      parked.leave();
      throw error;
    }
    return parked;
  }
}

/** Stands in for a call in the line of its key's policy, whose permit is not the one that the call gets. */
class ParkedAtKey extends CallContext implements ParkedCall {
  ticket: unknown = undefined;
  readonly kept: KeyedInstance<Guard>;
  readonly #call: GuardedCall;
  readonly #table: KeyedTable<Guard>;
  #waits = true;

  constructor(call: GuardedCall, kept: KeyedInstance<Guard>, table: KeyedTable<Guard>) {
    super(call);
    this.kept = kept;
    this.#call = call;
    this.#table = table;
    kept.inFlight++;
  }

  admit(permit: unknown): boolean {
    const held = hold(this.kept, permit);
    this.leave();
    if (this.#call.admit(held)) return true;
    this.#table.leave(this.kept);
    return false;
  }

  refuse(error: unknown): void {
    this.leave();
    this.#call.refuse(error);
  }

  /** The wait is over, in whatever way. */
  leave(): void {
    if (this.#waits) this.#table.leave(this.kept);
    this.#waits = false;
  }
}
