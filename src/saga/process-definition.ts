import { checkKeys, checkNumber, refuse } from '../kernel/options.js';

/** A topic of a message bus, as far as a process needs it: those of `keelson/messaging` fit. */
export interface ProcessTopic<in In = never, out Out = unknown> {
  /** Words with dots between them. */
  readonly name: string;
  /** That of what is published. */
  readonly version: number;
  /** The oldest version that can be read. */
  readonly oldest: number;
  /** Asks about what is to be published, and throws when it does not fit. */
  check(data: In): void | Promise<void>;
  /** What data is kept in order by. */
  keyOf(data: In): string | undefined;
  /** Leads data of a version up to the present one. */
  read(data: unknown, version: number): Out | Promise<Out>;
  /** What it is. */
  describe(): { readonly topic: string; readonly version: number; readonly oldest: number };
}

/** Topics, by what a process calls them. */
export type ProcessTopics = Readonly<Record<string, ProcessTopic<never, unknown>>>;

type OutOf<Topic> = Topic extends ProcessTopic<never, infer Out> ? Out : never;
type InOf<Topic> = Topic extends { check(data: infer In): unknown } ? In : never;

/** Data that may be read only: it is written down, and never changed. */
type Untouched<T> = T extends undefined | null | string | number | boolean
  ? T
  : T extends object
    ? { readonly [Key in keyof T]: Untouched<T[Key]> }
    : T;

/**
 * Anything. What stands beside it is read by the compiler as if it were of `T`, and so, where that is a
 * constant, with its literals as they are written.
 */
type AsWritten<T> = [T] extends [never] ? T : NonNullable<unknown> | null | undefined;

/** What is said of a message beside its data. */
export interface ProcessMessageFacts {
  /** The same for all deliveries of it. */
  readonly id: string;
  /** When it was published, epoch ms by the publisher's clock, where that is said. */
  readonly time: number | undefined;
  /** What the publisher gave. */
  readonly headers: Readonly<Record<string, string>>;
}

/** What came for a process over the bus: by `type`, the name under which its topic is received. */
export type ReceivedMessage<Receives> = {
  [Type in keyof Receives & string]: ProcessMessageFacts & {
    readonly type: Type;
    readonly data: OutOf<Receives[Type]>;
  };
}[keyof Receives & string];

/** What a process is to decide about: a message, or a timeout of its own whose time has come. */
export type ProcessMessage<Receives, Timeouts extends string> =
  | ReceivedMessage<Receives>
  | { [Name in Timeouts]: ProcessMessageFacts & { readonly type: Name; readonly data: undefined } }[Timeouts];

/** What a process sends: `to` is the name under which it sends to a topic. */
export type ProcessCommand<Sends> = {
  [To in keyof Sends & string]: {
    readonly to: To;
    readonly data: Untouched<InOf<Sends[To]>> & AsWritten<Sends>;
    /** What it is kept in order by. @default what the topic says, or the key of the process */
    readonly key?: string;
    /** Names of `a-z 0-9 -`. */
    readonly headers?: Readonly<Record<string, string>>;
  };
}[keyof Sends & string];

/** What a process does about a message; all of it, or nothing. */
export interface ProcessDecision<Event, Sends, Timeouts extends string> {
  /** What has happened: `evolve` makes the next state of each, one after the other. */
  readonly events?: readonly (Untouched<Event> & AsWritten<Event>)[];
  /** What is published, in this order. */
  readonly send?: readonly ProcessCommand<Sends>[];
  /** Starts timeouts, or starts them anew: the ms from now; `true` for what the definition says. */
  readonly schedule?: { readonly [Name in Timeouts]?: number | true };
  /** Stops timeouts. */
  readonly cancel?: readonly Timeouts[];
  /** Ends the process for good: its timeouts stop, and what comes later is only counted. */
  readonly end?: boolean;
}

/**
 * What a process does, as data and as functions without effects: they run again when another message of the
 * same process was quicker.
 */
export interface ProcessDefinition<
  State,
  Event,
  Receives extends ProcessTopics,
  Sends extends ProcessTopics,
  Timeouts extends string,
> {
  /** Which process this is, 1 to 64 of A-Z a-z 0-9 _ -: also the group of its subscriptions. */
  readonly name: string;
  /** The topics that it hears of, by the `type` that their messages have in `decide`. */
  readonly receives: Receives;
  /** The topics that it publishes to, by the `to` of its commands. @default none */
  readonly sends?: Sends;
  /** Its timeouts, by name, and their spans in ms. @default none */
  readonly timeouts?: { readonly [Name in Timeouts]: number };
  /** Which messages start it; others that find none are given back to the bus. @default all */
  readonly startedBy?: readonly (keyof Receives & string)[];
  /** Makes the state before the first event: JSON data. */
  readonly initial: () => State;
  /** Which instance a message is for, 1 to 255 characters; `undefined` for none: it is let go. */
  readonly correlate: (message: ReceivedMessage<Receives>) => string | undefined;
  /** What is done about a message; nothing for a message that changes nothing. */
  readonly decide: (
    state: State,
    message: ProcessMessage<Receives, Timeouts>,
  ) => NoInfer<ProcessDecision<Event, Sends, Timeouts>> | undefined;
  /** The next state, JSON data, of the present one and an event. */
  readonly evolve: (state: State, event: Event) => State;
}

/** Any definition. */
export type AnyProcess = ProcessDefinition<unknown, unknown, ProcessTopics, ProcessTopics, string>;

const owner = 'defineProcess';
const known = [
  ...['name', 'receives', 'sends', 'timeouts', 'startedBy', 'initial', 'correlate', 'decide', 'evolve'],
];
const LONGEST_MS = 2 ** 43;

function checkTopics(option: string, topics: unknown): readonly string[] {
  if (typeof topics !== 'object' || topics === null) refuse(owner, option, 'an object of topics', topics);
  for (const [name, topic] of Object.entries(topics as Record<string, Partial<ProcessTopic> | undefined>)) {
    if (typeof topic?.name !== 'string' || typeof topic.check !== 'function') {
      refuse(owner, `${option}.${name}`, 'a topic', topic);
    }
  }
  return Object.keys(topics as object);
}

/**
 * A process as it is defined, checked.
 *
 * @throws TypeError or RangeError that names the option, the rule and the value.
 * @example
 * ```ts
 * import { topic } from 'keelson/messaging';
 * import { defineProcess } from 'keelson/saga';
 *
 * const placed = topic<{ id: string; cents: number }>('orders.placed');
 * const paid = topic<{ order: string }>('payments.paid');
 * const charge = topic<{ order: string; cents: number }>('payments.charge');
 *
 * const order = defineProcess({
 *   name: 'order',
 *   receives: { placed, paid },
 *   sends: { charge },
 *   timeouts: { unpaid: 15 * 60_000 },
 *   startedBy: ['placed'],
 *   initial: () => ({ status: 'new' }),
 *   correlate: message => (message.type === 'placed' ? message.data.id : message.data.order),
 *   decide: (state, message) => {
 *     if (message.type === 'placed') {
 *       const { id: order, cents } = message.data;
 *       return {
 *         events: ['placed'],
 *         send: [{ to: 'charge', data: { order, cents } }],
 *         schedule: { unpaid: true },
 *       };
 *     }
 *     return { events: [message.type], end: true };
 *   },
 *   evolve: (state, event: string) => ({ status: event }),
 * });
 * order.name; // => 'order'
 * ```
 */
export function defineProcess<
  State,
  // As they are written: `decide` is read before anybody knows what an event is.
  const Event,
  Receives extends ProcessTopics,
  const Sends extends ProcessTopics = Record<never, never>,
  Timeouts extends string = never,
>(
  definition: ProcessDefinition<State, Event, Receives, Sends, Timeouts>,
): ProcessDefinition<State, Event, Receives, Sends, Timeouts> {
  checkKeys(owner, definition, known);
  const { name, receives, sends = {}, timeouts = {}, startedBy } = definition as unknown as AnyProcess;
  if (typeof name !== 'string' || !/^[\w-]{1,64}$/.test(name)) {
    refuse(owner, 'name', 'a name of A-Z a-z 0-9 _ -, at most 64 characters', name);
  }
  const types = checkTopics('receives', receives);
  if (types.length === 0) refuse(owner, 'receives', 'at least one topic', receives);
  checkTopics('sends', sends);
  for (const [timeout, ms] of Object.entries(timeouts)) {
    if (types.includes(timeout)) refuse(owner, 'timeouts', 'of other names than `receives`', timeout);
    checkNumber(owner, `timeouts.${timeout}`, ms, { min: 0, max: LONGEST_MS });
  }
  if (startedBy !== undefined && (!Array.isArray(startedBy) || startedBy.length === 0)) {
    refuse(owner, 'startedBy', 'names of `receives`, at least one', startedBy);
  }
  const stranger = startedBy?.find(type => !types.includes(type));
  if (stranger !== undefined) refuse(owner, 'startedBy', 'names of `receives`', stranger);
  for (const part of ['initial', 'correlate', 'decide', 'evolve'] as const) {
    const given: unknown = definition[part];
    if (typeof given !== 'function') refuse(owner, part, 'a function', given);
  }
  return definition;
}
