import { noOperation } from './call-options.js';
import { type Clock, systemClock } from './clock.js';
import type { CallOptions, Context } from './context.js';
import { GuardRun } from './guard-run.js';
import { isAtRest, isGuard, isPolicy, sharesAnswers } from './is-guard.js';
import type { Guard, Operation, Policy } from './policy.js';
import { SoloRun } from './solo-run.js';
import { WaitingRoom } from './waiting-room.js';

/** A policy or a guard of any kind. */
type Part = Policy<never, unknown> | Guard;

type Carried<P> = P extends { readonly '~policy'?: infer C } ? Exclude<C, undefined> : unknown;
type InOfOne<P> = Carried<P> extends (value: infer In) => unknown ? In : unknown;
/** The values that a policy takes; of one or another, those that both take. */
export type InOf<P> = (P extends unknown ? (value: InOfOne<P>) => void : never) extends (
  value: infer In,
) => void
  ? In
  : unknown;
/** The values that a policy may answer with in place of the operation's. */
export type OutOf<P> = P extends unknown
  ? Carried<P> extends (value: never) => infer Out
    ? Out
    : never
  : never;
type OutAll<Ps extends readonly unknown[]> = OutOf<Ps[number]>;
type InAll<Ps extends readonly unknown[]> = number extends Ps['length']
  ? InOf<Ps[number]>
  : Ps extends readonly [infer P, ...infer Rest]
    ? InOf<P> & InAll<Rest>
    : unknown;
/** Each policy must take what the ones inside it may answer. */
type Fitting<Ps extends readonly unknown[]> = number extends Ps['length']
  ? Ps
  : Ps extends readonly [infer P, ...infer Rest]
    ? readonly [[OutAll<Rest>] extends [InOf<P>] ? P : Policy<OutAll<Rest>, OutOf<P>>, ...Fitting<Rest>]
    : readonly [];

/** One stage of a compiled pipeline: a run of fused guards, or a policy that runs operations its own way. */
interface Stage {
  execute<T>(operation: Operation<T>, options?: CallOptions | Context): Promise<T>;
}

function givesUp(guard: Guard): boolean {
  return guard.givesUp === true;
}

/**
 * One clock for all stages, for a deadline is a point on it and handed on from stage to stage. Policies that
 * were given none bear the system's: one that was chosen goes before it.
 */
function clockOf(parts: readonly unknown[]): Clock {
  const chosen = (parts as readonly ({ readonly clock?: Clock } | null | undefined)[]).find(
    part => part?.clock !== undefined && part.clock !== systemClock,
  );
  return chosen?.clock ?? systemClock;
}

function runOf(guards: readonly Guard[], clock: Clock): Stage {
  const [guard] = guards;
  if (guard === undefined || guards.length > 1 || givesUp(guard)) return new GuardRun(guards, clock);
  return new SoloRun(guard, clock, new WaitingRoom(guard));
}

/** Neighbouring guards become one run; a second guard that may give up starts the next run. */
function compile(parts: readonly unknown[]): readonly Stage[] {
  const stages: Stage[] = [];
  let guards: Guard[] = [];
  const clock = clockOf(parts);
  const close = (): void => {
    if (guards.length > 0) stages.push(runOf(guards, clock));
    guards = [];
  };
  for (const [place, part] of parts.entries()) {
    if (isGuard(part)) {
      if (givesUp(part) && guards.some(givesUp)) close();
      guards.push(part);
    } else if (isPolicy(part)) {
      close();
      stages.push(part as Stage);
    } else {
      throw new TypeError(`pipeline: argument ${place + 1} must be a policy or a guard, got ${typeof part}`);
    }
  }
  close();
  return stages.length === 0 ? [runOf([], clock)] : stages;
}

/** A stage and what stands inside it, as one. */
function linked(stage: Stage, inner: Stage): Stage {
  function runInner<T>(this: Operation<T>, context: Context): Promise<T> {
    return inner.execute(this, context);
  }
  return {
    // Bound to the operation, and to nothing else: that is less than half the size of a closure.
    execute: (operation, options) => stage.execute(runInner.bind(operation) as typeof operation, options),
  };
}

class Pipeline implements Policy<never, unknown> {
  readonly parts: readonly unknown[];
  readonly #outermost: Stage;

  constructor(parts: readonly unknown[]) {
    this.parts = parts;
    this.#outermost = compile(parts).reduceRight((inner, stage) => linked(stage, inner));
  }

  execute<T>(operation: Operation<T>, options?: CallOptions | Context): Promise<T> {
    // Before any stage sees it: one that repeats would repeat it.
    if (typeof operation !== 'function') return Promise.reject(noOperation('execute', operation));
    return this.#outermost.execute(operation, options);
  }

  get atRest(): boolean {
    return this.parts.every(isAtRest);
  }

  get sharesAnswers(): boolean {
    return this.parts.some(sharesAnswers);
  }

  snapshot(): { readonly pipeline: readonly unknown[] } {
    return { pipeline: this.parts.map(snapshotPart) };
  }

  describe(): { readonly pipeline: readonly unknown[] } {
    return { pipeline: this.parts.map(describePart) };
  }
}

/** Of one that does not say how it stands, `null`. */
function snapshotPart(part: unknown): unknown {
  return (part as { snapshot?: () => unknown }).snapshot?.() ?? null;
}

function describePart(part: unknown): unknown {
  const describable = part as { describe?: () => unknown; constructor?: { name: string } };
  return describable.describe?.() ?? { kind: describable.constructor?.name ?? 'anonymous' };
}

/** A pipeline is a policy that can tell what it is made of. */
export interface PipelinePolicy<in In = unknown, out Out = never> extends Policy<In, Out> {
  /** Whether none of the policies says that forgetting it would change something. */
  readonly atRest: boolean;
  /** Whether one of the policies hands the answer of one call to others as well. */
  readonly sharesAnswers: boolean;
  /** The policies, outermost first. */
  readonly parts: readonly unknown[];
  /** How the policies stand at this moment, outermost first. */
  snapshot(): { readonly pipeline: readonly unknown[] };
  /** The policies, outermost first, as JSON. */
  describe(): { readonly pipeline: readonly unknown[] };
}

/**
 * Makes one policy of many; the first is the outermost. `pipeline()` is the identity, and nesting changes
 * nothing. Neighbouring guards share one call record and one promise.
 *
 * @throws TypeError when an argument is neither a policy nor a guard.
 */
export function pipeline<const Ps extends readonly Part[]>(
  ...policies: Ps & Fitting<Ps>
): PipelinePolicy<InAll<Ps>, OutAll<Ps>> {
  const parts = (policies as readonly unknown[]).flatMap(part =>
    part instanceof Pipeline ? part.parts : [part],
  );
  return new Pipeline(parts) as unknown as PipelinePolicy<InAll<Ps>, OutAll<Ps>>;
}

/**
 * Makes a function of an operation with arguments, run through `policy` at each call.
 *
 * The function gets the {@link Context} first and its own arguments after it.
 *
 * @throws TypeError when `policy` is no policy or `operation` no function.
 */
export function wrap<P extends Policy<never, unknown>, A extends readonly unknown[], T extends InOf<P>>(
  policy: P,
  operation: (context: Context, ...args: A) => PromiseLike<T> | T,
): (...args: A) => Promise<T | OutOf<P>> {
  if (!isPolicy(policy)) throw new TypeError('wrap: the first argument must be a policy');
  if (typeof operation !== 'function') throw noOperation('wrap', operation);
  const { execute } = policy as unknown as Stage;
  return (...args) => execute.call(policy, context => operation(context, ...args)) as Promise<T | OutOf<P>>;
}
