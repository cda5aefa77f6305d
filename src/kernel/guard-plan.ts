import type { CallContext } from './context.js';
import { isGrantedBy } from './is-guard.js';
import type { Guard } from './policy.js';

/** What all calls through one run of guards share. */
export class GuardPlan {
  readonly guards: readonly Guard[];
  /**
   * The two verbs of each guard, bound: one call site serves guards of many classes, and a bound function
   * spares it the look-up in each.
   */
  readonly enters: readonly Guard['enter'][];
  readonly exits: readonly Guard['exit'][];
  readonly last: number;
  /** The place of the guard that may give up, -1 when there is none. */
  readonly giver: number;
  /** Whether calls may have to wait. */
  readonly parks: boolean;
  /**
   * The permits of the latest call: most guards hand out one object for long, so that calls can share the
   * list.
   */
  permits: readonly unknown[];

  constructor(guards: readonly Guard[]) {
    this.guards = guards;
    this.enters = guards.map(guard => guard.enter.bind(guard));
    this.exits = guards.map(guard => guard.exit.bind(guard));
    this.last = guards.length - 1;
    this.giver = guards.findIndex(guard => guard.givesUp === true);
    this.parks = guards.some(guard => guard.wait !== undefined);
    this.permits = new Array(guards.length).fill(undefined);
  }

  /** The error for a call that the guard at `place` did not admit; `undefined` when it may wait there. */
  refusal(place: number, call: CallContext): unknown {
    return this.guards[place]!.refusal?.(call);
  }

  /** Whether one of the first `passed` permits is one of `guard`. */
  holds(guard: object, permits: readonly unknown[], passed: number): boolean {
    for (let place = 0; place < passed; place++) {
      if (isGrantedBy(this.guards[place]!, permits[place], guard)) return true;
    }
    return false;
  }

  /** `permits` with another one at `place`; the shared list is copied, and the copy shared from then on. */
  withPermit(permits: readonly unknown[], place: number, permit: unknown): readonly unknown[] {
    const own = permits.slice();
    own[place] = permit;
    this.permits = own;
    return own;
  }
}

/**
 * A guard that fails must not keep others from getting their permits back, nor the caller from the answer.
 */
export function reportFailedExit(error: unknown): void {
  console.error('keelson: a guard failed while a call left it', error);
}

/** Takes the permits of the guards from place `from` down to `to` back, innermost first. */
export function exitGuards(
  exits: readonly Guard['exit'][],
  permits: readonly unknown[],
  from: number,
  to: number,
  ok: boolean,
  result: unknown,
  call: CallContext,
): void {
  for (let place = from; place >= to; place--) {
    try {
      exits[place]!(permits[place], ok, result, call);
    } catch (error) {
      reportFailedExit(error);
    }
  }
}
