import type { Clock } from '../../../src/kernel/clock.js';
import type { Draw } from './service-time.js';

/** What a server is told of a request when it is done: never that it was given up, for it does not know. */
type Done = () => void;

/**
 * So many workers and one queue in order of arrival, without a bound: what most remotes look like from
 * outside. It works on whatever it has accepted, whether or not somebody still waits for the answer.
 */
export class Server {
  readonly #clock: Clock;
  readonly #serviceMs: Draw;
  #workers: number;
  /** How many times as long as drawn a service takes. */
  #slowness = 1;
  #busy = 0;
  /** The queue is read from `#head`; what lies before it is cut off now and then. */
  #queue: Done[] = [];
  #head = 0;
  #served = 0;

  constructor(clock: Clock, workers: number, serviceMs: Draw) {
    this.#clock = clock;
    this.#workers = workers;
    this.#serviceMs = serviceMs;
  }

  get workers(): number {
    return this.#workers;
  }

  /** Requests answered since it was made. */
  get served(): number {
    return this.#served;
  }

  /** Requests that wait for a worker. */
  get queued(): number {
    return this.#queue.length - this.#head;
  }

  accept(done: Done): void {
    if (this.#busy < this.#workers) this.#work(done);
    else this.#queue.push(done);
  }

  /** More or fewer workers from now on; those that are busy finish what they have. */
  resize(workers: number): void {
    this.#workers = workers;
    this.#next();
  }

  /** Each service that begins from now on takes `factor` times as long. */
  slowDown(factor: number): void {
    this.#slowness = factor;
  }

  #work(done: Done): void {
    this.#busy++;
    this.#clock.schedule(this.#serviceMs() * this.#slowness, () => {
      this.#busy--;
      this.#served++;
      this.#next();
      done();
    });
  }

  #next(): void {
    while (this.#busy < this.#workers && this.#head < this.#queue.length) {
      this.#work(this.#queue[this.#head++]!);
      if (this.#head < 1024 || this.#head * 2 < this.#queue.length) continue;
      this.#queue = this.#queue.slice(this.#head);
      this.#head = 0;
    }
  }
}
