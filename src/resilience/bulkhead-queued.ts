import type { Due } from '../core/due-heap.js';
import type { Waiter } from '../core/wait-line.js';
import type { CallContext } from '../kernel/context.js';
import type { GuardedCall } from '../kernel/guarded-call.js';

/** A call in the line. */
export interface Queued extends Waiter {
  readonly call: GuardedCall;
  readonly since: number;
  /** The calls with a slot here that this one is a part of. */
  readonly holders: readonly CallContext[] | undefined;
  /** Why it is refused when it has waited for too long. */
  readonly late: 'deadline' | 'queue-timeout';
  /** The time at which it stops waiting, if there is one. */
  due: Due<Queued> | undefined;
}
