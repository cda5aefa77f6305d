import { type Clock, systemClock } from '../kernel/clock.js';
import { checkNumber } from '../kernel/options.js';
import { type Answer, askedKinds, unansweredHead } from './asked-kinds.js';
import type { MetricFamily, MetricHead } from './metric-family.js';
import type { Observatory } from './observatory.js';
import type { WatchedThing } from './watching.js';

/** How stores and brokers are asked for what only they know. */
export interface AskOptions {
  /**
   * Stores and brokers are asked no sooner than so long after the last time, in ms: for the sagas of an
   * orchestrator, for the dead letters of a bus. `Infinity` to ask none.
   * @default 5_000
   */
  readonly askEveryMs?: number;
  /** A look waits no longer than this for their answers, in ms, and then goes without. @default 1_000 */
  readonly askTimeoutMs?: number;
  /** The source of time for both. @default systemClock */
  readonly clock?: Clock;
}

/** What stands where an option was left out. */
export const askDefaults: { readonly askEveryMs: 5_000; readonly askTimeoutMs: 1_000 } =
  /* @__PURE__ */ Object.freeze({ askEveryMs: 5_000, askTimeoutMs: 1_000 });

export const askKeys: readonly string[] = ['askEveryMs', 'askTimeoutMs', 'clock'];

/** What is known of a thing that was asked. */
interface Asked {
  answer: Answer | undefined;
  /** Whether it did not answer when it was asked last. */
  failed: boolean;
  /** Asked and not answered yet: it is not asked again until it does. */
  isPending: boolean;
}

/** The numbers that stores and brokers were asked for, as they said last. */
export class AskedCounts {
  readonly #observatory: Observatory;
  readonly #everyMs: number;
  readonly #timeoutMs: number;
  readonly #clock: Clock;
  readonly #asked = new Map<WatchedThing, Asked>();
  #askedAt = -Infinity;
  #asking: Promise<void> | undefined;

  /** @throws TypeError or RangeError that names the option, the rule and the value. */
  constructor(owner: string, observatory: Observatory, options: AskOptions) {
    const { askEveryMs = askDefaults.askEveryMs, askTimeoutMs = askDefaults.askTimeoutMs } = options;
    this.#observatory = observatory;
    this.#everyMs = checkNumber(owner, 'askEveryMs', askEveryMs, { min: 100, infinity: true });
    this.#timeoutMs = checkNumber(owner, 'askTimeoutMs', askTimeoutMs, { min: 1, max: 60_000 });
    this.#clock = options.clock ?? systemClock;
  }

  /**
   * Asks all that are to be asked, unless that was done of late. What it answers resolves when all have said
   * what they know, or have had their time; `undefined` where there is nothing to wait for.
   */
  refresh(): Promise<void> | undefined {
    const things = this.#everyMs === Infinity ? [] : this.#observatory.things().filter(isAsked);
    for (const thing of this.#asked.keys()) if (!things.includes(thing)) this.#asked.delete(thing);
    const now = this.#clock.now();
    if (things.length === 0 || now - this.#askedAt < this.#everyMs) return this.#asking;
    this.#askedAt = now;
    const asks = things.map(thing => this.#ask(thing));
    const asking = this.#patiently(Promise.all(asks)).finally(() => {
      if (this.#asking === asking) this.#asking = undefined;
    });
    this.#asking = asking;
    return asking;
  }

  /** What was answered last; of those that did not answer, that they did not. */
  addTo(family: (head: MetricHead) => MetricFamily): void {
    for (const [{ id, kind }, { answer, failed }] of this.#asked) {
      const name = id.slice(kind.length + 1);
      if (answer !== undefined || failed) family(unansweredHead).add({ kind, name }, failed ? 1 : 0);
      for (const [labels, value] of answer ?? []) {
        family(askedKinds[kind]!.head).add({ name, ...labels }, value);
      }
    }
  }

  async #ask(thing: WatchedThing): Promise<void> {
    const asked = this.#asked.get(thing) ?? { answer: undefined, failed: false, isPending: false };
    // One that has not answered yet is asked once.
    if (asked.isPending) return;
    asked.isPending = true;
    this.#asked.set(thing, asked);
    try {
      asked.answer = await askedKinds[thing.kind]!.ask(thing.target);
      asked.failed = false;
    } catch {
      asked.answer = undefined;
      asked.failed = true;
    } finally {
      asked.isPending = false;
    }
  }

  /** Until all is said, or the time is over: what is not said by then is not known. */
  #patiently(all: Promise<unknown>): Promise<void> {
    return new Promise(resolve => {
      const timer = this.#clock.schedule(this.#timeoutMs, () => {
        for (const asked of this.#asked.values()) {
          if (!asked.isPending) continue;
          asked.answer = undefined;
          asked.failed = true;
        }
        resolve();
      });
      void all.then(() => {
        timer.cancel();
        resolve();
      });
    });
  }
}

const isAsked = ({ kind }: WatchedThing): boolean => Object.hasOwn(askedKinds, kind);
