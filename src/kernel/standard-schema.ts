/**
 * A schema of any library that speaks Standard Schema, version 1 (zod, valibot, arktype and others): what
 * this package reads of it, as types only. See https://standardschema.dev.
 */
export interface StandardSchema<Input = unknown, Output = Input> {
  /** All that the specification says. */
  readonly '~standard': StandardProps<Input, Output>;
}

/** What a schema says about itself. */
export interface StandardProps<Input = unknown, Output = Input> {
  /** Of the specification. */
  readonly version: 1;
  /** Which library it is of. */
  readonly vendor: string;
  /** Judges a value, at once or later. */
  readonly validate: (value: unknown) => StandardResult<Output> | Promise<StandardResult<Output>>;
  /** For the compiler alone. */
  readonly types?: { readonly input: Input; readonly output: Output } | undefined;
  /** The same schema as JSON Schema, where the library offers it (`StandardJSONSchemaV1`). May throw. */
  readonly jsonSchema?: StandardJsonSchema | undefined;
}

/** What a schema says about a value: with `issues` it is wrong, else `value` is what it becomes. */
export type StandardResult<Output> =
  | { readonly value: Output; readonly issues?: undefined }
  | { readonly issues: readonly StandardIssue[] };

/** One thing that is wrong with a value. */
export interface StandardIssue {
  /** In the words of the library. */
  readonly message: string;
  /** Where, from the outside in. */
  readonly path?: readonly (PropertyKey | { readonly key: PropertyKey })[] | undefined;
}

/** Makes a JSON Schema; throws where there is none for it. */
export interface StandardJsonSchema {
  /** Of what the schema takes. */
  readonly input: (options: StandardJsonSchemaOptions) => Record<string, unknown>;
  /** Of what it makes of that. */
  readonly output: (options: StandardJsonSchemaOptions) => Record<string, unknown>;
}

/** How a JSON Schema is to be written. */
export interface StandardJsonSchemaOptions {
  /** Which draft. */
  readonly target: string;
}

/** What a schema takes. */
export type SchemaInput<S> = S extends { readonly '~standard': { readonly types?: infer T } }
  ? NonNullable<T> extends { readonly input: infer Input }
    ? Input
    : unknown
  : never;

/** What a schema makes of it. */
export type SchemaOutput<S> = S extends { readonly '~standard': { readonly types?: infer T } }
  ? NonNullable<T> extends { readonly output: infer Output }
    ? Output
    : unknown
  : never;
