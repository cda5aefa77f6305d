import type { Context } from '../kernel/context.js';
import { isGuard, isPolicy } from '../kernel/is-guard.js';
import { checkKeys, checkNumber, given, isRecord, refuse } from '../kernel/options.js';
import type { InOf, OutOf } from '../kernel/pipeline.js';
import type { Policy } from '../kernel/policy.js';
import type { MissingPart } from './missing-reason.js';

/** How one part is run. */
export interface PartOptions<P = Policy> {
  /**
   * How long it may take from when it starts, in ms; the time of the whole answer is never exceeded.
   * @default Infinity
   */
  readonly timeoutMs?: number;
  /** What its operation runs through. @default nothing */
  readonly policy?: P;
}

/** A part of an answer: made by `part`. */
export interface Part<out T = unknown, in Input = never> {
  /** For the compiler alone, never present at run time. */
  readonly '~part'?: (input: Input) => T;
}

/** A part that may be missing: made by `optional`. */
export interface OptionalPart<out T = unknown, in Input = never, out Otherwise = unknown> {
  /** For the compiler alone, never present at run time. */
  readonly '~optional'?: (input: Input) => { readonly value: T; readonly otherwise: Otherwise };
}

/**
 * A function is a part, too. The parameter of a method may be narrower than asked for, so that one that takes
 * an input of a certain type fits.
 */
type PlainPart = { take(context: Context, input: unknown): unknown }['take'];

/**
 * What `part` or `optional` made, of any type: were the types said here, the compiler would take them for
 * what it is to infer.
 */
interface MadePart {
  readonly '~part'?: unknown;
  readonly '~optional'?: unknown;
}

/** What can be a part of an answer. */
export type AnyPart = MadePart | PlainPart;

/** Parts by their names. */
export type Parts = Readonly<Record<string, AnyPart>>;

/** What a type says under a name; `never` when it has no such name. */
type Fact<P, Name> = Name extends keyof P ? Exclude<P[Name], undefined> : never;

/** Whether a part may be missing. */
export type IsOptional<P> = [Fact<P, '~optional'>] extends [never] ? false : true;

/** What a part answers when it is there. */
export type ValueOf<P> = P extends (...all: never) => infer R
  ? Awaited<R>
  : IsOptional<P> extends true
    ? Fact<P, '~optional'> extends (input: never) => { readonly value: infer T }
      ? T
      : never
    : Fact<P, '~part'> extends (input: never) => infer T
      ? T
      : never;

/** What stands for a part in an answer: its value, or what was said for when it is missing. */
export type GotOf<P> =
  IsOptional<P> extends true
    ?
        | ValueOf<P>
        | (Fact<P, '~optional'> extends (input: never) => { readonly otherwise: infer O } ? O : never)
    : ValueOf<P>;

/** What others answered, by the names under which they were asked for. */
export type Got<Ps> = { readonly [Name in keyof Ps]: GotOf<Ps[Name]> };

/** What runs a part: told the context, the input of the whole, and what it needs of others. */
export type RunPart = (context: Context, input: unknown, got: unknown) => unknown;

const owner = 'part';
const known = ['timeoutMs', 'policy'];

/** What `part` makes. */
export class PartSpec {
  readonly run: RunPart;
  readonly timeoutMs: number;
  readonly policy: Policy | undefined;
  readonly #needs: unknown;

  constructor(run: RunPart, needs: unknown, options: PartOptions<unknown>) {
    if (typeof run !== 'function') refuse(owner, 'run', 'a function', run);
    checkKeys(owner, options, known);
    const { timeoutMs = Infinity, policy } = given(options) as PartOptions;
    this.run = run;
    this.timeoutMs = checkNumber(owner, 'timeoutMs', timeoutMs, { above: 0, infinity: true });
    if (policy !== undefined && !isPolicy(policy) && !isGuard(policy)) {
      refuse(owner, 'policy', 'a policy', policy);
    }
    this.policy = policy;
    this.#needs = needs;
  }

  /** Asked for when the whole is defined, so that parts can be written down in any order. */
  get needs(): Parts {
    const needs = typeof this.#needs === 'function' ? (this.#needs as () => unknown)() : this.#needs;
    return isRecord(needs) ? (needs as Parts) : refuse(owner, 'needs', 'an object of parts', needs);
  }
}

/** What `optional` makes. */
export class OptionalSpec {
  readonly part: PartSpec | RunPart;
  readonly otherwise: unknown;

  constructor(part: PartSpec | RunPart, otherwise: unknown) {
    this.part = part;
    this.otherwise = otherwise;
  }
}

/**
 * A part of an answer that is more than a function: one that needs what others have answered, or has a time
 * or a policy of its own. The same part is run once for an answer, however many need it.
 *
 * The function is given the context, the input of the whole, and what it needs by name.
 *
 * @throws TypeError or RangeError that names the option, the rule and the value.
 * @example
 * ```ts
 * import { aggregate, part } from 'keelson';
 *
 * const user = part(async (_, id: string) => ({ id, city: 'Bonn' }));
 * const weather = part({ user }, async (_, __: unknown, { user }) => `sunny in ${user.city}`);
 * const page = aggregate({ user, weather });
 * const { data } = await page.execute('7');
 * data.weather; // => 'sunny in Bonn'
 * ```
 */
export function part<
  const Needs extends Parts,
  T extends InOf<P>,
  Input = unknown,
  P extends Policy<never, unknown> = Policy,
>(
  needs: Needs | (() => Needs),
  run: (context: Context, input: Input, got: Got<Needs>) => PromiseLike<T> | T,
  options?: PartOptions<P>,
): Part<T | OutOf<P>, Input & InputsOf<Needs>>;
export function part<T extends InOf<P>, Input = unknown, P extends Policy<never, unknown> = Policy>(
  run: (context: Context, input: Input) => PromiseLike<T> | T,
  options?: PartOptions<P>,
): Part<T | OutOf<P>, Input>;
export function part(first: unknown, second: unknown = {}, third: unknown = {}): unknown {
  return typeof second === 'function'
    ? new PartSpec(second as RunPart, first, third as PartOptions)
    : new PartSpec(first as RunPart, {}, second as PartOptions);
}

/** The input of one part. */
type InputOf<P> = P extends (context: never, input: infer Input) => unknown
  ? Input
  : [Fact<P, '~optional' | '~part'>] extends [never]
    ? unknown
    : Fact<P, '~optional' | '~part'> extends (input: infer Input) => unknown
      ? Input
      : unknown;

/** The input that all of them take. */
export type InputsOf<Ps> = { [Name in keyof Ps]: (input: InputOf<Ps[Name]>) => void } extends infer Takers
  ? Takers[keyof Takers] extends (input: infer Input) => void
    ? Input
    : never
  : never;

/** What stands for a part that is missing. */
export interface OptionalOptions<Otherwise> {
  /** A value, or a function that is told why the part is missing. @default undefined */
  readonly otherwise?: Otherwise | ((missing: MissingPart) => Otherwise);
}

/**
 * A part that may be missing: when it fails, or is not there in time, `otherwise` stands in its place.
 *
 * @throws TypeError that names the option, the rule and the value.
 */
export function optional<T, Input = unknown, Otherwise = undefined>(
  part: (context: Context, input: Input) => PromiseLike<T> | T,
  options?: OptionalOptions<Otherwise>,
): OptionalPart<T, Input, Otherwise>;
export function optional<T, Input, Otherwise = undefined>(
  part: Part<T, Input>,
  options?: OptionalOptions<Otherwise>,
): OptionalPart<T, Input, Otherwise>;
export function optional(part: unknown, options: OptionalOptions<unknown> = {}): unknown {
  checkKeys('optional', options, ['otherwise']);
  if (typeof part !== 'function' && !(part instanceof PartSpec)) {
    refuse('optional', 'part', 'a function, or what `part` made', part);
  }
  return new OptionalSpec(part as PartSpec | RunPart, options.otherwise);
}
