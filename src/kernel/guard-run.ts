import { backgroundContext, contextOf, noOperation } from './call-options.js';
import { type Clock, systemClock } from './clock.js';
import type { CallContext, CallOptions, Context } from './context.js';
import { exitGuards, GuardPlan } from './guard-plan.js';
import { GuardedCall } from './guarded-call.js';
import { HandedContext } from './handed-context.js';
import type { Guard, Operation } from './policy.js';

/**
 * The settle callbacks of calls that hold the same permits: shared, so that such a call allocates no closure.
 */
interface Lane {
  readonly permits: readonly unknown[];
  readonly onValue: <T>(value: T) => T;
  readonly onError: (error: unknown) => never;
}

function makeLane(
  plan: GuardPlan,
  permits: readonly unknown[],
  call: CallContext,
  handed?: HandedContext,
): Lane {
  return {
    permits,
    onValue(value) {
      if (handed !== undefined) handed.running = false;
      exitGuards(plan.exits, permits, plan.last, 0, true, value, call);
      return value;
    },
    onError(error) {
      if (handed !== undefined) handed.running = false;
      exitGuards(plan.exits, permits, plan.last, 0, false, error, call);
      throw error;
    },
  };
}

/** What tells a run of guards that one of them has fallen asleep, or woken: its `dormant` changes. */
type Sleeper = Pick<Guard, 'dormant'>;

/** Several sleepers as one: it changes whenever any of them does, however many there are. */
class Dormitory implements Sleeper {
  readonly #sleepers: readonly Sleeper[];
  readonly #asleep: boolean[];
  #turned = false;

  constructor(sleepers: readonly Sleeper[]) {
    this.#sleepers = sleepers;
    this.#asleep = sleepers.map(() => false);
  }

  get dormant(): boolean {
    const before = this.#turned;
    for (const [place, { dormant }] of this.#sleepers.entries()) {
      const asleep = dormant === true;
      if (asleep === this.#asleep[place]) continue;
      this.#asleep[place] = asleep;
      this.#turned = !before;
    }
    return this.#turned;
  }
}

/** What a run of these guards has to look at before each call; nothing where none can be dormant. */
function sleeperOf(guards: readonly Guard[]): Sleeper | undefined {
  const sleepers = guards.filter(guard => guard.dormant !== undefined);
  return sleepers.length > 1 ? new Dormitory(sleepers) : sleepers[0];
}

/**
 * Runs operations through neighbouring guards, the first outermost, with one promise for all of them.
 *
 * At most one of the guards may give up on running operations; {@link pipeline} sees to that.
 */
export class GuardRun {
  readonly #guards: readonly Guard[];
  readonly #sleeper: Sleeper | undefined;
  readonly #clock: Clock;
  readonly #background: CallContext;
  #plan!: GuardPlan;
  #handed!: CallContext;
  #lane: Lane | undefined;
  /** What the sleeper said when the plan was made. */
  #asleep: boolean | undefined = false;

  constructor(
    guards: readonly Guard[],
    clock: Clock = guards.find(guard => guard.clock)?.clock ?? systemClock,
  ) {
    this.#guards = guards;
    this.#sleeper = sleeperOf(guards);
    this.#clock = clock;
    this.#background = backgroundContext(clock);
    this.#goBy(guards);
  }

  execute<T>(operation: Operation<T>, options?: CallOptions | Context): Promise<T> {
    // Before any guard sees it: the mistake is the caller's and no failure of the remote.
    if (typeof operation !== 'function') return Promise.reject(noOperation('execute', operation));
    // This is all that one alone, as nearly always, costs while it is dormant.
    const sleeper = this.#sleeper;
    if (sleeper !== undefined) {
      const asleep = sleeper.dormant;
      if (asleep !== this.#asleep) this.#adapt(asleep);
    }
    let context = this.#background;
    if (options !== undefined) {
      try {
        context = contextOf(options, this.#clock);
      } catch (error) {
        return Promise.reject(error);
      }
      if (context.cancelled) return Promise.reject(context.reason);
    }
    if (this.#plan.giver < 0) return this.#runLight(operation, context);
    return GuardedCall.start(context, this.#plan, operation) as Promise<T>;
  }

  /** Goes without the guards that are dormant now; calls that run end by the plan that they began with. */
  #adapt(asleep: boolean | undefined): void {
    this.#asleep = asleep;
    this.#goBy(this.#guards.filter(guard => guard.dormant !== true));
  }

  #goBy(guards: readonly Guard[]): void {
    this.#plan = new GuardPlan(guards);
    this.#handed = this.#plan.parks ? new HandedContext(this.#background, this.#plan) : this.#background;
    this.#lane = undefined;
  }

  /** A call that needs no record of its own as long as every guard admits it at once. */
  #runLight<T>(operation: Operation<T>, context: CallContext): Promise<T> {
    const plan = this.#plan;
    let permits = plan.permits;
    for (let place = 0; place <= plan.last; place++) {
      let permit: unknown;
      try {
        permit = plan.enters[place]!(context);
        if (permit === undefined) {
          const refusal = plan.refusal(place, context);
          if (refusal !== undefined) {
            exitGuards(plan.exits, permits, place - 1, 0, false, refusal, context);
            return Promise.reject(refusal);
          }
        }
      } catch (error) {
        exitGuards(plan.exits, permits, place - 1, 0, false, error, context);
        return Promise.reject(error);
      }
      if (permit === undefined) {
        return GuardedCall.park(context, plan, operation, permits, place) as Promise<T>;
      }
      if (permit !== permits[place]) permits = plan.withPermit(permits, place, permit);
    }
    if (context === this.#background) return this.#launch(operation, this.#handed, this.#laneFor(permits));
    // A listener of a guard's may have given the call up.
    if (context.cancelled) {
      const { reason } = context;
      exitGuards(plan.exits, permits, plan.last, 0, false, reason, context);
      return Promise.reject(reason);
    }
    if (plan.parks) {
      const handed = new HandedContext(context, plan, permits);
      return this.#launch(operation, handed, makeLane(plan, permits, context, handed));
    }
    return this.#launch(operation, context, makeLane(plan, permits, context));
  }

  #launch<T>(operation: Operation<T>, handed: CallContext, lane: Lane): Promise<T> {
    let answer: Promise<T>;
    try {
      answer = Promise.resolve(operation(handed)) as Promise<T>;
    } catch (error) {
      answer = Promise.reject(error);
    }
    return answer.then(lane.onValue, lane.onError);
  }

  /** The callbacks of calls without options. */
  #laneFor(permits: readonly unknown[]): Lane {
    if (this.#lane?.permits === permits) return this.#lane;
    const lane = makeLane(this.#plan, permits, this.#background);
    if (this.#plan.permits === permits) this.#lane = lane;
    return lane;
  }
}
