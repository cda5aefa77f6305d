import { expect, it } from 'vitest';
import { type Delivery, type DeliveryOrder, DeliveryQueue } from '../../src/core/delivery-queue.js';
import { explore, type Liveness } from '../../src/testing/explore.js';
import { NaiveDeliveries } from './naive-deliveries.js';

const LEASE = 2;
/** So many messages are there at a time, and so many hand-outs are remembered: the latest, and lost ones. */
const MOST_MESSAGES = 3;
const MOST_TOKENS = 2;

type Event =
  | { readonly publish: string | undefined; readonly priority: number; readonly delay: number }
  | { readonly ack: number }
  | { readonly nack: number; readonly delay: number }
  | { readonly extend: number }
  | 'claim'
  | 'tick';

interface Token {
  readonly delivery: Delivery<number>;
  readonly epoch: number;
  readonly token: number;
}

/** The real queue beside the naive one; a copy is made by living through the same history again. */
class Pair {
  readonly order: DeliveryOrder;
  readonly naive: NaiveDeliveries;
  readonly #queue: DeliveryQueue<number>;
  readonly #history: readonly Event[];
  tokens: Token[] = [];

  constructor(order: DeliveryOrder, history: readonly Event[] = []) {
    this.order = order;
    this.naive = new NaiveDeliveries(order, LEASE);
    this.#queue = new DeliveryQueue({ order, leaseMs: LEASE });
    this.#history = history;
    for (const event of history) this.#apply(event);
  }

  after(event: Event): Pair {
    return new Pair(this.order, [...this.#history, event]);
  }

  events(): Event[] {
    const events: Event[] = ['claim', 'tick'];
    if (this.naive.messages.length < MOST_MESSAGES) {
      const lanes = this.order === 'key' ? ['a', undefined] : ['a'];
      for (const publish of lanes) events.push({ publish, priority: 0, delay: 0 });
      events.push({ publish: 'a', priority: 1, delay: 0 }, { publish: 'a', priority: 0, delay: 1 });
    }
    for (const place of this.tokens.keys()) {
      events.push({ ack: place }, { nack: place, delay: 1 }, { extend: place });
    }
    return events;
  }

  #apply(event: Event): void {
    const { naive } = this;
    if (event === 'tick') {
      naive.now++;
      naive.wake();
      this.#queue.wake(naive.now);
    } else if (event === 'claim') this.#claim();
    else if ('publish' in event) {
      const { publish: key, priority, delay } = event;
      const id = naive.publish(key, priority, delay);
      this.#queue.add(id, id, key, priority, delay > 0 ? naive.now + delay : -Infinity);
    } else this.#settle(event);
    this.#compare();
  }

  #claim(): void {
    const expected = this.naive.claim();
    const delivery = this.#queue.claim(this.naive.now);
    if (delivery?.message !== expected?.id) {
      throw new Error(`claimed ${delivery?.message}, not ${expected?.id}`);
    }
    if (delivery === undefined) return;
    const attempt = this.naive.messages.find(({ id }) => id === delivery.message)?.attempt;
    if (delivery.attempt !== attempt) throw new Error(`attempt ${delivery.attempt}, not ${attempt}`);
    this.tokens.push({ delivery, epoch: delivery.epoch, token: expected!.token });
    if (this.tokens.length > MOST_TOKENS) this.tokens.shift();
  }

  #settle(event: Exclude<Event, string | { readonly publish: unknown }>): void {
    const place = 'ack' in event ? event.ack : 'nack' in event ? event.nack : event.extend;
    const { delivery, epoch, token } = this.tokens[place]!;
    const { naive } = this;
    let answers: readonly [string, string];
    if ('ack' in event) answers = [this.#queue.settle(delivery, epoch), naive.settle(token)];
    else if ('nack' in event) {
      const given = this.#queue.giveBack(delivery, epoch, event.delay, naive.now);
      answers = [given, naive.giveBack(token, event.delay)];
    } else answers = [this.#queue.extend(delivery, epoch, LEASE, naive.now), naive.extend(token)];
    if (answers[0] !== answers[1]) throw new Error(`answered ${answers[0]}, not ${answers[1]}`);
    if (!('extend' in event)) this.tokens.splice(place, 1);
  }

  #compare(): void {
    const { messages } = this.naive;
    const held = messages.filter(({ token }) => token !== 0);
    if (this.#queue.size !== messages.length || this.#queue.leased !== held.length) {
      throw new Error('the queue and the naive one differ');
    }
    const waits = messages.filter(({ token, until }) => token !== 0 || until > this.naive.now);
    const earliest = Math.min(Infinity, ...waits.map(({ until }) => until));
    if (this.#queue.earliest !== earliest) throw new Error(`due at ${this.#queue.earliest}, not ${earliest}`);
  }

  /** What matters from now on: turns by their order, times from now, of attempts that there were some. */
  key(): string {
    const { now, messages } = this.naive;
    const turns = messages.map(({ turn }) => turn ?? Infinity).sort((a, b) => a - b);
    const lines = messages.map(({ key, priority, until, token, turn, attempt }) => {
      const place = turn === undefined ? -1 : turns.indexOf(turn);
      const mine = this.tokens.findIndex(each => each.token === token);
      const holder = token === 0 ? '-' : mine;
      return [key, priority, Math.max(until - now, 0), holder, place, Math.min(attempt, 2)].join();
    });
    const lost = this.tokens.map(({ token }) => messages.some(message => message.token === token));
    return `${lines.join(' ')} ${lost.join()}`;
  }
}

/** Whoever takes and acknowledges what there is, and lets time pass, gets to the end of it. */
const ends: Liveness<Pair, Event> = {
  name: 'every message can be dealt with',
  to: ({ naive }) => naive.messages.length === 0,
  by: event => event === 'claim' || event === 'tick' || (typeof event === 'object' && 'ack' in event),
};

it.each<DeliveryOrder>(['none', 'key', 'topic'])(
  'the delivery queue, order %s, agrees with the naive one in every state',
  order => {
    const { states, transitions, goals } = explore<Pair, Event>({
      initial: () => new Pair(order),
      events: pair => pair.events(),
      step: (pair, event) => pair.after(event),
      key: pair => pair.key(),
      liveness: [ends],
      goals: {
        'a lease is lost': pair =>
          pair.tokens.some(({ token }) => !pair.naive.messages.some(message => message.token === token)),
        'a message comes again': pair => pair.naive.messages.some(({ attempt }) => attempt > 1),
        'two are held at a time': ({ naive }) =>
          order === 'topic' || naive.messages.filter(({ token }) => token !== 0).length > 1,
      },
    });
    console.log(`delivery queue, order ${order}: ${states} states, ${transitions} transitions`);
    expect(goals['a lease is lost']).toBeGreaterThan(0);
  },
);
