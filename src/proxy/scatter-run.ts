import pLimit, { type LimitFunction } from 'p-limit';
import type { Timer } from '../kernel/clock.js';
import type { Context } from '../kernel/context.js';
import { AbandonedError, AggregateFailedError, TimeoutError } from '../kernel/errors.js';
import { discard } from '../resilience/discard.js';
import { launch } from '../resilience/launch.js';
import type { AggregateCall, CallEnd } from './aggregate-call.js';
import { reasonFor } from './missing-reason.js';
import type { Gathered, ScatterPlan } from './scatter-options.js';

/** What is asked of whom. */
export interface ScatterAsk {
  readonly plan: ScatterPlan;
  /** How many successes end it; `Infinity` asks for all. */
  readonly wanted: number;
  readonly endpoints: readonly unknown[];
  readonly operation: (context: Context, endpoint: unknown) => unknown;
}

type Outcome = Gathered<unknown, unknown>;

/** Asks many, until enough have answered, or too many failed. */
export class ScatterRun implements CallEnd {
  readonly #ask: ScatterAsk;
  readonly #call: AggregateCall;
  readonly #resolve: (gathered: readonly Outcome[]) => void;
  readonly #reject: (error: unknown) => void;
  readonly #outcomes: (Outcome | undefined)[];
  readonly #limit: LimitFunction | undefined;
  #timer: Timer | undefined;
  #succeeded = 0;
  #ended = 0;
  #over = false;

  constructor(
    ask: ScatterAsk,
    call: AggregateCall,
    resolve: (gathered: readonly Outcome[]) => void,
    reject: (error: unknown) => void,
  ) {
    this.#ask = ask;
    this.#call = call;
    this.#resolve = resolve;
    this.#reject = reject;
    const { length } = ask.endpoints;
    this.#outcomes = new Array<Outcome | undefined>(length);
    const { concurrency } = ask.plan;
    this.#limit = length > concurrency ? pLimit(concurrency) : undefined;
  }

  start(): void {
    const { endpoints, plan } = this.#ask;
    const call = this.#call;
    call.end = this;
    if (call.dueAt < Infinity) {
      // Somebody waits for these calls: the process must live to tell them.
      this.#timer = plan.clock.schedule(call.dueAt - plan.clock.now(), () => this.expire(), true);
    }
    if (endpoints.length === 0) this.#judge();
    for (let at = 0; at < endpoints.length; at++) {
      if (this.#limit === undefined) void this.#run(at);
      else void this.#limit(() => this.#run(at));
    }
  }

  expire(): void {
    if (this.#over) return;
    const { plan, wanted, endpoints } = this.#ask;
    const { name } = plan;
    const late = endpoints.length - this.#ended;
    const ms = this.#call.allowedMs;
    const error = new TimeoutError(`${name}: ${late} of ${endpoints.length} have not answered in time`, ms, {
      policy: name,
    });
    if (wanted < Infinity) {
      this.#end(error);
      this.#reject(error);
      return;
    }
    endpoints.forEach((endpoint, at) => {
      this.#outcomes[at] ??= { ok: false, endpoint, why: 'timeout', error };
    });
    this.#end(error);
    this.#resolve(this.#outcomes as Outcome[]);
  }

  giveUp(reason: unknown): void {
    if (this.#over) return;
    this.#end();
    this.#reject(reason);
  }

  #run(at: number): Promise<void> | undefined {
    if (this.#over) return undefined;
    const { endpoints, operation, plan } = this.#ask;
    const endpoint = endpoints[at];
    const { policy } = plan;
    const call = this.#call;
    const answer = launch(
      () =>
        policy === undefined
          ? operation(call, endpoint)
          : policy.execute(context => operation(context, endpoint), call),
      call,
    );
    return answer.then(
      value => this.#settle(at, { ok: true, endpoint, value }),
      error => this.#settle(at, { ok: false, endpoint, why: reasonFor(error), error }),
    );
  }

  #settle(at: number, outcome: Outcome): void {
    if (this.#over) {
      // Nobody is left who could hear that it could not be let go of.
      if (outcome.ok) discard(outcome.value, undefined, () => {});
      return;
    }
    this.#outcomes[at] = outcome;
    this.#ended++;
    if (outcome.ok) this.#succeeded++;
    this.#judge();
  }

  #judge(): void {
    const { wanted, endpoints, plan } = this.#ask;
    const { name } = plan;
    const open = endpoints.length - this.#ended;
    if (this.#succeeded >= wanted) {
      this.#end(new AbandonedError(`${name}: enough have answered`, { policy: name }));
      this.#resolve(this.#outcomes.filter(outcome => outcome !== undefined));
    } else if (wanted < Infinity && this.#succeeded + open < wanted) {
      const errors = this.#outcomes.flatMap(outcome =>
        outcome === undefined || outcome.ok ? [] : [outcome.error],
      );
      const says = `${name}: ${errors.length} of ${endpoints.length} failed, ${wanted} had to succeed`;
      const error = new AggregateFailedError(says, errors, { policy: name, cause: errors.at(-1) });
      this.#end(open > 0 ? new AbandonedError(says, { policy: name, cause: error }) : undefined);
      this.#reject(error);
    } else if (open === 0) {
      this.#end();
      this.#resolve(this.#outcomes as Outcome[]);
    }
  }

  #end(reason?: unknown): void {
    this.#over = true;
    this.#limit?.clearQueue();
    this.#timer?.cancel();
    if (reason === undefined) this.#call.release();
    else this.#call.revoke(reason);
  }
}
