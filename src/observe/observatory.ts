import { type Clock, systemClock, type Timer } from '../kernel/clock.js';
import { Emitter } from '../kernel/events.js';
import { checkKeys, checkNumber, refuse } from '../kernel/options.js';
import { plainCopy, shortText } from './plain-copy.js';
import { Tap } from './tap.js';
import { nameThing, Thing } from './thing.js';

/** What can be watched: every primitive fits. */
export interface Watchable {
  /** Shown wherever it is told of; where it has none, `describe()`, `snapshot()` and `watch` are asked. */
  readonly name?: string;
  /** How it was made. */
  describe?(): unknown;
  /** How it stands at this moment. */
  snapshot?(): unknown;
  /** Tells its events; the function returned ends it. */
  on?(event: never, listener: never): () => void;
}

/** What the watcher knows better than the thing. */
export interface WatchOptions {
  /** Needed where `describe()` tells none. @default the `kind` of its description */
  readonly kind?: string;
  /** What it goes by. @default its name, or its kind */
  readonly name?: string;
  /** Events to listen to, of a thing of your own. @default those of its kind */
  readonly events?: readonly string[];
}

/** A thing that is watched. */
export interface WatchedThing {
  /** `kind/name`, unique: a second of the same is `kind/name#2`. */
  readonly id: string;
  /** What it is. */
  readonly kind: string;
  /** Which one it is; at most 200 characters of it. */
  readonly name: string;
  /** The service that it works for. */
  readonly service: string;
  /** How it was made, as data; `{ error }` where it does not say. Never throws. */
  describe(): unknown;
  /** How it stands, as data; `{ error }` where it does not say. Never throws. */
  snapshot(): unknown;
  /** The thing itself. */
  readonly target: Watchable;
}

/** An event of a thing that is watched. */
export interface ObservedEvent {
  /** Counts the events of this observatory, from 1. */
  readonly seq: number;
  /** When it was heard of, in epoch ms. */
  readonly at: number;
  /** The service that the thing works for. */
  readonly service: string;
  /** Of the thing. */
  readonly id: string;
  /** What the thing is. */
  readonly kind: string;
  /** Which one it is. */
  readonly name: string;
  /** Its name, as in `on`. */
  readonly event: string;
  /**
   * What it carried: a copy that JSON holds, bounded in depth and size, with errors as name, code, message.
   */
  readonly payload: unknown;
}

/** How often an event of a thing has happened while that was counted. */
export interface EventCount {
  /** That of the thing. */
  readonly id: string;
  /** What the thing is. */
  readonly kind: string;
  /** Which one it is. */
  readonly name: string;
  /** The name of the event. */
  readonly event: string;
  /** How often it happened. */
  readonly count: number;
}

/** How an `Observatory` is made. */
export interface ObservatoryOptions {
  /** The service that the things work for; 200 characters of it are shown. @default 'service' */
  readonly service?: string;
  /** More things than this are refused. @default 1000 */
  readonly maxThings?: number;
  /**
   * How soon a new subscriber of a channel is noticed, in ms; `Infinity` for only when something is watched.
   * @default 1000
   */
  readonly channelCheckMs?: number;
  /** The source of time. @default systemClock */
  readonly clock?: Clock;
}

const defaults: {
  readonly service: 'service';
  readonly maxThings: 1000;
  readonly channelCheckMs: 1000;
} = /* @__PURE__ */ Object.freeze({ service: 'service', maxThings: 1000, channelCheckMs: 1000 });
const owner = 'Observatory';
/** So much of the name of a service is shown. */
const LONGEST_SERVICE = 200;
const known = ['service', 'maxThings', 'channelCheckMs', 'clock'];

/**
 * One place that knows what is there and hears what happens: telemetry, logs and dashboards go by it.
 *
 * Things are listened to only while somebody wants to know: a listener of the observatory, or a subscriber
 * of the channel `keelson:<kind>:<event>` of `node:diagnostics_channel`, who gets the same
 * {@link ObservedEvent}.
 *
 * ```ts
 * import { CircuitBreaker } from 'keelson';
 * import { Observatory } from 'keelson/observe';
 *
 * const observatory = new Observatory({ service: 'shop' });
 * observatory.watch(new CircuitBreaker({ name: 'payments' }));
 * observatory.things().map(thing => thing.id); // => ['circuit-breaker/payments']
 * ```
 */
export class Observatory {
  /** The service that the things work for. */
  readonly service: string;
  readonly #clock: Clock;
  readonly #maxThings: number;
  readonly #channelCheckMs: number;
  readonly #things = new Map<string, Thing>();
  readonly #emitter = new Emitter<{ event: ObservedEvent; changed: undefined }>(['event', 'changed']);
  /** Those who want to know how often, and those who want to hear. */
  #counting = 0;
  #listening = 0;
  #seq = 0;
  #timer: Timer | undefined;
  #disposed = false;

  constructor(options: ObservatoryOptions = {}) {
    checkKeys(owner, options, known);
    const { service = defaults.service } = options;
    if (typeof service !== 'string' || service === '') refuse(owner, 'service', 'a name', service);
    this.service = shortText(service, LONGEST_SERVICE);
    this.#clock = options.clock ?? systemClock;
    this.#maxThings = checkNumber(owner, 'maxThings', options.maxThings ?? defaults.maxThings, {
      min: 1,
      integer: true,
    });
    this.#channelCheckMs = checkNumber(
      owner,
      'channelCheckMs',
      options.channelCheckMs ?? defaults.channelCheckMs,
      { min: 1, infinity: true },
    );
  }

  /** What stands where an option was left out. */
  static get defaults(): typeof defaults {
    return defaults;
  }

  /**
   * Begins to watch a thing; the function returned ends it. The same thing may be watched under two names.
   *
   * @throws TypeError when nothing says what kind of thing it is, or an event is none of it; RangeError when
   * there are `maxThings` already.
   */
  watch(thing: Watchable, options: WatchOptions = {}): () => void {
    if (this.#disposed) throw new TypeError(`${owner}: is disposed of and watches nothing any more`);
    const named = nameThing(owner, thing, options);
    if (this.#things.size >= this.#maxThings) {
      throw new RangeError(`${owner}: \`maxThings\` is ${this.#maxThings}, and so many are watched already`);
    }
    const watched = new Thing(this.#freeId(`${named.kind}/${named.name}`), this.service, named, thing);
    for (const event of named.events) {
      watched.taps.push(
        new Tap(thing, named.kind, event, (tap, payload) => this.#hear(watched, tap, payload)),
      );
    }
    if (options.events !== undefined) for (const tap of watched.taps) tap.probe();
    this.#things.set(watched.id, watched);
    this.#alignThing(watched);
    this.#checkLater();
    this.#emitter.emit('changed', undefined);
    return () => this.#unwatch(watched);
  }

  /** All that are watched, in the order in which that began. */
  things(): readonly WatchedThing[] {
    return [...this.#things.values()];
  }

  /**
   * Calls `listener` at each event of all things, those to come included; the function returned ends it.
   * What it throws is reported on the console and never felt by the thing.
   */
  onEvent(listener: (event: ObservedEvent) => void): () => void {
    const off = this.#emitter.on('event', listener);
    this.#listening++;
    this.#alignAll();
    let ended = false;
    return () => {
      if (ended) return;
      ended = true;
      off();
      this.#listening--;
      this.#alignAll();
    };
  }

  /** Calls `listener` when a thing begins or ends to be watched; the function returned ends it. */
  onChange(listener: () => void): () => void {
    return this.#emitter.on('changed', listener);
  }

  /** Has events counted, which costs less than hearing them; the function returned ends it. */
  countEvents(): () => void {
    this.#counting++;
    this.#alignAll();
    let ended = false;
    return () => {
      if (ended) return;
      ended = true;
      this.#counting--;
      this.#alignAll();
    };
  }

  /** How often each event happened while somebody listened to it, or had it counted. */
  eventCounts(): readonly EventCount[] {
    return [...this.#things.values()].flatMap(({ id, kind, name, taps }) =>
      taps.map(({ event, count }) => ({ id, kind, name, event, count })),
    );
  }

  /** Forgets all things and listeners. */
  [Symbol.dispose](): void {
    this.#disposed = true;
    this.#timer?.cancel();
    for (const thing of [...this.#things.values()]) this.#unwatch(thing);
  }

  #freeId(id: string): string {
    if (!this.#things.has(id)) return id;
    let number = 2;
    while (this.#things.has(`${id}#${number}`)) number++;
    return `${id}#${number}`;
  }

  #unwatch(thing: Thing): void {
    for (const tap of thing.taps) tap.open(false);
    if (this.#things.get(thing.id) !== thing) return;
    this.#things.delete(thing.id);
    if (this.#things.size === 0) this.#timer?.cancel();
    this.#emitter.emit('changed', undefined);
  }

  #alignAll(): void {
    for (const thing of this.#things.values()) this.#alignThing(thing);
  }

  #alignThing(thing: Thing): void {
    const wanted = this.#listening > 0 || this.#counting > 0;
    for (const tap of thing.taps) tap.open(wanted || tap.channel.hasSubscribers);
  }

  /** Channels do not tell when somebody subscribes, and so have to be looked at. */
  #checkLater(): void {
    this.#timer?.cancel();
    if (this.#things.size === 0 || this.#channelCheckMs === Infinity) return;
    this.#timer = this.#clock.schedule(this.#channelCheckMs, () => {
      this.#alignAll();
      this.#checkLater();
    });
  }

  #hear({ id, kind, name, service }: Thing, { event, channel }: Tap, payload: unknown): void {
    const published = channel.hasSubscribers;
    if (!published && this.#listening === 0) return;
    const at = this.#clock.wall();
    const plain = plainCopy(payload);
    const observed: ObservedEvent = { seq: ++this.#seq, at, service, id, kind, name, event, payload: plain };
    if (published) channel.publish(observed);
    if (this.#listening > 0) this.#emitter.emit('event', observed);
  }
}
