import { RequestLine } from './request-line.js';
import {
  checkChange,
  checkServer,
  type ServerChange,
  type SimulatedServerOptions,
} from './server-options.js';

/** How a request ended: with an answer, a failure, no place in the queue, or dropped because it was late. */
export type ServerFate = 'served' | 'failed' | 'refused' | 'dropped';

/** What a server tells of a request that it did not serve. */
export class SimulatedServerError extends Error {
  override readonly name = 'SimulatedServerError';
  /** What happened. */
  readonly fate: Exclude<ServerFate, 'served'>;
  /** The same for reports: `SERVER_FAILED`, `SERVER_REFUSED` or `SERVER_DROPPED`. */
  readonly code: string;
  /** The name of the server. */
  readonly server: string;

  constructor(server: string, fate: Exclude<ServerFate, 'served'>) {
    super(`${server}: ${fate}`);
    this.server = server;
    this.fate = fate;
    this.code = `SERVER_${fate.toUpperCase()}`;
  }
}

/** Who asks: the context of an operation fits. */
export interface SimulatedRequest {
  /** The time of the clock after which nobody waits. */
  readonly deadline?: number;
  /** Aborted when nobody waits any more. */
  readonly signal?: AbortSignal;
}

/** What a server has done so far. */
export interface ServerReport {
  /** That of the server. */
  readonly name: string;
  /** Requests that reached it. */
  readonly requests: number;
  /** Requests that ended with an answer. */
  readonly served: number;
  /** Requests that ended with a failure. */
  readonly failed: number;
  /** Requests that found no place in the queue, or had to give theirs up. */
  readonly refused: number;
  /** Requests dropped in the queue, because nobody waited any more. */
  readonly dropped: number;
  /** Requests worked on to the end although nobody waited any more. */
  readonly wasted: number;
  /** The most that waited at a time. */
  readonly mostQueued: number;
  /** The time that all workers together have worked on requests that are done, in ms. */
  readonly workedMs: number;
}

interface Waiting {
  readonly done: (fate: ServerFate) => void;
  readonly isGone: () => boolean;
}

const stays = (): boolean => false;

/**
 * So many workers and one queue: what a remote looks like from outside. It works on what it has accepted,
 * whether or not somebody still waits for the answer, unless it `dropsLate`.
 *
 * @example
 * ```ts
 * import { constant, seededRandom, SimulatedServer, VirtualClock } from 'keelson/testing';
 *
 * const clock = new VirtualClock();
 * const random = seededRandom(1);
 * const server = new SimulatedServer({ workers: 1, serviceMs: constant(10), clock, random });
 * const both = Promise.all([server.request(), server.request()]);
 * await clock.runUntil(both);
 * clock.now(); // => 20
 * ```
 */
export class SimulatedServer {
  /** Shown in errors and reports. */
  readonly name: string;
  readonly #options: Required<SimulatedServerOptions>;
  readonly #line = new RequestLine<Waiting>();
  #workers: number;
  #slowness = 1;
  #failRatio = 0;
  #busy = 0;
  readonly #counts = { requests: 0, served: 0, failed: 0, refused: 0, dropped: 0, wasted: 0, mostQueued: 0 };
  #workedMs = 0;

  /** @throws TypeError or RangeError that names the option, the rule and the value. */
  constructor(options: SimulatedServerOptions) {
    this.#options = checkServer(options);
    this.name = this.#options.name;
    this.#workers = this.#options.workers;
  }

  /** Requests that wait for a worker. */
  get queued(): number {
    return this.#line.size;
  }

  /** Requests that are worked on. */
  get busy(): number {
    return this.#busy;
  }

  /**
   * Asks it: fulfilled with the name of the server when the work is done. Rejects at once with the reason of
   * the signal when that aborts, as `fetch` does; the server hears nothing of that.
   *
   * @throws SimulatedServerError when it failed, refused or dropped the request.
   */
  request(request: SimulatedRequest = {}): Promise<string> {
    return new Promise((resolve, reject) => {
      const { signal, deadline = Infinity } = request;
      const leave = (): void => reject(signal!.reason);
      if (signal?.aborted) {
        leave();
        return;
      }
      signal?.addEventListener('abort', leave, { once: true });
      const done = (fate: ServerFate): void => {
        signal?.removeEventListener('abort', leave);
        if (fate === 'served') resolve(this.name);
        else if (!signal?.aborted) reject(new SimulatedServerError(this.name, fate));
      };
      this.accept(done, () => signal?.aborted === true || deadline <= this.#options.clock.now());
    });
  }

  /** The same without a promise. `isGone` tells whether somebody still waits. */
  accept(done: (fate: ServerFate) => void, isGone: () => boolean = stays): void {
    const { queue, order } = this.#options;
    this.#counts.requests++;
    if (this.#busy < this.#workers) {
      this.#work({ done, isGone });
      return;
    }
    if (this.#line.size >= queue) {
      const oldest = order === 'lifo' ? this.#line.takeOldest() : undefined;
      this.#counts.refused++;
      (oldest?.done ?? done)('refused');
      if (oldest === undefined) return;
    }
    this.#line.push({ done, isGone });
    this.#counts.mostQueued = Math.max(this.#counts.mostQueued, this.#line.size);
  }

  /**
   * Something happens to it, from now on.
   *
   * @throws TypeError or RangeError that names the option, the rule and the value; then nothing has changed.
   */
  change(change: ServerChange): void {
    const { workers = this.#workers, slowness = this.#slowness, failRatio } = checkChange(change);
    this.#workers = workers;
    this.#slowness = slowness;
    this.#failRatio = failRatio ?? this.#failRatio;
    this.#next();
  }

  /** What it has done so far. */
  report(): ServerReport {
    return { name: this.name, ...this.#counts, workedMs: this.#workedMs };
  }

  #work({ done, isGone }: Waiting): void {
    const { clock, random, serviceMs } = this.#options;
    const tookMs = serviceMs(random) * this.#slowness;
    const fails = this.#failRatio > 0 && random() < this.#failRatio;
    this.#busy++;
    clock.schedule(tookMs, () => {
      this.#busy--;
      this.#workedMs += tookMs;
      if (isGone()) this.#counts.wasted++;
      const fate = fails ? 'failed' : 'served';
      this.#counts[fate]++;
      this.#next();
      done(fate);
    });
  }

  #next(): void {
    const { order, dropsLate } = this.#options;
    while (this.#busy < this.#workers) {
      const next = order === 'lifo' ? this.#line.takeNewest() : this.#line.takeOldest();
      if (next === undefined) return;
      if (!dropsLate || !next.isGone()) {
        this.#work(next);
        continue;
      }
      this.#counts.dropped++;
      next.done('dropped');
    }
  }
}
