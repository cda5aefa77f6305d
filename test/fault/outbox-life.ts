import { Outbox } from '../../src/data/outbox.js';
import type { OutboxBus } from '../../src/data/outbox-bus.js';
import { OutboxRelay } from '../../src/data/outbox-relay.js';
import type { OutboxStore } from '../../src/data/outbox-store.js';
import type { RelayDefaults } from '../../src/data/relay-options.js';
import type { Clock } from '../../src/kernel/clock.js';
import { topic } from '../../src/messaging/topic.js';

/** Before or after which step from the last start on the program crashes. */
export interface CrashPoint {
  readonly at: number;
  readonly after: boolean;
}

/** What is left of a program that crashes, and how time passes for it. */
export interface Ground<Transaction> {
  readonly store: OutboxStore<Transaction>;
  readonly clock: Clock;
  transaction(work: (transaction: Transaction) => Promise<unknown>): Promise<unknown>;
  /** Time passes, and all that can happen in it does. */
  pass(ms: number): Promise<void>;
}

const event = topic<{ key: string; n: number }>('events', { key: ({ key }) => key });

/** A program with a relay that dies at the points that are given, and is started again. */
export class OutboxLife<Transaction> {
  readonly published: string[] = [];
  /** The steps of all programs together. */
  steps = 0;
  readonly #ground: Ground<Transaction>;
  readonly #outbox: Outbox<Transaction>;
  readonly #crashes: CrashPoint[];
  readonly #rules: Partial<RelayDefaults>;
  #ofThis = 0;
  #life = 0;
  #relay: OutboxRelay | undefined;
  #dead = true;

  constructor(ground: Ground<Transaction>, crashes: readonly CrashPoint[], rules: Partial<RelayDefaults>) {
    this.#ground = ground;
    this.#outbox = new Outbox({ store: ground.store });
    this.#crashes = [...crashes];
    this.#rules = rules;
  }

  publish(...names: readonly string[]): Promise<unknown> {
    const events = names.map(name => {
      return { topic: event, data: { key: name.slice(0, 1), n: Number(name.slice(1)) } };
    });
    return this.#ground.transaction(transaction => this.#outbox.publishAll(transaction, events));
  }

  /** Lets time pass, and starts the program again whenever it has crashed. */
  async pass(ms: number, step = 250): Promise<void> {
    for (let gone = 0; gone < ms; gone += step) {
      if (this.#dead) await this.#start();
      await this.#ground.pass(step);
    }
  }

  async end(): Promise<void> {
    this.#crashes.length = 0;
    if (this.#dead) return;
    const gone = this.#relay?.close();
    await this.#ground.pass(10);
    await gone;
  }

  /** The steps that a program takes outside of itself; one that is dead takes none, and hears of none. */
  async #step<T>(life: number, work: () => Promise<T>): Promise<T> {
    const never = new Promise<never>(() => {});
    if (life !== this.#life || this.#dead) return never;
    this.steps++;
    this.#ofThis++;
    const [crash] = this.#crashes;
    if (crash === undefined || this.#ofThis < crash.at) return work();
    this.#crashes.shift();
    this.#dead = true;
    if (crash.after) await work();
    return never;
  }

  async #start(): Promise<void> {
    const life = ++this.#life;
    this.#dead = false;
    this.#ofThis = 0;
    const { store, clock } = this.#ground;
    const port = {
      add: () => Promise.reject(new Error('a relay writes no messages')),
      ...Object.fromEntries(
        (['beat', 'leave', 'read', 'confirm', 'mark', 'trust', 'trouble'] as const).map(name => [
          name,
          (...given: never[]) => {
            const method = store[name] as (...given: never[]) => Promise<unknown>;
            return this.#step(life, () => method.apply(store, given));
          },
        ]),
      ),
      onWake: (listener: () => void) => store.onWake?.(() => life === this.#life && listener()) ?? (() => {}),
    } as unknown as OutboxStore<never>;
    const bus: OutboxBus = {
      publish: (_, data) =>
        this.#step(life, async () => {
          const { key, n } = data as { key: string; n: number };
          this.published.push(`${key}${n}`);
        }),
    };
    this.#relay = new OutboxRelay({ store: port, bus, clock, random: () => 0.5, ...this.#rules });
    void this.#relay.start();
  }

  /** What was lost, invented or out of order, for each key. */
  objections(wanted: readonly string[]): string[] {
    const found: string[] = [];
    for (const key of new Set([...wanted, ...this.published].map(name => name[0]!))) {
      const first = [...new Set(this.published)].filter(name => name.startsWith(key)).join();
      const of = wanted.filter(name => name.startsWith(key)).join();
      if (first !== of) found.push(`${key} was published as ${first}, wanted ${of}`);
    }
    return found;
  }
}
