import type { Clock } from '../kernel/clock.js';
import { systemClock } from '../kernel/clock.js';
import { newId } from '../kernel/random.js';
import type { BusOptions } from '../messaging/bus-options.js';
import type { Capabilities } from '../messaging/capabilities.js';
import type { Driver } from '../messaging/driver.js';
import { createBus } from '../messaging/driver-bus.js';
import type { MessageBus } from '../messaging/message-bus.js';
import { type Topic, topic } from '../messaging/topic.js';
import { settle } from './settle.js';
import { VirtualClock } from './virtual-clock.js';

/** A driver to be held to the laws of a bus, and what the laws may do to its broker. */
export interface BusSubject<C extends Capabilities = Capabilities> {
  /** What it can do, as its driver declares it. */
  readonly capabilities: C;
  /** A driver of its own for each process that a law plays, all to one broker. `clock` is the one below. */
  readonly driver: (clock: Clock) => Driver<C>;
  /** The time that drivers live by; on a `VirtualClock` no law takes real time. @default systemClock */
  readonly clock?: () => Clock;
  /**
   * The shortest lease that the broker takes, in ms: laws that wait for the end of one use it.
   * @default 1000
   */
  readonly leaseMs?: number;
  /** How late a broker may be with what is due, in ms. @default 1500 */
  readonly slackMs?: number;
  /** Deletes what laws have left at the broker; `prefix` begins the names of their topics. */
  readonly clean?: (prefix: string) => Promise<void>;
}

/** What a law publishes. */
export interface Sample {
  readonly n: number;
  readonly key?: string;
}

/** One law's own part of the broker: topics and groups that nobody else has, and a bus for each process. */
export class BusStage<C extends Capabilities = Capabilities> {
  readonly capabilities: C;
  readonly clock: Clock;
  readonly leaseMs: number;
  readonly slackMs: number;
  readonly #subject: BusSubject<C>;
  readonly #prefix = `law${newId().slice(0, 8)}`;
  readonly #buses: MessageBus<C>[] = [];
  #topics = 0;

  constructor(subject: BusSubject<C>) {
    this.#subject = subject;
    this.capabilities = subject.capabilities;
    this.clock = subject.clock?.() ?? systemClock;
    this.leaseMs = subject.leaseMs ?? 1_000;
    this.slackMs = subject.slackMs ?? 1_500;
  }

  /** The bus of another process. */
  bus(options: BusOptions = {}): MessageBus<C> {
    const bus = createBus(this.#subject.driver(this.clock), { clock: this.clock, ...options });
    this.#buses.push(bus);
    return bus;
  }

  /** A driver, for what a bus does not show. */
  driver(): Driver<C> {
    return this.#subject.driver(this.clock);
  }

  topic(name = 'made'): Topic<Sample, Sample> {
    this.#topics++;
    return topic<Sample>(`${this.#prefix}.t${this.#topics}.${name}`, { key: sample => sample.key });
  }

  /** Lets `ms` pass. */
  async pass(ms: number): Promise<void> {
    if (this.clock instanceof VirtualClock) await this.clock.advance(ms);
    else await this.sleep(ms);
  }

  /** Takes `ms` of the time that passes: for handlers, which do not move the clock. */
  sleep(ms: number): Promise<void> {
    return new Promise<void>(resolve => void this.clock.schedule(ms, resolve, true));
  }

  /** Waits until `holds`, for at most `withinMs` and the slack of the broker; false when it never did. */
  async until(holds: () => boolean, withinMs = 5_000): Promise<boolean> {
    const end = this.clock.now() + withinMs + this.slackMs;
    await settle();
    while (!holds()) {
      if (this.clock.now() >= end) return false;
      await this.pass(this.clock instanceof VirtualClock ? 50 : 5);
    }
    return true;
  }

  /** Closes what the law opened. */
  async clear(): Promise<void> {
    const closings = this.#buses.map(bus => bus.close());
    if (this.clock instanceof VirtualClock) await this.clock.advance(60_000);
    await Promise.allSettled(closings);
    await this.#subject.clean?.(this.#prefix);
  }
}

/** What is asked of a subscription in most laws. */
export type AnyOptions = Parameters<MessageBus['subscribe']>[1];

/** A law's subscription, and what it has seen. */
export interface Watched {
  readonly seen: number[];
  readonly ready: Promise<void>;
}

/** A consumer of `from` that notes what it gets. */
export function watch<C extends Capabilities>(
  bus: MessageBus<C>,
  from: Topic<never, Sample>,
  options: object,
  also: (n: number, attempt: number) => unknown = () => {},
): Watched & { readonly subscription: ReturnType<MessageBus['subscribe']> } {
  const seen: number[] = [];
  const subscription = (bus as unknown as MessageBus).subscribe(
    from,
    options as AnyOptions,
    async ({ data, attempt }) => {
      await also(data.n, attempt);
      seen.push(data.n);
    },
  );
  return { seen, ready: subscription.ready, subscription };
}

/** The numbers from 1 to `count`. */
export const upTo = (count: number): readonly number[] => Array.from({ length: count }, (_, at) => at + 1);

/** Whether both hold the same numbers, equally often. */
export function sameSet(one: readonly number[], other: readonly number[]): boolean {
  const sorted = [...other].sort((a, b) => a - b);
  return one.length === sorted.length && [...one].sort((a, b) => a - b).every((n, at) => n === sorted[at]);
}
