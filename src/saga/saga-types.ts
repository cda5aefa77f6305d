import type { SchemaOutput, StandardSchema } from '../kernel/standard-schema.js';
import type {
  CompensableGroupStep,
  CompensableStep,
  RetriableGroupStep,
  StepOptions,
} from './step-options.js';

/** What JSON can hold: all that a store gives back as it was. Anything else becomes `never`. */
export type Storable<T> = unknown extends T
  ? T
  : T extends undefined | null | string | number | boolean
    ? T
    : T extends bigint | symbol | Date | RegExp | Error | ((...args: never) => unknown)
      ? never
      : T extends ReadonlyMap<unknown, unknown> | ReadonlySet<unknown> | ArrayBufferView | ArrayBuffer
        ? never
        : { readonly [Key in keyof T]: Storable<T[Key]> };

/** What is kept of an answer: nothing where there was none. */
// biome-ignore lint/suspicious/noConfusingVoidType: a step written as a block of statements answers nothing.
export type Kept<Output> = [Output] extends [void] ? undefined : Output;

/** Stands where a definition would if the answer of a step could not be stored. */
export interface UnstorableOutput<Step extends string> {
  /** The name of the step. */
  readonly 'this step must answer with JSON data': Step;
}

/** What a signal says: nothing where the saga goes on without it. */
export type Payload<Schema, OnTimeout> =
  | (Schema extends StandardSchema ? SchemaOutput<Schema> : unknown)
  | ('continue' extends OnTimeout ? undefined : never);

/** What the steps of a group answer, found out from their `forward`: nothing where one may not run. */
export type GroupOutputs<Group> = {
  readonly [Name in keyof Group]: Group[Name] extends { readonly forward: (...given: never) => infer Answer }
    ? Kept<Awaited<Answer>> | (Group[Name] extends { readonly when: unknown } ? undefined : never)
    : never;
};

/**
 * What a step can rely on: the answers of the steps that it waits for. Of another one it may be too early, or
 * too late, to know.
 */
export type Waited<Outputs, After> = [keyof Outputs] extends [After]
  ? Outputs
  : { readonly [Name in keyof Outputs]: Outputs[Name] | (Name extends After ? never : undefined) };

/** The steps that those of `After` wait for. */
export type BehindOf<Ties, After> = Ties extends unknown
  ? { readonly [Name in keyof Ties]: Name extends After ? Ties[Name] : never }[keyof Ties]
  : never;

/** Before the pivot what is done can be undone; after it nothing is. */
export type Phase = 'before' | 'after';

/** A step where it stands, told of what it can rely on. */
export type StepFor<P extends Phase, Input, Outputs, Output, Ties, After> = (P extends 'before'
  ? CompensableStep<Input, Waited<Outputs, After | BehindOf<Ties, After>>, Output>
  : StepOptions<Input, Waited<Outputs, After | BehindOf<Ties, After>>, Output>) & {
  readonly after?: readonly After[];
};

/** The names of all steps that have an answer. */
export type Names<Outputs> = keyof Outputs & string;

/** A step of a group where it stands. */
export type GroupStep<P extends Phase, Input, Outputs> = P extends 'before'
  ? CompensableGroupStep<Input, Outputs>
  : RetriableGroupStep<Input, Outputs>;
