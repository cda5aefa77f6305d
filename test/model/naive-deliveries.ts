import type { DeliveryOrder, Settlement } from '../../src/core/delivery-queue.js';

/** A message as anybody would keep it: in a list, with everything written down. */
export interface NaiveMessage {
  readonly id: number;
  readonly key: string | undefined;
  readonly priority: number;
  /** Before it nobody may have it; a lease ends at it. */
  until: number;
  /** Which hand-out holds it; 0 for none. */
  token: number;
  attempt: number;
  /** Its turn in the order: set when it comes, or when its time has come. */
  turn: number | undefined;
}

/** What one group has before it, found out anew from the list each time. */
export class NaiveDeliveries {
  now = 0;
  readonly messages: NaiveMessage[] = [];
  readonly #order: DeliveryOrder;
  readonly #leaseMs: number;
  #ids = 0;
  #tokens = 0;
  #turns = 0;

  constructor(order: DeliveryOrder, leaseMs: number) {
    this.#order = order;
    this.#leaseMs = leaseMs;
  }

  publish(key: string | undefined, priority: number, delay: number): number {
    const id = ++this.#ids;
    const turn = delay > 0 ? undefined : ++this.#turns;
    const message = { id, key, priority, until: this.now + delay, token: 0, attempt: 0, turn };
    this.messages.push(message);
    return id;
  }

  /** Leases and waits that have come to their end. */
  wake(): void {
    const due = this.messages.filter(({ until }) => until <= this.now);
    for (const message of due.sort((a, b) => a.until - b.until || a.id - b.id)) {
      message.token = 0;
      message.turn ??= ++this.#turns;
    }
  }

  claim(): { readonly id: number; readonly token: number } | undefined {
    const ready = this.messages.filter(message => this.#isReady(message));
    ready.sort((a, b) => b.priority - a.priority || a.id - b.id);
    const [first] = ready;
    if (first === undefined) return undefined;
    first.token = ++this.#tokens;
    first.attempt++;
    first.until = this.now + this.#leaseMs;
    return { id: first.id, token: first.token };
  }

  settle(token: number): Settlement {
    const place = this.messages.findIndex(message => message.token === token);
    if (place < 0) return 'stale';
    this.messages.splice(place, 1);
    return 'done';
  }

  giveBack(token: number, delay: number): Settlement {
    const message = this.#heldBy(token);
    if (message === undefined) return 'stale';
    message.token = 0;
    message.until = this.now + delay;
    return 'done';
  }

  extend(token: number): Settlement {
    const message = this.#heldBy(token);
    if (message === undefined) return 'stale';
    message.until = this.now + this.#leaseMs;
    return 'done';
  }

  #heldBy(token: number): NaiveMessage | undefined {
    return this.messages.find(message => message.token === token);
  }

  #isReady(message: NaiveMessage): boolean {
    if (message.token !== 0 || message.until > this.now || message.turn === undefined) return false;
    const lane = this.#laneOf(message);
    if (lane === undefined) return true;
    return !this.messages.some(
      other => this.#laneOf(other) === lane && other.turn !== undefined && other.turn < message.turn!,
    );
  }

  #laneOf({ key }: NaiveMessage): string | undefined {
    if (this.#order === 'none') return undefined;
    return this.#order === 'topic' ? '' : key;
  }
}
