import type { ServerResponse } from 'node:http';
import type { MemoryRegistryStore } from '../../discovery/memory-registry-store.js';
import type { Clock } from '../../kernel/clock.js';
import { newId } from '../../kernel/random.js';

/** So many changes are known one by one. */
const MOST_CHANGES = 1_000;
/** So long a question waits for news, in ms. */
const WAIT_MS = 25_000;

type Say = (status: number, body: unknown) => void;

/** Holds questions for news until there are some: a long poll. */
export class RegistryNews {
  readonly #epoch = newId();
  readonly #clock: Clock;
  readonly #maxWaits: number;
  readonly #waiting = new Set<() => void>();
  readonly #unfollow: () => void;
  /** The services that have changed, the latest last; the last of them is number `#at`. */
  readonly #changed: string[] = [];
  #at = 0;

  constructor(store: MemoryRegistryStore, clock: Clock, maxWaits: number) {
    this.#clock = clock;
    this.#maxWaits = maxWaits;
    this.#unfollow = store.follow(service => {
      this.#at++;
      this.#changed.push(service!);
      if (this.#changed.length > MOST_CHANGES) this.#changed.shift();
      for (const tell of [...this.#waiting]) tell();
    });
  }

  /** How many wait. */
  get waits(): number {
    return this.#waiting.size;
  }

  wait(body: Readonly<Record<string, unknown>>, response: ServerResponse, say: Say): void {
    const { epoch, at } = body;
    const isKnown = epoch === this.#epoch && typeof at === 'number' && at <= this.#at;
    if (!isKnown || at < this.#at) this.#tell(isKnown ? at : -1, say);
    else if (this.#waiting.size >= this.#maxWaits) say(503, { error: 'too many wait for changes' });
    else this.#hold(at, response, say);
  }

  close(): void {
    this.#unfollow();
    for (const tell of [...this.#waiting]) tell();
  }

  /** Until there is news, its time is over, or nobody waits any more. */
  #hold(at: number, response: ServerResponse, say: Say): void {
    const end = (): void => {
      timer.cancel();
      this.#waiting.delete(end);
      response.off('close', end);
      this.#tell(at, say);
    };
    const timer = this.#clock.schedule(WAIT_MS, end);
    this.#waiting.add(end);
    response.on('close', end);
  }

  /** What has changed after `from`; null where any may have. */
  #tell(from: number, say: Say): void {
    const missed = this.#at - from;
    const isKnown = from >= 0 && missed <= this.#changed.length;
    const services = isKnown ? [...new Set(this.#changed.slice(this.#changed.length - missed))] : null;
    say(200, { epoch: this.#epoch, at: this.#at, services });
  }
}
