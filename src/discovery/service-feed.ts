import type { Clock, Timer } from '../kernel/clock.js';
import type { Random } from '../kernel/random.js';
import { answerInTime } from './answer-in-time.js';
import type { FeedFollower, FeedStep } from './feed-step.js';
import { unavailable } from './registry-errors.js';
import type { RegistryStore, StorePosition, StoreView } from './registry-store.js';
import type { RegisteredInstance } from './service-instance.js';

const FIRST_RETRY_MS = 100;
const LONGEST_RETRY_MS = 5_000;
/** How much of a time between looks is left out by chance, so that many processes do not look at one time. */
const JITTER = 0.2;

/** What a feed has of its registry. */
export interface FeedParts {
  readonly registry: string;
  readonly store: RegistryStore;
  readonly clock: Clock;
  readonly random: Random;
  readonly answerMs: number;
}

/** Follows one service for all who watch it: looks at the store when there may be news, and tells what is. */
export class ServiceFeed {
  readonly service: string;
  readonly #parts: FeedParts;
  readonly #watches = new Set<FeedFollower>();
  readonly #there = new Map<string, RegisteredInstance>();
  #list: readonly RegisteredInstance[] | undefined;
  #position: StorePosition | undefined;
  #reading = false;
  #again = false;
  #closed = false;
  #failures = 0;
  #timer: Timer | undefined;
  #answeredAt: number;
  #error: { readonly error: unknown } | undefined;

  constructor(service: string, parts: FeedParts) {
    this.service = service;
    this.#parts = parts;
    this.#answeredAt = parts.clock.now();
  }

  get watches(): number {
    return this.#watches.size;
  }

  /** The revision that was read last; `undefined` before any. */
  get revision(): number | undefined {
    return this.#position?.revision;
  }

  /** For how long the store has not answered, in ms. */
  get staleMs(): number {
    return this.#error === undefined ? 0 : this.#parts.clock.now() - this.#answeredAt;
  }

  get error(): unknown {
    return this.#error?.error;
  }

  /** All that are there; one array for each revision, which nobody changes. */
  get instances(): readonly RegisteredInstance[] {
    this.#list ??= Object.freeze([...this.#there.values()]);
    return this.#list;
  }

  find(id: string): RegisteredInstance | undefined {
    return this.#there.get(id);
  }

  add(watch: FeedFollower): void {
    this.#watches.add(watch);
    if (this.#error !== undefined) watch.contact(true, this.#error.error);
    if (this.#position !== undefined) watch.begin();
    else this.poke();
  }

  remove(watch: FeedFollower): void {
    this.#watches.delete(watch);
  }

  /** Ends all watches, and with the last of them itself: what they know grows old from now on. */
  end(error: unknown): void {
    this.#lose(error);
    for (const watch of [...this.#watches]) watch.close();
  }

  close(): void {
    this.#closed = true;
    this.#timer?.cancel();
  }

  /** There may be news. */
  poke(): void {
    this.#again = true;
    if (!this.#reading && !this.#closed) void this.#read();
  }

  async #read(): Promise<void> {
    const { store, clock, registry, answerMs } = this.#parts;
    this.#reading = true;
    this.#timer?.cancel();
    try {
      while (this.#again && !this.#closed) {
        this.#again = false;
        const ask = () => store.read(this.service, this.#position);
        const view = await answerInTime(clock, answerMs, `${registry}: read`, ask);
        this.#failures = 0;
        this.#answeredAt = clock.now();
        if (!this.#closed) this.#take(view);
      }
    } catch (error) {
      this.#fail(unavailable(registry, 'read', error));
    }
    this.#reading = false;
    if (!this.#closed) this.#timer = clock.schedule(this.#waitMs(), () => this.poke());
  }

  /** Until the next look: after a failure soon, otherwise as often as the store wants it. */
  #waitMs(): number {
    const chance = this.#parts.random();
    if (this.#failures === 0) return this.#parts.store.pollMs * (1 - JITTER * chance);
    return Math.min(LONGEST_RETRY_MS, FIRST_RETRY_MS * 2 ** (this.#failures - 1)) * (0.5 + chance / 2);
  }

  #fail(error: unknown): void {
    this.#failures = Math.min(this.#failures + 1, 30);
    this.#lose(error);
  }

  #lose(error: unknown): void {
    const isNew = this.#error === undefined;
    this.#error = { error };
    if (isNew) for (const watch of [...this.#watches]) watch.contact(true, error);
  }

  #take(view: StoreView): void {
    const before = this.#position;
    const resync = before !== undefined && (view.epoch !== before.epoch || view.revision < before.revision);
    this.#position = { epoch: view.epoch, revision: view.revision };
    const step = this.#apply(view, resync);
    if (this.#error !== undefined) {
      this.#error = undefined;
      for (const watch of [...this.#watches]) watch.contact(false, undefined);
    }
    const hasChanged = step.added.length + step.removed.length + step.changed.length > 0;
    // Who watches hears of a new beginning, too, where all of it is as it was: the numbers begin anew.
    if (before !== undefined && !hasChanged && !resync) return;
    for (const watch of [...this.#watches]) {
      if (before === undefined) watch.begin();
      else watch.follow(step);
    }
  }

  #apply(view: StoreView, resync: boolean): FeedStep {
    const step = { resync, added: [], removed: [], changed: [], before: new Map() };
    if (view.kind === 'same') return step;
    const put = view.kind === 'all' ? view.instances : view.put;
    const removed = view.kind === 'all' ? this.#missing(put) : view.removed;
    for (const id of removed) this.#drop(step, id);
    for (const instance of put) this.#put(step, instance);
    if (step.before.size > 0) this.#list = undefined;
    return step;
  }

  #missing(put: readonly RegisteredInstance[]): string[] {
    const ids = new Set(put.map(({ id }) => id));
    return [...this.#there.keys()].filter(id => !ids.has(id));
  }

  #drop(step: MutableStep, id: string): void {
    const instance = this.#there.get(id);
    if (instance === undefined) return;
    this.#there.delete(id);
    step.removed.push(instance);
    step.before.set(id, instance);
  }

  #put(step: MutableStep, instance: RegisteredInstance): void {
    const known = this.#there.get(instance.id);
    const isSame = known?.incarnation === instance.incarnation && known.preserved === instance.preserved;
    if (isSame) return;
    this.#there.set(instance.id, instance);
    step[known === undefined ? 'added' : 'changed'].push(instance);
    step.before.set(instance.id, known);
  }
}

interface MutableStep extends FeedStep {
  readonly added: RegisteredInstance[];
  readonly removed: RegisteredInstance[];
  readonly changed: RegisteredInstance[];
  readonly before: Map<string, RegisteredInstance | undefined>;
}
