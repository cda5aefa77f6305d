import fc from 'fast-check';
import { expect, it } from 'vitest';
import { InMemoryBroker } from '../../src/messaging/in-memory-broker.js';
import { InMemoryBus } from '../../src/messaging/in-memory-bus.js';
import type { Subscription } from '../../src/messaging/message-bus.js';
import { topic } from '../../src/messaging/topic.js';
import { settle } from '../../src/testing/settle.js';
import { VirtualClock } from '../../src/testing/virtual-clock.js';

/** What a handler does with a message, at each of its deliveries: the last one for all that come after. */
type Deed = 'well' | 'fails' | 'takes long' | 'hangs' | 'is dropped' | 'dies';

interface Order {
  readonly n: number;
  readonly key: string;
  readonly deeds: readonly Deed[];
}

const orders = topic<Order>('orders.placed', { key: ({ key }) => key });
const groups = ['billing', 'shipping'] as const;
type Group = (typeof groups)[number];

const LEASE_MS = 1_000;
const TIMEOUT_MS = 4_000;
const DRAIN_MS = 700;
const MOST = 6;

const command = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({
      do: fc.constant('publish' as const),
      key: fc.constantFrom('a', 'b'),
      deeds: fc.array(
        fc.constantFrom<Deed>('well', 'well', 'fails', 'takes long', 'hangs', 'is dropped', 'dies'),
        { minLength: 1, maxLength: 3 },
      ),
    }),
  },
  { weight: 4, arbitrary: fc.record({ do: fc.constant('advance' as const), ms: fc.nat(2_500) }) },
  {
    weight: 2,
    arbitrary: fc.record({ do: fc.constant('join' as const), group: fc.constantFrom(...groups) }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('leave' as const), which: fc.nat(5) }) },
);
type Command = typeof command extends fc.Arbitrary<infer T> ? T : never;

/** A handler that goes on past its end has left the promise that nobody else is at its message. */
const gaveUp = (signal: AbortSignal): Promise<never> =>
  new Promise((_, reject) => {
    signal.addEventListener('abort', () => reject(signal.reason));
  });

interface Member {
  readonly group: Group;
  readonly subscription: Subscription;
  closed: boolean;
}

interface Run {
  readonly order: Order;
  readonly signal: AbortSignal;
  readonly member: Member;
}

/** A group, told by its handlers and by what its members say. */
class Books {
  /** Who is at work: the keys and the numbers of the messages. */
  readonly running: Run[] = [];
  /** By key: the numbers that were begun last and that are over. */
  readonly begun = new Map<string, number>();
  handled = 0;
  dropped = 0;
  readonly over = new Set<number>();
}

/** A broker with a bus for each member and one that publishes. */
class Exchange {
  readonly clock = new VirtualClock();
  readonly broker = new InMemoryBroker({ maxBacklog: MOST, clock: this.clock });
  readonly #publisher = new InMemoryBus({ broker: this.broker, publishTimeoutMs: 1 });
  readonly #buses: InMemoryBus[] = [];
  readonly members: Member[] = [];
  readonly books: Record<Group, Books> = { billing: new Books(), shipping: new Books() };
  readonly published = new Set<number>();
  readonly complaints: string[] = [];
  refused = 0;
  deliveries = 0;
  #n = 0;

  async open(): Promise<void> {
    for (const group of groups) {
      await this.join(group);
      await this.leave(this.members.length - 1);
    }
  }

  publish(key: string, deeds: readonly Deed[]): void {
    const n = ++this.#n;
    this.#publisher.publish(orders, { n, key, deeds }).then(
      () => this.published.add(n),
      () => this.refused++,
    );
  }

  async join(group: Group): Promise<void> {
    const bus = new InMemoryBus({ broker: this.broker });
    this.#buses.push(bus);
    const books = this.books[group];
    const failure = {
      redeliver: [300, 0],
      classify: (error: unknown) =>
        error === 'dies' ? 'dead-letter' : error === 'is dropped' ? 'discard' : undefined,
    } as const;
    const options = {
      ...{ group, concurrency: 2, leaseMs: LEASE_MS, timeoutMs: TIMEOUT_MS, failure },
      order: 'key',
    } as const;
    const subscription = bus.subscribe(orders, options, ({ data }, { signal }) =>
      this.#handle(member, data, signal),
    );
    const member: Member = { group, subscription, closed: false };
    subscription.on('handled', () => books.handled++);
    subscription.on('discarded', () => books.dropped++);
    this.members.push(member);
    await subscription.ready;
  }

  async leave(which: number): Promise<void> {
    const member = this.members[which];
    if (member === undefined) return;
    await this.clock.runUntil(member.subscription.drain({ timeoutMs: DRAIN_MS }));
    member.closed = true;
  }

  async #handle(member: Member, order: Order, signal: AbortSignal): Promise<void> {
    const books = this.books[member.group];
    const { n, key, deeds } = order;
    this.deliveries++;
    if (member.closed) this.complaints.push(`BU6: ${n} is begun by a member that has left`);
    const holders = books.running.filter(each => this.#holds(each)).map(each => each.order);
    if (holders.some(each => each.n === n)) this.complaints.push(`BU2: ${n} is handled twice at a time`);
    if (holders.some(each => each.key === key)) this.complaints.push(`BU3: ${key} runs twice at a time`);
    if (n < (books.begun.get(key) ?? 0))
      this.complaints.push(`BU3: ${n} begins after ${books.begun.get(key)}`);
    books.begun.set(key, n);
    const run = { order, signal, member };
    books.running.push(run);
    const attempt = this.#attemptOf(member.group, n);
    const deed = deeds[Math.min(attempt, deeds.length) - 1]!;
    try {
      if (deed === 'takes long') await Promise.race([this.#sleep(2_500), gaveUp(signal)]);
      else if (deed === 'hangs') await gaveUp(signal);
      else if (deed !== 'well') throw deed;
    } finally {
      books.running.splice(books.running.indexOf(run), 1);
    }
  }

  /** One that was told to stop is no holder any more, and has a moment to let go. */
  #holds({ signal }: Run): boolean {
    return !signal.aborted;
  }

  readonly #attempts = new Map<string, number>();
  #attemptOf(group: Group, n: number): number {
    const count = (this.#attempts.get(`${group} ${n}`) ?? 0) + 1;
    this.#attempts.set(`${group} ${n}`, count);
    return count;
  }

  #sleep(ms: number): Promise<void> {
    return new Promise(resolve => {
      this.clock.schedule(ms, resolve);
    });
  }

  dead(group: Group): Promise<readonly unknown[]> {
    return this.#publisher.deadLetters(orders, group).list();
  }

  backlog(group: Group): number {
    return this.broker.snapshot().backlog[`${group} ${orders.name}`] ?? 0;
  }

  async check(): Promise<void> {
    await settle();
    expect(this.complaints).toEqual([]);
    for (const group of groups) {
      const { handled, dropped } = this.books[group];
      const queued = this.backlog(group);
      const dead = (await this.dead(group)).length;
      expect(queued).toBeLessThanOrEqual(MOST);
      expect({ group, sum: handled + dropped + dead + queued }).toEqual({ group, sum: this.published.size });
    }
  }

  async close(): Promise<void> {
    for (const bus of [...this.#buses, this.#publisher]) await this.clock.runUntil(bus.close());
    for (const group of groups) expect(this.books[group].running).toEqual([]);
    expect(this.clock.timers).toBe(0);
  }
}

async function take(exchange: Exchange, command: Command): Promise<void> {
  if (command.do === 'publish') exchange.publish(command.key, command.deeds);
  else if (command.do === 'advance') await exchange.clock.advance(command.ms);
  else if (command.do === 'join') await exchange.join(command.group);
  else await exchange.leave(command.which);
}

it('keeps books, keys in order, and its word (BU1, BU2, BU3, BU5, BU6, BU9)', async () => {
  const seen = { refused: 0, deliveries: 0, handled: 0, dead: 0 };
  await fc.assert(
    fc.asyncProperty(fc.array(command, { maxLength: 40, size: '+1' }), async commands => {
      const exchange = new Exchange();
      await exchange.open();
      for (const one of commands) {
        await take(exchange, one);
        await exchange.check();
      }
      // Whatever is left comes to its end, with a member in each group.
      for (const group of groups) await exchange.join(group);
      await exchange.clock.advance(20 * MOST * TIMEOUT_MS);
      await exchange.check();
      for (const group of groups) {
        expect(exchange.backlog(group)).toBe(0);
        seen.dead += (await exchange.dead(group)).length;
        seen.handled += exchange.books[group].handled;
      }
      seen.refused += exchange.refused;
      seen.deliveries += exchange.deliveries;
      await exchange.close();
    }),
    { numRuns: 150 },
  );
  console.info(`messages: ${JSON.stringify(seen)}`);
  expect(Math.min(seen.refused, seen.dead, seen.handled)).toBeGreaterThan(5);
}, 60_000);
