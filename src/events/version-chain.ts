import type { SchemaInput, SchemaOutput, StandardSchema } from '../kernel/standard-schema.js';

/** The schemas of an event by version, 1 to 999. */
export type EventVersions = { readonly [Version in number]: StandardSchema<unknown, unknown> };

/** The events of a registry: by name, the schemas of all versions that may still be read. */
export type EventDefinitions = { readonly [Name in string]: EventVersions };

type TupleOf<Length extends number, Built extends 0[] = []> = Built['length'] extends Length
  ? Built
  : TupleOf<Length, [...Built, 0]>;
/** The version after `V`, counted on the fingers of a tuple. */
type Next<V extends number> = [...TupleOf<V>, 0]['length'] & number;

type VersionsIn<Versions> = keyof Versions & number;
/** The versions that none follows: more than one where there is a gap. */
type Ends<Versions, V extends number = VersionsIn<Versions>> = V extends unknown
  ? Next<V> extends VersionsIn<Versions>
    ? never
    : V
  : never;
type IsOne<T, Each = T> = [T] extends [never]
  ? false
  : Each extends unknown
    ? [T] extends [Each]
      ? true
      : false
    : never;

/** The version that is written now: the highest. */
export type CurrentVersion<Versions> = Ends<Versions>;

/** Definitions whose versions follow each other without a gap. */
export type Chained<Definitions> = {
  readonly [Name in keyof Definitions]: IsOne<Ends<Definitions[Name]>> extends true
    ? Definitions[Name]
    : { readonly 'the versions must follow each other without a gap': never };
};

type Older<Versions> = Exclude<VersionsIn<Versions>, CurrentVersion<Versions>>;
type SchemaAt<Versions, V> = V extends keyof Versions ? Versions[V] : never;

/** From each version but the last, what makes the next one of it. Pure, and at once. */
export type UpcastersOf<Versions> = {
  readonly [V in Older<Versions>]: (
    data: SchemaInput<SchemaAt<Versions, V>>,
  ) => SchemaInput<SchemaAt<Versions, Next<V>>>;
};

type Versioned<Definitions> = {
  [Name in keyof Definitions & string]: [Older<Definitions[Name]>] extends [never] ? never : Name;
}[keyof Definitions & string];

/** The upcasters of all events that have more than one version. */
export type Upcasters<Definitions> = {
  readonly [Name in Versioned<Definitions>]: UpcastersOf<Definitions[Name]>;
};

/** Upcasters must be given where there is an event of more than one version. */
export type RegistryArguments<Definitions, Options> = [Versioned<Definitions>] extends [never]
  ? [options?: Options & { readonly upcast?: { readonly [Name in string]: never } }]
  : [options: Options & { readonly upcast: Upcasters<Definitions> }];

type CurrentSchema<Versions> = SchemaAt<Versions, CurrentVersion<Versions>>;

/** What listeners get: by name, what the current schema makes of an event. */
export type DecodedEvents<Definitions> = {
  [Name in keyof Definitions & string]: SchemaOutput<CurrentSchema<Definitions[Name]>>;
};

/** What is emitted: by name, what the current schema takes. */
export type EmittedEvents<Definitions> = {
  [Name in keyof Definitions & string]: SchemaInput<CurrentSchema<Definitions[Name]>>;
};
