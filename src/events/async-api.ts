import { checkKeys, checkOneOf, refuse } from '../kernel/options.js';
import type { StandardSchema } from '../kernel/standard-schema.js';
import { wordsOf } from './error-words.js';
import type { EventRegistry } from './event-registry.js';
import { rerooted } from './json-schema.js';

/** What an AsyncAPI document says about the application. */
export interface AsyncApiInfo {
  /** Of the application. */
  readonly title: string;
  /** Of the application: `1.4.0`. */
  readonly version: string;
  /** What it does. May be CommonMark. */
  readonly description?: string;
}

/** How an AsyncAPI document is made. */
export interface AsyncApiOptions {
  /**
   * Makes the JSON Schema (draft 7) of a schema that offers none itself; `undefined` where there is none.
   * @default no schema, and a note that says so
   */
  readonly toJsonSchema?: (
    schema: StandardSchema<unknown, unknown>,
    type: string,
    version: number,
  ) => object | undefined;
  /** Whether the application sends the events or receives them. @default no operations */
  readonly action?: 'send' | 'receive';
  /** How data is written. @default 'application/json' */
  readonly contentType?: string;
}

type Reference = { readonly $ref: string };

/** An AsyncAPI document, version 3.0.0, as plain data. */
export interface AsyncApiDocument {
  /** Of the specification. */
  readonly asyncapi: '3.0.0';
  /** About the application. */
  readonly info: AsyncApiInfo;
  /** How data is written. */
  readonly defaultContentType: string;
  /** By name of the event, its messages of all versions. */
  readonly channels: Readonly<Record<string, AsyncApiChannel>>;
  /** What the application does with the current versions; left out without an `action`. */
  readonly operations?: Readonly<Record<string, object>>;
  /** The messages and the schemas of what they carry, by name and version. */
  readonly components: {
    readonly messages: Readonly<Record<string, object>>;
    readonly schemas: Readonly<Record<string, object>>;
  };
}

/** The place of one event in an AsyncAPI document. */
export interface AsyncApiChannel {
  /** The name of the event. */
  readonly address: string;
  /** By version: `v1`. */
  readonly messages: Readonly<Record<string, Reference>>;
}

/** JSON Schema of draft 7 is what a payload of AsyncAPI 3 is a superset of. */
const TARGET = 'draft-07';

const ref = (...path: string[]): Reference => ({ $ref: `#/${path.join('/')}` });

/** The JSON Schema of what is written, and a note where there is none. */
function schemaOf(
  schema: StandardSchema<unknown, unknown>,
  type: string,
  version: number,
  convert: AsyncApiOptions['toJsonSchema'],
): { readonly schema: object; readonly note?: string } {
  const own = schema['~standard'].jsonSchema;
  let why = `${schema['~standard'].vendor} offers no JSON Schema`;
  if (own !== undefined) {
    try {
      return { schema: own.input({ target: TARGET }) };
    } catch (error) {
      why = wordsOf(error);
    }
  }
  const made = convert?.(schema, type, version);
  if (made !== undefined) {
    if (typeof made !== 'object' || made === null) {
      refuse('toAsyncApi', 'toJsonSchema', 'a function that answers with an object or undefined', made);
    }
    return { schema: made };
  }
  return { schema: {}, note: `The payload is not described: ${why}.` };
}

function checkInfo(info: AsyncApiInfo): AsyncApiInfo {
  checkKeys('toAsyncApi', info, ['title', 'version', 'description']);
  const { title, version, description } = info;
  if (typeof title !== 'string') refuse('toAsyncApi', 'info.title', 'a string', title);
  if (typeof version !== 'string') refuse('toAsyncApi', 'info.version', 'a string', version);
  if (description === undefined) return { title, version };
  if (typeof description !== 'string') refuse('toAsyncApi', 'info.description', 'a string', description);
  return { title, version, description };
}

/**
 * Writes the events of a registry down as an AsyncAPI 3 document: a channel for each event, a message for
 * each of its versions. What a message carries is the JSON Schema that its schema offers by itself
 * (`StandardJSONSchemaV1`), or what `toJsonSchema` makes of it; else it is left open, and a note says why.
 *
 * @throws TypeError that names the option, the rule and the value.
 */
export function toAsyncApi<Events extends object, Emitted extends object>(
  registry: EventRegistry<Events, Emitted>,
  info: AsyncApiInfo,
  options: AsyncApiOptions = {},
): AsyncApiDocument {
  const owner = 'toAsyncApi';
  checkKeys(owner, options, ['toJsonSchema', 'action', 'contentType']);
  const { toJsonSchema, action, contentType = 'application/json' } = options;
  if (action !== undefined) checkOneOf(owner, 'action', action, ['send', 'receive']);
  if (typeof contentType !== 'string') refuse(owner, 'contentType', 'a string', contentType);
  if (toJsonSchema !== undefined && typeof toJsonSchema !== 'function') {
    refuse(owner, 'toJsonSchema', 'a function', toJsonSchema);
  }
  const channels: [string, AsyncApiChannel][] = [];
  const operations: [string, object][] = [];
  const messages: [string, object][] = [];
  const schemas: [string, object][] = [];
  for (const name of registry.names) {
    const own: [string, Reference][] = [];
    for (const version of registry.versions(name)) {
      const key = `${name}.v${version}`;
      const { schema, note } = schemaOf(registry.schema(name, version), name, version, toJsonSchema);
      own.push([`v${version}`, ref('components', 'messages', key)]);
      schemas.push([key, rerooted(schema, `#/components/schemas/${key}`)]);
      const title = `${name}, version ${version}`;
      const payload = ref('components', 'schemas', key);
      messages.push([key, { name, title, ...(note === undefined ? {} : { description: note }), payload }]);
    }
    channels.push([name, { address: name, messages: Object.fromEntries(own) }]);
    const current = ref('channels', name, 'messages', `v${registry.currentVersion(name)}`);
    operations.push([`${action}.${name}`, { action, channel: ref('channels', name), messages: [current] }]);
  }
  return {
    asyncapi: '3.0.0',
    info: checkInfo(info),
    defaultContentType: contentType,
    channels: Object.fromEntries(channels),
    ...(action === undefined ? {} : { operations: Object.fromEntries(operations) }),
    components: { messages: Object.fromEntries(messages), schemas: Object.fromEntries(schemas) },
  };
}
