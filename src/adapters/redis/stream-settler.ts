import type { Clock } from '../../kernel/clock.js';
import type { InRecord, RawDelivery, Settled } from '../../messaging/driver.js';
import { headersText } from './stream-record.js';
import type { StreamScripts } from './stream-scripts.js';

/** What a settlement can be; `release` is a `nack` of a delivery that does not count. */
type Verb = 'ack' | 'nack' | 'release' | 'extend' | 'dead';

interface Order {
  /** The verb, the place, the delivery, and what belongs to the verb. */
  readonly text: string;
  readonly resolve: (answer: Settled) => void;
  readonly reject: (error: unknown) => void;
}

/** So many settlements go to the server in one step at most. */
const LARGEST_BATCH = 500;

/**
 * Settles deliveries in batches: what comes while a batch is under way goes with the next one, so that there
 * is no wait when there is little, and little to send when there is much.
 */
export class StreamSettler {
  readonly #scripts: StreamScripts;
  /** The stream, the group, its order and the consumer. */
  readonly #member: readonly string[];
  readonly #clock: Clock;
  #orders: Order[] = [];
  #busy = false;
  #idle: (() => void) | undefined;

  constructor(scripts: StreamScripts, member: readonly string[], clock: Clock) {
    this.#scripts = scripts;
    this.#member = member;
    this.#clock = clock;
  }

  /** The monotonic clock. */
  now(): number {
    return this.#clock.now();
  }

  settle(verb: Verb, position: string, attempt: number, rest: string | number): Promise<Settled> {
    return new Promise((resolve, reject) => {
      this.#orders.push({ text: `${verb} ${position} ${attempt} ${rest}`, resolve, reject });
      if (this.#busy) return;
      this.#busy = true;
      // What else is settled in this turn of microtasks goes along.
      queueMicrotask(() => void this.#flush());
    });
  }

  /** Resolves when all that was settled has its answer. */
  async finish(): Promise<void> {
    if (!this.#busy) return;
    await new Promise<void>(resolve => {
      this.#idle = resolve;
    });
  }

  async #flush(): Promise<void> {
    while (this.#orders.length > 0) {
      const batch = this.#orders.splice(0, LARGEST_BATCH);
      try {
        const args = [...this.#member, ...batch.map(order => order.text)];
        const answers = (await this.#scripts.run('settle', args)) as readonly number[];
        for (const [place, order] of batch.entries()) answer(order, answers[place]);
      } catch (error) {
        for (const { reject } of batch) reject(error);
      }
    }
    this.#busy = false;
    this.#idle?.();
  }
}

function answer({ resolve, reject }: Order, code: number | undefined): void {
  if (code === 1) resolve('done');
  else if (code === 0) resolve('stale');
  else reject(new Error('redis: there are as many dead letters as `maxDeadLetters` allows'));
}

/** One delivery of an entry to one consumer. */
export class StreamDelivery implements RawDelivery {
  readonly record: InRecord;
  readonly position: string;
  readonly attempt: number;
  readonly #settler: StreamSettler;
  #until: number;

  /** `until` by the monotonic clock, and not later than the lease of the server ends. */
  constructor(settler: StreamSettler, record: InRecord, position: string, attempt: number, until: number) {
    this.#settler = settler;
    this.record = record;
    this.position = position;
    this.attempt = attempt;
    this.#until = until;
  }

  get leasedUntil(): number {
    return this.#until;
  }

  ack(): Promise<Settled> {
    return this.#settle('ack', '');
  }

  nack(delayMs: number): Promise<Settled> {
    return this.#settle('nack', Math.ceil(delayMs));
  }

  /** It was not looked at: it comes again as if it had not been handed out. */
  release(): Promise<Settled> {
    return this.#settle('release', '');
  }

  async extend(ms: number): Promise<Settled> {
    const from = this.#settler.now();
    const answer = await this.#settle('extend', Math.ceil(ms));
    if (answer === 'done') this.#until = from + ms;
    return answer;
  }

  deadLetter(headers: Readonly<Record<string, string>>): Promise<Settled> {
    return this.#settle('dead', headersText({ ...this.record.headers, ...headers }));
  }

  #settle(verb: Verb, rest: string | number): Promise<Settled> {
    return this.#settler.settle(verb, this.position, this.attempt, rest);
  }
}
