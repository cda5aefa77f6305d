import pLimit, { type LimitFunction } from 'p-limit';
import { Gathering } from '../core/gathering.js';
import type { Timer } from '../kernel/clock.js';
import type { DeadlineList } from '../kernel/deadline-list.js';
import { AbandonedError, TimeoutError } from '../kernel/errors.js';
import { discard } from '../resilience/discard.js';
import { launch } from '../resilience/launch.js';
import type { AggregateCall, CallEnd } from './aggregate-call.js';
import type { AggregatePlan, ListedPart, PartNode } from './aggregate-plan.js';
import { type MissingPart, reasonFor } from './missing-reason.js';

/** An answer, with its types left to who asked for it. */
export interface LooseAnswer {
  readonly complete: boolean;
  readonly data: Readonly<Record<string, unknown>>;
  readonly missing: readonly MissingPart[];
}

/** A part that has come, or never will. */
export type LooseArrival =
  | { readonly ok: true; readonly part: string; readonly value: unknown }
  | ({ readonly ok: false } & MissingPart);

const nothing: readonly [] = /* @__PURE__ */ Object.freeze([]);

/** Gathers the parts of one answer. */
export class AggregateRun implements CallEnd {
  readonly #plan: AggregatePlan;
  readonly #call: AggregateCall;
  readonly #due: DeadlineList<AggregateCall>;
  readonly #input: unknown;
  readonly #resolve: (answer: LooseAnswer) => void;
  readonly #reject: (error: unknown) => void;
  readonly #onPart: ((arrival: LooseArrival) => void) | undefined;
  readonly #gathering: Gathering;
  /** What each part answered or threw. */
  readonly #results: unknown[];
  readonly #limit: LimitFunction | undefined;
  #timer: Timer | undefined;
  #over = false;
  #starvedTold = 0;

  constructor(
    plan: AggregatePlan,
    call: AggregateCall,
    due: DeadlineList<AggregateCall>,
    input: unknown,
    resolve: (answer: LooseAnswer) => void,
    reject: (error: unknown) => void,
    onPart?: (arrival: LooseArrival) => void,
  ) {
    this.#plan = plan;
    this.#call = call;
    this.#due = due;
    this.#input = input;
    this.#resolve = resolve;
    this.#reject = reject;
    this.#onPart = onPart;
    this.#gathering = new Gathering(plan.gathering);
    this.#results = new Array<unknown>(plan.nodes.length);
    // Where all may run at a time there is nothing to hold back.
    this.#limit = plan.nodes.length > plan.concurrency ? pLimit(plan.concurrency) : undefined;
  }

  start(): void {
    const { tally, clock, gathering } = this.#plan;
    const call = this.#call;
    tally.running++;
    call.end = this;
    if (call.dueAt < Infinity) {
      if (this.#due.fits(call.dueAt)) this.#due.add(call, call.startedAt);
      else this.#timer = clock.schedule(call.dueAt - clock.now(), () => this.expire(), true);
    }
    for (const part of gathering.roots) this.#begin(part);
  }

  expire(): void {
    if (this.#over) return;
    const { name } = this.#plan;
    const ms = this.#call.allowedMs;
    const late = this.#plan.listed.filter(part => this.#isOpen(part)).map(part => part.name);
    const error = new TimeoutError(`${name}: no ${late.join(', ')} within ${ms} ms`, ms, { policy: name });
    if (this.#plan.listed.some(part => !part.optional && this.#isOpen(part))) {
      this.#end(error);
      this.#plan.tally.failed++;
      this.#reject(error);
    } else {
      this.#finish(error);
    }
  }

  giveUp(reason: unknown): void {
    if (this.#over) return;
    this.#end();
    this.#plan.tally.failed++;
    this.#reject(reason);
  }

  #begin(part: number): void {
    if (this.#limit === undefined) void this.#run(part);
    else void this.#limit(() => this.#run(part));
  }

  #run(part: number): Promise<void> | undefined {
    if (this.#over) return undefined;
    const node = this.#plan.nodes[part]!;
    const got = node.needs.length === 0 ? undefined : this.#gotBy(node);
    return launch(() => this.#launch(node, got), this.#call).then(
      value => this.#settle(part, true, value),
      error => this.#settle(part, false, error),
    );
  }

  #launch({ run, policy }: PartNode, got: unknown): unknown {
    const input = this.#input;
    return policy === undefined
      ? run(this.#call, input, got)
      : policy.execute(context => run(context, input, got), this.#call);
  }

  #gotBy({ needs }: PartNode): Readonly<Record<string, unknown>> {
    const got: Record<string, unknown> = {};
    for (const { name, part, otherwise } of needs) {
      got[name] =
        this.#gathering.fate(part) === 'got'
          ? this.#results[part]
          : insteadOf(otherwise, this.#missing(name, part));
    }
    return got;
  }

  #settle(part: number, ok: boolean, result: unknown): void {
    if (this.#over) {
      if (ok) this.#discard(result);
      return;
    }
    const gathering = this.#gathering;
    this.#results[part] = result;
    const ready = gathering.settle(part, ok);
    if (gathering.failed !== undefined) {
      this.#fail(part, result);
      return;
    }
    if (this.#onPart !== undefined) this.#tell(part);
    if (gathering.over) this.#finish();
    else for (const next of ready) this.#begin(next);
  }

  #fail(part: number, error: unknown): void {
    const { name, tally, nodes, clock } = this.#plan;
    const why = `${name}: ${nodes[part]!.name} failed, so the rest is not wanted any more`;
    this.#end(new AbandonedError(why, { policy: name, cause: error }));
    tally.failed++;
    if (tally.events?.has('failed')) {
      tally.events.emit('failed', { policy: name, at: clock.wall(), part: nodes[part]!.name, error });
    }
    this.#reject(error);
  }

  /** Gives the answer; with `late` there is no more time for what is not there. */
  #finish(late?: unknown): void {
    const { listed, tally } = this.#plan;
    const data: Record<string, unknown> = {};
    let missing: MissingPart[] | undefined;
    this.#end(late);
    try {
      for (const part of listed) {
        if (this.#gathering.fate(part.node) === 'got') {
          data[part.name] = this.#results[part.node];
          continue;
        }
        const lack = this.#missing(part.name, part.node, late);
        missing ??= [];
        missing.push(lack);
        if (this.#onPart !== undefined && this.#isOpen(part)) this.#onPart({ ok: false, ...lack });
        data[part.name] = insteadOf(part.otherwise, lack);
      }
    } catch (error) {
      // The user's own `otherwise` threw.
      tally.failed++;
      this.#reject(error);
      return;
    }
    if (missing === undefined) {
      tally.complete++;
      this.#resolve({ complete: true, data, missing: nothing });
    } else {
      tally.partial++;
      this.#tellPartial(missing);
      this.#resolve({ complete: false, data, missing });
    }
  }

  #tellPartial(missing: readonly MissingPart[]): void {
    const { name, tally, clock } = this.#plan;
    if (tally.events?.has('partial')) {
      tally.events.emit('partial', { policy: name, at: clock.wall(), missing });
    }
  }

  /** Nothing that comes from now on is heard; with a reason, what still runs is given up. */
  #end(reason?: unknown): void {
    const call = this.#call;
    this.#over = true;
    this.#plan.tally.running--;
    this.#limit?.clearQueue();
    this.#due.remove(call);
    this.#timer?.cancel();
    if (reason === undefined) call.release();
    else call.revoke(reason);
  }

  #isOpen({ node }: ListedPart): boolean {
    const fate = this.#gathering.fate(node);
    return fate === 'asked' || fate === 'waiting';
  }

  #missing(name: string, part: number, late?: unknown): MissingPart {
    const fate = this.#gathering.fate(part);
    if (fate === 'missing') {
      const error = this.#results[part];
      return { part: name, why: reasonFor(error), error };
    }
    return fate === 'starved'
      ? { part: name, why: 'needs', error: this.#results[this.#lackOf(part)] }
      : { part: name, why: 'timeout', error: late };
  }

  /** The part whose failure starved this one. */
  #lackOf(part: number): number {
    for (let at = part; ; ) {
      const lack = this.#plan.nodes[at]!.needs.find(
        need => need.required && ['missing', 'starved'].includes(this.#gathering.fate(need.part)),
      )!.part;
      if (this.#gathering.fate(lack) === 'missing') return lack;
      at = lack;
    }
  }

  /** Tells of a part that has ended, and of those that starve for want of it. */
  #tell(part: number): void {
    const { starved } = this.#gathering;
    const ended = [part, ...starved.slice(this.#starvedTold)];
    this.#starvedTold = starved.length;
    for (const node of ended) {
      const got = this.#gathering.fate(node) === 'got';
      for (const part of this.#plan.namesOf[node]!) {
        if (got) this.#onPart!({ ok: true, part, value: this.#results[node] });
        else this.#onPart!({ ok: false, ...this.#missing(part, node) });
      }
    }
  }

  #discard(value: unknown): void {
    const { name, tally, clock } = this.#plan;
    discard(value, undefined, error => {
      if (tally.events?.has('discardFailed')) {
        tally.events.emit('discardFailed', { policy: name, at: clock.wall(), error });
      }
    });
  }
}

/** What stands in place of a part; a function is asked for it. */
function insteadOf(otherwise: unknown, missing: MissingPart): unknown {
  return typeof otherwise === 'function' ? (otherwise as (lack: MissingPart) => unknown)(missing) : otherwise;
}
