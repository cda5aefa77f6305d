import { checkKeys, checkOneOf } from '../kernel/options.js';
import { issuesOf, issuesText, type SchemaIssue } from '../kernel/schema-issues.js';
import type { StandardResult, StandardSchema } from '../kernel/standard-schema.js';
import type { EventCheck } from './event-bus-options.js';
import { chainsOf, type EventChain } from './event-chains.js';
import { InvalidEventError } from './event-errors.js';
import { isThenable } from './event-listener.js';
import { type EventTopic, type EventTopicOptions, topicOf } from './event-topic.js';
import type {
  Chained,
  DecodedEvents,
  EmittedEvents,
  EventDefinitions,
  RegistryArguments,
} from './version-chain.js';

/** How a registry treats what it reads. */
export interface EventRegistryOptions {
  /**
   * What becomes of an event whose version is newer than the newest that is defined. `reject`: it is invalid.
   * `pass`: it is judged as if it were of that version, which suits events that only ever gain fields.
   * @default 'reject'
   */
  readonly newer?: 'reject' | 'pass';
}

/** An event that was read: its name tells what its data is. */
export type DecodedEvent<Events> = {
  [Name in keyof Events & string]: {
    /** The name of the event. */
    readonly type: Name;
    /** The version in which it was written. */
    readonly version: number;
    /** What the current schema made of it. */
    readonly data: Events[Name];
  };
}[keyof Events & string];

/** The events of a registry, as a map of name and payload. */
export type EventsOf<Registry> = Registry extends EventCheck<infer Events, infer _> ? Events : never;

/** What may be emitted of the events of a registry, before its schemas have been at work. */
export type EmittedOf<Registry> = Registry extends EventCheck<infer _, infer Emitted> ? Emitted : never;

/** How a registry was made. */
export interface EventRegistryDescription {
  /** What this is. */
  readonly kind: 'event-registry';
  /** What becomes of newer versions. */
  readonly newer: 'reject' | 'pass';
  /** By name, the oldest version that is read and the current one. */
  readonly events: Readonly<Record<string, { readonly oldest: number; readonly current: number }>>;
}

interface Defaults {
  readonly newer: 'reject';
}

const defaults: Defaults = /* @__PURE__ */ Object.freeze({ newer: 'reject' });

/** What is read of an event before its schema judges it. */
interface Raised {
  readonly chain: EventChain;
  readonly version: number;
  readonly data: unknown;
}

/**
 * The events that a program knows, their schemas and their history. Made by {@link defineEvents}.
 *
 * What is written in an old version is read through the upcasters, one version after the other, and then
 * judged by the current schema alone.
 */
export class EventRegistry<Events extends object, Emitted extends object = Events>
  implements EventCheck<Events, Emitted>
{
  declare readonly '~events'?: { readonly events: Events; readonly emitted: Emitted };
  readonly #chains: ReadonlyMap<string, EventChain>;
  readonly #newer: 'reject' | 'pass';

  /** @internal */
  constructor(chains: ReadonlyMap<string, EventChain>, newer: 'reject' | 'pass') {
    this.#chains = chains;
    this.#newer = newer;
  }

  /** What stands where an option was left out. */
  static get defaults(): typeof defaults {
    return defaults;
  }

  /** All names of events. */
  get names(): readonly (keyof Events & string)[] {
    return [...this.#chains.keys()] as (keyof Events & string)[];
  }

  /** Whether there is such an event. */
  has(name: string): name is keyof Events & string {
    return this.#chains.has(name);
  }

  /**
   * The version in which an event is written now. @throws `ERR_INVALID_EVENT` where there is no such event.
   */
  currentVersion(name: keyof Events & string): number {
    return this.#chain(name).current;
  }

  /** The versions of an event that can be read, ascending. @throws `ERR_INVALID_EVENT` as above. */
  versions(name: keyof Events & string): readonly number[] {
    return [...this.#chain(name).schemas.keys()].sort((a, b) => a - b);
  }

  /** The schema of an event. @throws `ERR_INVALID_EVENT` where there is no such event or version. */
  schema(name: keyof Events & string, version = this.currentVersion(name)): StandardSchema<unknown, unknown> {
    return this.#chain(name).schemas.get(version) ?? this.#invalid(name, version, `no version ${version}`);
  }

  /**
   * The payload as the current schema makes it; a promise of that where the schema is asynchronous. Throws
   * `ERR_INVALID_EVENT`, or rejects with it, where the schema refuses it.
   */
  validate<Name extends keyof Events & string>(
    name: Name,
    payload: unknown,
  ): Events[Name] | Promise<Events[Name]> {
    return this.#judge({ chain: this.#chain(name), version: 0, data: payload }) as
      | Events[Name]
      | Promise<Events[Name]>;
  }

  /**
   * Reads an event that was written in `version`. Rejects with `ERR_INVALID_EVENT` where it cannot be read.
   */
  async decode(type: string, version: number, data: unknown): Promise<DecodedEvent<Events>> {
    const judged = await this.#judge(this.#raise(type, version, data));
    return { type, version, data: judged } as DecodedEvent<Events>;
  }

  /**
   * As `decode`, at once.
   * @throws `ERR_INVALID_EVENT` where it cannot be read; a `TypeError` where the schema is asynchronous.
   */
  decodeSync(type: string, version: number, data: unknown): DecodedEvent<Events> {
    const judged = this.#judge(this.#raise(type, version, data));
    if (isThenable(judged)) {
      Promise.resolve(judged).catch(() => {});
      throw new TypeError(`decodeSync: the schema of "${type}" is asynchronous; use decode`);
    }
    return { type, version, data: judged } as DecodedEvent<Events>;
  }

  /**
   * Data that was written in `version`, as the current version has it; its schema is not asked.
   * @throws `ERR_INVALID_EVENT` where it cannot be read.
   */
  upcast(name: keyof Events & string, data: unknown, version: number): unknown {
    return this.#raise(name, version, data).data;
  }

  /**
   * An event as a topic of a message bus: the same schemas and versions there as here.
   * @throws `ERR_INVALID_EVENT` where there is no such event; TypeError for a `key` that is no function.
   */
  topic<Name extends keyof Events & keyof Emitted & string>(
    name: Name,
    options: EventTopicOptions<Emitted[Name]> = {},
  ): EventTopic<Emitted[Name], Events[Name]> {
    return topicOf(this, this.#chain(name), options) as EventTopic<Emitted[Name], Events[Name]>;
  }

  /** How it was made. */
  describe(): EventRegistryDescription {
    const events = [...this.#chains].map(
      ([name, { oldest, current }]) => [name, { oldest, current }] as const,
    );
    return { kind: 'event-registry', newer: this.#newer, events: Object.fromEntries(events) };
  }

  #chain(name: string): EventChain {
    return this.#chains.get(name) ?? this.#invalid(name, undefined, 'no such event is defined');
  }

  /** Brings data of an older version up to the current one. */
  #raise(type: string, version: number, data: unknown): Raised {
    const chain = this.#chain(type);
    if (!Number.isSafeInteger(version) || version < 1) {
      this.#invalid(type, version, `\`version\` must be an integer >= 1, got ${String(version)}`);
    }
    if (version < chain.oldest) {
      this.#invalid(type, version, `version ${version} is older than the oldest known, ${chain.oldest}`);
    }
    if (version > chain.current && this.#newer === 'reject') {
      this.#invalid(type, version, `version ${version} is newer than the newest known, ${chain.current}`);
    }
    let raised = data;
    for (let at = version; at < chain.current; at++) {
      try {
        raised = chain.upcasters.get(at)!(raised);
      } catch (cause) {
        this.#invalid(type, version, `the upcaster from version ${at} failed`, { cause });
      }
      if (isThenable(raised)) {
        Promise.resolve(raised).catch(() => {});
        this.#invalid(type, version, `the upcaster from version ${at} returned a promise`);
      }
    }
    return { chain, version, data: raised };
  }

  #judge({ chain, version, data }: Raised): unknown {
    const { validate } = chain.schemas.get(chain.current)!['~standard'];
    const readIn = version === 0 ? undefined : version;
    let result: ReturnType<typeof validate>;
    try {
      result = validate(data);
    } catch (cause) {
      this.#invalid(chain.name, readIn, 'the schema failed', { cause });
    }
    if (!isThenable(result)) return this.#accept(chain.name, readIn, result);
    return Promise.resolve(result).then(
      judged => this.#accept(chain.name, readIn, judged),
      (cause: unknown) => this.#invalid(chain.name, readIn, 'the schema failed', { cause }),
    );
  }

  #accept(name: string, version: number | undefined, result: StandardResult<unknown>): unknown {
    if (result.issues === undefined) return result.value;
    const issues = issuesOf(result.issues);
    throw this.#error(name, version, issuesText(issues, result.issues.length), issues);
  }

  #invalid(
    name: string,
    version: number | undefined,
    why: string,
    facts?: { readonly cause: unknown },
  ): never {
    throw this.#error(name, version, why, [{ path: '', message: why }], facts);
  }

  #error(
    type: string,
    version: number | undefined,
    why: string,
    issues: readonly SchemaIssue[],
    facts?: { readonly cause: unknown },
  ): InvalidEventError {
    const which = version === undefined ? '' : `, version ${version}`;
    // The name may come from outside, and be as long as somebody likes.
    const message = `event ${JSON.stringify(String(type).slice(0, 255))}${which}: ${why}`;
    return new InvalidEventError(message, { type, version, issues }, facts);
  }
}

/**
 * Makes a registry of the schemas of all events, by name and version; those of zod, valibot, arktype and
 * whatever else speaks Standard Schema. The versions of an event follow each other without a gap, and from
 * each but the last an upcaster leads to the next: else it does not compile.
 *
 * @throws TypeError that names the event, the rule and the value.
 *
 * @example
 * ```ts
 * import { defineEvents } from 'keelson/events';
 *
 * declare const OrderV1: import('keelson/events').StandardSchema<{ id: string }>;
 * declare const OrderV2: import('keelson/events').StandardSchema<{ id: string; currency: string }>;
 *
 * const events = defineEvents(
 *   { 'order.placed': { 1: OrderV1, 2: OrderV2 } },
 *   { upcast: { 'order.placed': { 1: v1 => ({ ...v1, currency: 'EUR' }) } } },
 * );
 * const { data } = await events.decode('order.placed', 1, { id: 'o-1' });
 * ```
 */
export function defineEvents<const D extends EventDefinitions>(
  definitions: D & Chained<D>,
  ...[options = {}]: RegistryArguments<D, EventRegistryOptions>
): EventRegistry<DecodedEvents<D>, EmittedEvents<D>> {
  checkKeys('defineEvents', options, ['upcast', 'newer']);
  const { upcast, newer = defaults.newer } = options as EventRegistryOptions & { upcast?: unknown };
  checkOneOf('defineEvents', 'newer', newer, ['reject', 'pass']);
  return new EventRegistry(chainsOf(definitions, upcast), newer);
}
