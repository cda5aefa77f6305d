import { checkKeys, refuse } from '../kernel/options.js';
import type { EventBus } from './event-bus.js';
import type { EventRegistry } from './event-registry.js';
import type { EventTopic } from './event-topic.js';

/** A subscription of the message bus, as far as a bridge needs it. */
export interface BridgedSubscription {
  /** Resolves when messages come; rejects when they never will. */
  readonly ready: Promise<void>;
  /** Ends it, and waits for what is being handled. */
  close(): Promise<void>;
}

/** What a bridge needs of a message bus: any `MessageBus` of `keelson/messaging` fits. */
export interface BridgedMessages<SubscribeOptions> {
  /** Resolves when the broker has the message. */
  publish(topic: EventTopic<unknown>, data: unknown): Promise<unknown>;
  /** Handles what is published to a topic. */
  subscribe(
    topic: EventTopic<never>,
    options: SubscribeOptions,
    handler: (message: { readonly data: unknown }) => unknown,
  ): BridgedSubscription;
}

/** What a bridge joins, and which events cross it in which direction. */
export interface EventBridgeOptions<
  Events extends object,
  Emitted extends object,
  Subscribe extends object,
  Out extends keyof Events & string,
  In extends keyof Events & string,
> {
  /** The events of this process. */
  readonly events: EventBus<Events, Emitted>;
  /** The messages between processes. */
  readonly messages: BridgedMessages<Subscribe>;
  /** Knows the events that cross. */
  readonly registry: EventRegistry<Events, Emitted>;
  /** The events of this service: what is emitted here is published. @default none */
  readonly publish?: readonly Out[];
  /** The events of others: what is published there is emitted here. None of `publish`. @default none */
  readonly receive?: readonly (In & Exclude<In, Out>)[];
  /** The options of the subscriptions, for `receive`: their `group` above all. */
  readonly subscribe?: Subscribe;
  /** What keeps published events in order: events of the same key. */
  readonly keys?: { readonly [Name in Out]?: (payload: Emitted[Name & keyof Emitted]) => string | undefined };
}

const owner = 'EventBridge';
const known = ['events', 'messages', 'registry', 'publish', 'receive', 'subscribe', 'keys'];

/**
 * Joins the events of a process with the messages between processes.
 *
 * What is emitted here and listed in `publish` is published: `emit` settles when the broker has it, and
 * rejects when it does not. What comes for `receive` is emitted here: it is settled when all listeners have,
 * and one that fails is a failure of the message, which comes again as the subscription says.
 *
 * An event has one service that publishes it. One in both lists would go round in circles, and is refused.
 *
 * @example
 * ```ts
 * import { defineEvents, EventBridge, EventBus } from 'keelson/events';
 * import { InMemoryBus } from 'keelson/messaging';
 *
 * declare const Order: import('keelson/events').StandardSchema<{ id: string }>;
 *
 * const registry = defineEvents({ 'order.placed': { 1: Order }, 'order.paid': { 1: Order } });
 * const events = new EventBus({ registry });
 * const bridge = new EventBridge({
 *   events,
 *   messages: new InMemoryBus(),
 *   registry,
 *   publish: ['order.placed'],
 *   receive: ['order.paid'],
 *   subscribe: { group: 'orders' },
 * });
 * await bridge.ready;
 * await events.emit('order.placed', { id: 'o-1' });
 * ```
 */
export class EventBridge<
  Events extends object,
  Emitted extends object,
  Subscribe extends object,
  Out extends keyof Events & string = never,
  In extends keyof Events & string = never,
> implements AsyncDisposable
{
  /** Resolves when all that is received comes; rejects when some of it never will. */
  readonly ready: Promise<void>;
  readonly #offs: (() => void)[] = [];
  readonly #subscriptions: BridgedSubscription[] = [];

  /** @throws TypeError that names the option, the rule and the value; then nothing crosses. */
  constructor(options: EventBridgeOptions<Events, Emitted, Subscribe, Out, In>) {
    checkBridge(options);
    const { publish = [], receive = [] } = options;
    try {
      for (const name of publish) this.#publish(options, name);
      for (const name of receive) this.#receive(options, name);
    } catch (error) {
      // Those that were made before it are nobody's.
      this.close().catch(() => {});
      throw error;
    }
    this.ready = Promise.all(this.#subscriptions.map(({ ready }) => ready)).then(() => {});
    // Whoever does not look at it must not be ended by it.
    this.ready.catch(() => {});
  }

  /** Nothing crosses any more; resolves when what has come is settled. Both buses stay open. */
  async close(): Promise<void> {
    for (const off of this.#offs) off();
    await Promise.all(this.#subscriptions.map(subscription => subscription.close()));
  }

  /** As `close()`. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  #publish(options: EventBridgeOptions<Events, Emitted, Subscribe, Out, In>, name: Out): void {
    const { events, messages, registry, keys } = options;
    const key = keys?.[name] as ((payload: unknown) => string | undefined) | undefined;
    const topic = registry.topic(name as never, key === undefined ? {} : { key }) as EventTopic<unknown>;
    // What a schema has transformed it does not take again: what crosses is what was emitted.
    this.#offs.push(events.on(name as never, (_, { emitted }) => messages.publish(topic, emitted)));
  }

  #receive(options: EventBridgeOptions<Events, Emitted, Subscribe, Out, In>, name: In): void {
    const { events, messages, registry, subscribe } = options;
    const emit = events.emit.bind(events) as (type: string, payload: unknown) => Promise<void>;
    const topic = registry.topic(name as never) as EventTopic<never>;
    // A bus with a registry judges what is emitted: judged twice, what a schema transforms would be refused.
    const judges = events.describe().events !== null;
    const read = (data: unknown, version: number): unknown => registry.upcast(name, data, version);
    const from: EventTopic<never> = judges ? { ...topic, read } : topic;
    this.#subscriptions.push(messages.subscribe(from, subscribe!, ({ data }) => emit(name, data)));
  }
}

/** @throws TypeError that names the option, the rule and the value. */
function checkBridge(options: object): void {
  checkKeys(owner, options, known);
  const { events, messages, registry, publish, receive, subscribe, keys } = options as Readonly<
    Record<string, unknown>
  >;
  if (typeof (events as Partial<EventBus> | undefined)?.emit !== 'function') {
    refuse(owner, 'events', 'an EventBus', events);
  }
  if (typeof (messages as Partial<BridgedMessages<object>> | undefined)?.subscribe !== 'function') {
    refuse(owner, 'messages', 'a MessageBus', messages);
  }
  const names = (registry as Partial<EventRegistry<object>> | undefined)?.names as
    | readonly string[]
    | undefined;
  if (!Array.isArray(names)) refuse(owner, 'registry', 'an EventRegistry', registry);
  const out = checkNames('publish', publish, names);
  const into = checkNames('receive', receive, names);
  const both = into.find(name => out.includes(name));
  if (both !== undefined) refuse(owner, 'receive', 'events that are not in `publish`', both);
  if (into.length > 0 && typeof subscribe !== 'object') {
    refuse(owner, 'subscribe', 'the options of the subscriptions, for `receive`', subscribe);
  }
  for (const [name, key] of Object.entries(keys ?? {})) {
    if (!out.includes(name)) refuse(owner, 'keys', 'about events in `publish`', name);
    if (typeof key !== 'function') refuse(owner, `keys.${name}`, 'a function', key);
  }
}

function checkNames(option: string, given: unknown, names: readonly string[]): readonly string[] {
  if (given === undefined) return [];
  if (!Array.isArray(given)) refuse(owner, option, 'an array of names of events', given);
  for (const name of given) if (!names.includes(name)) refuse(owner, option, 'events of the registry', name);
  const twice = given.find((name, place) => given.indexOf(name) !== place);
  if (twice !== undefined) refuse(owner, option, 'events without repeats', twice);
  return given;
}
