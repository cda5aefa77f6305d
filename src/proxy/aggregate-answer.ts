import type { MissingPart } from './missing-reason.js';
import type { GotOf, IsOptional, Parts, ValueOf } from './part.js';

/** The names of the parts that may be missing. */
export type OptionalNames<Ps> = keyof {
  [Name in keyof Ps as IsOptional<Ps[Name]> extends true ? Name : never]: true;
} &
  string;

/** An answer in which every part is there. */
export interface CompleteAnswer<Ps> {
  /** Whether all parts are there. */
  readonly complete: true;
  /** The parts, in the order in which they were declared. */
  readonly data: { readonly [Name in keyof Ps]: ValueOf<Ps[Name]> };
  /** What is not there. */
  readonly missing: readonly [];
}

/** An answer in which parts are missing: never one to keep in a cache. */
export interface PartialAnswer<Ps> {
  /** Whether all parts are there. */
  readonly complete: false;
  /** The parts, in the order in which they were declared; `otherwise` in place of those that are missing. */
  readonly data: { readonly [Name in keyof Ps]: GotOf<Ps[Name]> };
  /** What is not there, in the order in which it was declared. */
  readonly missing: readonly MissingPart<OptionalNames<Ps>>[];
}

/** What the parts gave: whoever asks `complete` knows whether each is really there. */
export type AggregateAnswer<Ps extends Parts = Parts> = [OptionalNames<Ps>] extends [never]
  ? CompleteAnswer<Ps>
  : CompleteAnswer<Ps> | PartialAnswer<Ps>;

/** A part as it comes: with its value, or with the reason for which it is missing. */
export type ArrivedPart<Ps extends Parts = Parts> = {
  [Name in keyof Ps & string]:
    | { readonly ok: true; readonly part: Name; readonly value: ValueOf<Ps[Name]> }
    | (IsOptional<Ps[Name]> extends true ? { readonly ok: false } & MissingPart<Name> : never);
}[keyof Ps & string];
