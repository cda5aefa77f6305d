import { Fifo } from '../core/fifo.js';
import type { FeedFollower, FeedStep } from './feed-step.js';
import type { ServiceFeed } from './service-feed.js';
import type { RegisteredInstance } from './service-instance.js';
import type { ServiceChange, ServiceWatch, WatchOptions } from './service-registry.js';

type Reader = (result: IteratorResult<ServiceChange, undefined>) => void;

/** So many reads may wait for a change. */
const MOST_READERS = 1_000;

/**
 * Hands the changes of a service to one who watches it. While that one is busy they are put together, so that
 * it costs no more than what has changed in between, and nobody else waits for it.
 */
export class HeldWatch implements ServiceWatch, FeedFollower {
  readonly #feed: ServiceFeed;
  readonly #options: WatchOptions;
  readonly #onEnd: (watch: HeldWatch) => void;
  readonly #readers = new Fifo<Reader>();
  /** What has not been told: those touched since, as they were then. */
  #pending: Map<string, RegisteredInstance | undefined> | undefined;
  #pendingResync = false;
  #told: number | undefined;
  #begun = false;
  #busy = false;
  #closed = false;

  constructor(feed: ServiceFeed, options: WatchOptions, onEnd: (watch: HeldWatch) => void) {
    this.#feed = feed;
    this.#options = options;
    this.#onEnd = onEnd;
  }

  get service(): string {
    return this.#feed.service;
  }

  get staleMs(): number {
    return this.#feed.staleMs;
  }

  get error(): unknown {
    return this.#feed.error;
  }

  /** All that is there is new to whoever begins. */
  begin(): void {
    if (this.#begun) return;
    this.#begun = true;
    this.#pending = new Map(this.#feed.instances.map(({ id }) => [id, undefined]));
    this.#hand();
  }

  /** Something has changed. */
  follow(step: FeedStep): void {
    if (!this.#begun) this.begin();
    else if (this.#pending === undefined && this.#isReady()) this.#give(step);
    else this.#keep(step);
  }

  contact(lost: boolean, error: unknown): void {
    guard(() => this.#options.onContact?.({ lost, error }));
  }

  next(): Promise<IteratorResult<ServiceChange, undefined>> {
    if (this.#closed) return Promise.resolve({ done: true, value: undefined });
    if (this.#options.onChange !== undefined) {
      return Promise.reject(new TypeError('watch: it has a listener, so there is nothing to read'));
    }
    if (this.#readers.size >= MOST_READERS) {
      return Promise.reject(new RangeError(`watch: ${MOST_READERS} reads wait for a change already`));
    }
    return new Promise(resolve => {
      this.#readers.push(resolve);
      this.#hand();
    });
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#pending = undefined;
    for (let reader = this.#readers.shift(); reader !== undefined; reader = this.#readers.shift()) {
      reader({ done: true, value: undefined });
    }
    this.#onEnd(this);
  }

  async return(): Promise<IteratorResult<ServiceChange, undefined>> {
    this.close();
    return { done: true, value: undefined };
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  [Symbol.dispose](): void {
    this.close();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.close();
  }

  #isReady(): boolean {
    return this.#options.onChange === undefined ? this.#readers.size > 0 : !this.#busy;
  }

  #keep({ before, resync }: FeedStep): void {
    this.#pending ??= new Map();
    this.#pendingResync ||= resync;
    for (const [id, instance] of before) {
      const was = this.#pending.get(id);
      if (!this.#pending.has(id)) this.#pending.set(id, instance);
      // It came and went unseen: as many are remembered as there are and were, however many come and go.
      else if (was === undefined && this.#feed.find(id) === undefined) this.#pending.delete(id);
    }
  }

  /** Tells what is pending to whoever is ready for it. */
  #hand(): void {
    const pending = this.#pending;
    if (pending === undefined || !this.#isReady()) return;
    const step = { resync: this.#pendingResync, added: [], removed: [], changed: [] } as {
      readonly resync: boolean;
    } & Record<'added' | 'removed' | 'changed', RegisteredInstance[]>;
    for (const [id, was] of pending) {
      const now = this.#feed.find(id);
      if (was === undefined) step.added.push(now!);
      else if (now === undefined) step.removed.push(was);
      else if (was !== now) step.changed.push(now);
    }
    this.#pending = undefined;
    this.#pendingResync = false;
    // What came and went unseen is no news.
    const isNews = step.added.length + step.removed.length + step.changed.length > 0;
    if (isNews || step.resync || this.#told === undefined) this.#give(step);
  }

  #give({ resync, added, removed, changed }: Omit<FeedStep, 'before'>): void {
    const { service, instances, revision } = this.#feed;
    const previous = this.#told;
    this.#told = revision!;
    this.#tell({ service, revision: revision!, previous, resync, added, removed, changed, instances });
  }

  #tell(change: ServiceChange): void {
    const { onChange } = this.#options;
    if (onChange === undefined) {
      this.#readers.shift()!({ done: false, value: change });
      return;
    }
    guard(() => {
      const pending = onChange(change);
      if (typeof pending?.then !== 'function') return;
      this.#busy = true;
      const done = (): void => {
        this.#busy = false;
        this.#hand();
      };
      pending.then(done, (error: unknown) => {
        report(error);
        done();
      });
    });
  }
}

function report(error: unknown): void {
  console.error('keelson: a listener of a watch failed', error);
}

/** What a listener throws must not reach the others. */
function guard(call: () => void): void {
  try {
    call();
  } catch (error) {
    report(error);
  }
}
