import { type Clock, systemClock, type Timer } from '../../kernel/clock.js';
import { checkKeys, checkNumber, refuse } from '../../kernel/options.js';
import { newId } from '../../kernel/random.js';
import type { Observatory } from '../observatory.js';
import { EventLog } from './event-log.js';
import { type LocalFacts, localFacts } from './local-things.js';
import type { DashboardFrame, FrameThing } from './remote-services.js';

/** How a feed is made. */
export interface DashboardFeedOptions {
  /** What is told of. */
  readonly observatory: Observatory;
  /** Hands a frame over: to a topic of your bus, say. What it rejects with is counted. */
  readonly publish: (frame: DashboardFrame) => unknown;
  /** Which process of the service this is. @default a new UUID */
  readonly instance?: string;
  /** How long to wait between two frames, in ms. @default 2000 */
  readonly intervalMs?: number;
  /** The largest frame, in characters of JSON: what does not fit goes with the next ones. @default 200_000 */
  readonly maxFrameLength?: number;
  /** The source of time. @default systemClock */
  readonly clock?: Clock;
}

const owner = 'DashboardFeed';
const known = ['observatory', 'publish', 'instance', 'intervalMs', 'maxFrameLength', 'clock'];
const defaults: { readonly intervalMs: 2000; readonly maxFrameLength: 200_000 } =
  /* @__PURE__ */ Object.freeze({ intervalMs: 2000, maxFrameLength: 200_000 });

/** Within so many frames each thing is told of, whether it has changed or not: a dashboard may be new. */
const ROUND = 15;
const KEPT_EVENTS = 1;

/** Slices of a meter that go with a frame. */
const MOST_SLICES = 30;

interface Told {
  readonly facts: LocalFacts;
  readonly json: string;
  /** How it was when it was told last. */
  told: string | undefined;
  toldAt: number;
}

/**
 * Tells a dashboard in another process of the things in this one, through whatever carries a frame there.
 * Frames may be lost, doubled and overtake each other: what stands now is told again in time.
 *
 * @example
 * ```ts
 * import { DashboardFeed } from 'keelson/dashboard';
 * import { Observatory } from 'keelson/observe';
 * import { InMemoryBus, topic } from 'keelson/messaging';
 *
 * const bus = new InMemoryBus();
 * const frames = topic('dashboard.frames');
 * const observatory = new Observatory({ service: 'orders' });
 * const feed = new DashboardFeed({ observatory, publish: frame => bus.publish(frames, frame) });
 * feed.snapshot().failed; // => 0
 * feed.close();
 * await bus.close();
 * ```
 */
export class DashboardFeed {
  readonly #observatory: Observatory;
  readonly #publish: (frame: DashboardFrame) => unknown;
  readonly #instance: string;
  readonly #intervalMs: number;
  readonly #maxFrameLength: number;
  readonly #clock: Clock;
  readonly #startedAt: number;
  readonly #log = new EventLog(KEPT_EVENTS);
  readonly #off: () => void;
  #told = new Map<string, Told>();
  #timer: Timer | undefined;
  #seq = 0;
  #published = 0;
  #failed = 0;
  #busy = false;

  /** @throws TypeError or RangeError that names the option, the rule and the value. */
  constructor(options: DashboardFeedOptions) {
    checkKeys(owner, options, known);
    const { observatory, publish, clock = systemClock } = options;
    if (typeof observatory?.onEvent !== 'function')
      refuse(owner, 'observatory', 'an Observatory', observatory);
    if (typeof publish !== 'function') refuse(owner, 'publish', 'a function', publish);
    const { instance = newId(), intervalMs, maxFrameLength } = { ...defaults, ...options };
    if (typeof instance !== 'string' || instance === '') refuse(owner, 'instance', 'a name', instance);
    this.#observatory = observatory;
    this.#publish = publish;
    this.#instance = instance;
    this.#intervalMs = checkNumber(owner, 'intervalMs', intervalMs, { min: 100, max: 60_000 });
    this.#maxFrameLength = checkNumber(owner, 'maxFrameLength', maxFrameLength, {
      min: 10_000,
      integer: true,
    });
    this.#clock = clock;
    this.#startedAt = clock.wall();
    this.#off = observatory.onEvent(({ seq: _, ...event }) => this.#log.add({ ...event, instance }));
    this.#later();
  }

  /** What stands where an option was left out. */
  static get defaults(): typeof defaults {
    return defaults;
  }

  /** How it stands: the frames that were handed over, and those that could not be. */
  snapshot(): { readonly published: number; readonly failed: number } {
    return { published: this.#published, failed: this.#failed };
  }

  /** Tells nothing more. */
  close(): void {
    this.#off();
    this.#timer?.cancel();
    this.#timer = undefined;
  }

  /** As `close()`. */
  [Symbol.dispose](): void {
    this.close();
  }

  #later(): void {
    this.#timer = this.#clock.schedule(this.#intervalMs, () => {
      this.#later();
      // A bus that is slow gets fewer frames, not a line of them.
      if (!this.#busy) void this.#send();
    });
  }

  async #send(): Promise<void> {
    this.#busy = true;
    try {
      await this.#publish(this.#frame());
      this.#published++;
    } catch {
      this.#failed++;
      // Nobody knows what arrived.
      for (const told of this.#told.values()) told.told = undefined;
    } finally {
      this.#busy = false;
    }
  }

  #frame(): DashboardFrame {
    const seq = ++this.#seq;
    const all = localFacts(this.#observatory);
    const now = new Map<string, Told>();
    for (const facts of all) {
      const { description, snapshot, detail, series } = facts;
      const before = this.#told.get(facts.id);
      const json = JSON.stringify([description, snapshot, detail, series?.at(-1)]);
      now.set(facts.id, { facts, json, told: before?.told, toldAt: before?.toldAt ?? -ROUND });
    }
    this.#told = now;
    const { events } = this.#log.take();
    const frame = {
      ...{ version: 1 as const, service: this.#observatory.service, instance: this.#instance },
      ...{ startedAt: this.#startedAt, seq },
      ...{ intervalMs: this.#intervalMs, ids: all.map(({ id }) => id) },
    };
    let left = this.#maxFrameLength - JSON.stringify(frame).length;
    const fits = (value: unknown): boolean => {
      const length = JSON.stringify(value).length + 1;
      if (length > left) return false;
      left -= length;
      return true;
    };
    const half = left / 2;
    const things = this.#due(seq)
      .map(thing => (JSON.stringify(thing).length > half ? cut(thing) : thing))
      .filter(fits);
    for (const { id } of things) Object.assign(now.get(id)!, { told: now.get(id)!.json, toldAt: seq });
    const told = events.map(({ service: _, instance: __, ...event }) => event).filter(fits);
    return { ...frame, things, events: told };
  }

  /** Those that have changed or were not told of for a while, the longest ago first. */
  #due(seq: number): readonly FrameThing[] {
    return [...this.#told.values()]
      .filter(({ json, told, toldAt }) => json !== told || seq - toldAt >= ROUND)
      .sort((a, b) => a.toldAt - b.toldAt)
      .map(({ facts: { service: _, instance: __, series, ...thing } }) =>
        series === undefined ? thing : { ...thing, series: series.slice(-MOST_SLICES) },
      );
  }
}

/** A thing that would fill the frame by itself, and so never leave room for others. */
function cut({ id, kind, name, whole = '' }: FrameThing): FrameThing {
  const error = { name: 'RangeError', message: 'it is too large for a frame' };
  return { id, kind, name, whole, description: null, snapshot: { error }, detail: null };
}
