import { checkTopic } from '../core/topic-pattern.js';
import { InvalidMessageError } from '../kernel/bus-errors.js';
import { checkKeys, checkNumber, refuse, show } from '../kernel/options.js';
import { isSchema, issuesOf, issuesText } from '../kernel/schema-issues.js';
import type { SchemaInput, SchemaOutput, StandardResult, StandardSchema } from '../kernel/standard-schema.js';

/** How a topic is made. */
export interface TopicOptions<In, Out> {
  /** Checks what is published and what is received; what handlers get is what it answers with. */
  readonly schema?: StandardSchema<In, Out>;
  /** The version of what is published, an integer >= 1. @default 1 */
  readonly version?: number;
  /** What has to stay in order: messages of the same key. */
  readonly key?: (data: In) => string | undefined;
  /**
   * Makes the data of a version that of the next: `{ 1: fromOneToTwo }`. Each must be there, from the oldest
   * that may still come up to the one before `version`.
   */
  readonly upcast?: Readonly<Record<number, (data: never) => unknown>>;
}

/** What is published under a name, and of which shape it is: `In` goes in, `Out` comes out at handlers. */
export interface Topic<in In = never, out Out = unknown> {
  /** Words with dots between them. */
  readonly name: string;
  /** That of what is published. */
  readonly version: number;
  /** The oldest version that can still be read. */
  readonly oldest: number;
  /** Asks the schema about what is to be published. @throws InvalidMessageError with what it says. */
  check(data: In): void | Promise<void>;
  /** What data is kept in order by. */
  keyOf(data: In): string | undefined;
  /** Leads data of a version up to the present one. @throws InvalidMessageError when that fails. */
  read(data: unknown, version: number): Out | Promise<Out>;
  /** What it is. */
  describe(): { readonly topic: string; readonly version: number; readonly oldest: number };
}

const known = ['schema', 'version', 'key', 'upcast'];

class TypedTopic<In, Out> implements Topic<In, Out> {
  readonly name: string;
  readonly version: number;
  readonly oldest: number;
  readonly #options: TopicOptions<In, Out>;

  constructor(name: string, options: TopicOptions<In, Out>) {
    checkKeys('topic', options, known);
    const { schema, version = 1, key, upcast = {} } = options;
    this.version = checkNumber('topic', 'version', version, { min: 1, integer: true });
    if (schema !== undefined && !isSchema(schema)) refuse('topic', 'schema', 'a Standard Schema', schema);
    if (key !== undefined && typeof key !== 'function') refuse('topic', 'key', 'a function', key);
    this.name = name;
    this.#options = options;
    this.oldest = oldestOf(upcast, version);
  }

  check(data: In): void | Promise<void> {
    const { schema } = this.#options;
    if (schema === undefined) return undefined;
    const result = schema['~standard'].validate(data);
    if (result instanceof Promise) return result.then(settled => void this.#valid(settled));
    this.#valid(result);
  }

  keyOf(data: In): string | undefined {
    const key = this.#options.key?.(data);
    if (key !== undefined && typeof key !== 'string') refuse('topic', 'key', 'a function to a string', key);
    return key;
  }

  read(data: unknown, version: number): Out | Promise<Out> {
    if (version > this.version || version < this.oldest) {
      const range = this.oldest === this.version ? `${this.version}` : `${this.oldest} to ${this.version}`;
      throw new InvalidMessageError(`${this.name}: version ${version} cannot be read, known is ${range}`);
    }
    const { schema, upcast } = this.#options;
    let current = data;
    for (let at = version; at < this.version; at++) {
      try {
        current = upcast![at]!(current as never);
      } catch (cause) {
        throw new InvalidMessageError(`${this.name}: version ${at} cannot be made ${at + 1}`, [], { cause });
      }
    }
    if (schema === undefined) return current as Out;
    const result = schema['~standard'].validate(current);
    return result instanceof Promise ? result.then(settled => this.#valid(settled)) : this.#valid(result);
  }

  describe(): { readonly topic: string; readonly version: number; readonly oldest: number } {
    return { topic: this.name, version: this.version, oldest: this.oldest };
  }

  #valid(result: StandardResult<Out>): Out {
    if (result.issues === undefined) return result.value;
    const issues = issuesOf(result.issues);
    throw new InvalidMessageError(`${this.name}: ${issuesText(issues, result.issues.length)}`, issues);
  }
}

/** The first version that leads up to the present one; a step that is missing in between is a mistake. */
function oldestOf(upcast: Readonly<Record<string, unknown>>, version: number): number {
  const steps = Object.keys(upcast).map(Number);
  for (const step of steps) {
    if (!Number.isSafeInteger(step) || step < 1 || step >= version) {
      refuse('topic', 'upcast', `versions from 1 to ${version - 1}`, step);
    }
    if (typeof upcast[step] !== 'function') refuse('topic', `upcast.${step}`, 'a function', upcast[step]);
  }
  const oldest = Math.min(version, ...steps);
  for (let step = oldest; step < version; step++) {
    if (!steps.includes(step)) {
      throw new TypeError(`topic: \`upcast\` must have ${step}, between ${oldest} and ${version}`);
    }
  }
  return oldest;
}

/** @throws TypeError unless `name` is tokens of `a-z A-Z 0-9 _ -`, with dots between them. */
export function checkTopicName(owner: string, name: unknown): string {
  const rule = checkTopic(name);
  if (rule === undefined) return name as string;
  throw new TypeError(`${owner}: a topic must be ${rule}, got ${show(name)}`);
}

/**
 * A topic, with the schema of what is published under it.
 *
 * @throws TypeError or RangeError that names the option, the rule and the value.
 * @example
 * ```ts
 * import { topic } from 'keelson/messaging';
 *
 * const placed = topic<{ id: string; cents: number }>('orders.placed', { key: order => order.id });
 * placed.name; // => 'orders.placed'
 * ```
 */
export function topic<S extends StandardSchema>(
  name: string,
  options: Omit<TopicOptions<SchemaInput<S>, SchemaOutput<S>>, 'schema'> & { readonly schema: S },
): Topic<SchemaInput<S>, SchemaOutput<S>>;
export function topic<T>(name: string, options?: Omit<TopicOptions<T, T>, 'schema'>): Topic<T, T>;
export function topic(name: string, options: object = {}): Topic {
  return new TypedTopic(checkTopicName('topic', name), options as TopicOptions<never, unknown>);
}
