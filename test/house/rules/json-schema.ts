import type { Schema } from './schema.js';

const annotations = ['$schema', 'title', 'description', 'default', '$defs'];

type Check = (wanted: never, value: unknown, schema: Schema, root: Schema) => boolean;

const isObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

const types: Readonly<Record<string, (value: unknown) => boolean>> = {
  string: value => typeof value === 'string',
  number: value => typeof value === 'number',
  integer: value => Number.isInteger(value),
  boolean: value => typeof value === 'boolean',
  null: value => value === null,
  array: value => Array.isArray(value),
  object: isObject,
};

/** The keywords that our schema uses; an unknown one is a mistake of ours. */
const keywords: Readonly<Record<string, Check>> = {
  type: (wanted: string | string[], value) => [wanted].flat().some(type => types[type]!(value)),
  const: (wanted: unknown, value) => value === wanted,
  enum: (wanted: unknown[], value) => wanted.includes(value),
  minimum: (wanted: number, value) => typeof value !== 'number' || value >= wanted,
  maximum: (wanted: number, value) => typeof value !== 'number' || value <= wanted,
  exclusiveMinimum: (wanted: number, value) => typeof value !== 'number' || value > wanted,
  minItems: (wanted: number, value) => !Array.isArray(value) || value.length >= wanted,
  maxItems: (wanted: number, value) => !Array.isArray(value) || value.length <= wanted,
  maxProperties: (wanted: number, value) => !isObject(value) || Object.keys(value).length <= wanted,
  items: (wanted: Schema, value, _, root) =>
    !Array.isArray(value) || value.every(item => isValid(item, wanted, root)),
  required: (wanted: string[], value) => !isObject(value) || wanted.every(name => Object.hasOwn(value, name)),
  properties: (wanted: Record<string, Schema>, value, _, root) =>
    !isObject(value) ||
    Object.entries(wanted).every(
      ([name, schema]) => !Object.hasOwn(value, name) || isValid(value[name], schema, root),
    ),
  additionalProperties: (wanted: Schema | false, value, { properties = {} }, root) =>
    !isObject(value) ||
    Object.keys(value)
      .filter(name => !Object.hasOwn(properties as object, name))
      .every(name => wanted !== false && isValid(value[name], wanted, root)),
  anyOf: (wanted: Schema[], value, _, root) => wanted.some(schema => isValid(value, schema, root)),
  not: (wanted: Schema, value, _, root) => !isValid(value, wanted, root),
  oneOf: (wanted: Schema[], value, _, root) =>
    wanted.filter(schema => isValid(value, schema, root)).length === 1,
  $ref: (wanted: string, value, _, root) => {
    const schema = wanted
      .slice(2)
      .split('/')
      .reduce<unknown>((part, name) => (part as Record<string, unknown>)[name], root);
    return isValid(value, schema as Schema, root);
  },
};

/** Whether a value keeps to a schema of JSON Schema, draft 2020-12. */
export function isValid(value: unknown, schema: Schema, root: Schema = schema): boolean {
  return Object.entries(schema).every(([keyword, wanted]) => {
    if (annotations.includes(keyword)) return true;
    const check = keywords[keyword];
    if (check === undefined) throw new Error(`test/house/rules/json-schema.ts does not know ${keyword}`);
    return check(wanted as never, value, schema, root);
  });
}
