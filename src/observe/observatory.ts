import { type Clock, systemClock, type Timer } from '../kernel/clock.js';
import { Emitter } from '../kernel/events.js';
import { checkKeys, checkNumber, refuse } from '../kernel/options.js';
import { Branch } from './parts.js';
import { plainCopy, shortText } from './plain-copy.js';
import { Tap } from './tap.js';
import { type Naming, namePart, nameThing, Thing } from './thing.js';
import type { EventCount, ObservedEvent, Watchable, WatchedThing, WatchOptions } from './watching.js';

/** How an `Observatory` is made. */
export interface ObservatoryOptions {
  /** The service that the things work for; 200 characters of it are shown. @default 'service' */
  readonly service?: string;
  /** More things than this are refused. @default 1000 */
  readonly maxThings?: number;
  /** Parts of things, of all together: those beyond it are left out. @default 2000 */
  readonly maxParts?: number;
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
  readonly maxParts: 2000;
  readonly channelCheckMs: 1000;
} = /* @__PURE__ */ Object.freeze({
  service: 'service',
  maxThings: 1000,
  maxParts: 2000,
  channelCheckMs: 1000,
});
const owner = 'Observatory';
/** So much of the name of a service is shown. */
const LONGEST_SERVICE = 200;
const known = ['service', 'maxThings', 'maxParts', 'channelCheckMs', 'clock'];
/** Parts of one thing, unless `watch` says otherwise. */
const MOST_PARTS = 200;

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
  readonly #maxParts: number;
  readonly #channelCheckMs: number;
  readonly #things = new Map<string, Thing>();
  /** How often each is watched, so that a part of two things is counted once. */
  readonly #targets = new Map<object, number>();
  #parts = 0;
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
    this.#maxParts = checkNumber(owner, 'maxParts', options.maxParts ?? defaults.maxParts, {
      min: 0,
      max: 1_000_000,
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
   * Begins to watch a thing, and its parts; the function returned ends it. The same thing may be watched
   * under two names; a part that is watched already is not watched again.
   *
   * @throws TypeError when nothing says what kind of thing it is, or an event is none of it; RangeError when
   * there are `maxThings` already, or `maxParts` is no number.
   */
  watch(thing: Watchable, options: WatchOptions = {}): () => void {
    if (this.#disposed) throw new TypeError(`${owner}: is disposed of and watches nothing any more`);
    const named = nameThing(owner, thing, options);
    const { maxParts = MOST_PARTS } = options;
    checkNumber(owner, 'maxParts', maxParts, { min: 0, max: 1_000_000, integer: true });
    if (this.#things.size - this.#parts >= this.#maxThings) {
      throw new RangeError(`${owner}: \`maxThings\` is ${this.#maxThings}, and so many are watched already`);
    }
    const watched = this.#thingOf(thing, named, undefined);
    if (options.events !== undefined) for (const tap of watched.taps) tap.probe();
    this.#begin(watched);
    watched.branch = Branch.of(thing, (part, key) => this.#watchPart(watched, part, key), maxParts);
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

  #thingOf(target: Watchable, named: Naming, whole: Thing | undefined): Thing {
    const id = this.#freeId(`${named.kind}/${named.name}`);
    const thing = new Thing(id, this.service, named, target, whole?.id);
    for (const event of named.events) {
      const hear = (tap: Tap, payload: unknown): void => this.#hear(thing, tap, payload);
      thing.taps.push(new Tap(target, named.kind, event, hear));
    }
    return thing;
  }

  #begin(thing: Thing): void {
    const { target } = thing;
    this.#things.set(thing.id, thing);
    this.#targets.set(target, (this.#targets.get(target) ?? 0) + 1);
    this.#alignThing(thing);
  }

  #end(thing: Thing): void {
    const { target } = thing;
    for (const tap of thing.taps) tap.open(false);
    this.#things.delete(thing.id);
    const others = this.#targets.get(target)! - 1;
    if (others > 0) this.#targets.set(target, others);
    else this.#targets.delete(target);
  }

  #watchPart(whole: Thing, target: Watchable, key: string | undefined): (() => void) | undefined {
    if (this.#disposed || this.#parts >= this.#maxParts || this.#targets.has(target)) return undefined;
    const named = namePart(whole.name, target, key);
    if (named === undefined) return undefined;
    const part = this.#thingOf(target, named, whole);
    this.#parts++;
    this.#begin(part);
    this.#partChanged(whole);
    return () => {
      this.#parts--;
      this.#end(part);
      this.#partChanged(whole);
    };
  }

  /** While a whole begins or ends, that is told once. */
  #partChanged({ id, branch }: Thing): void {
    if (branch !== undefined && this.#things.has(id)) this.#emitter.emit('changed', undefined);
  }

  #unwatch(thing: Thing): void {
    if (this.#things.get(thing.id) !== thing) return;
    this.#end(thing);
    thing.branch?.end();
    for (const { branch } of [...this.#things.values()]) branch?.retry();
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
