import { Waiter, type WaitOrder } from '../../src/core/wait-line.js';

/** What waits in the real slots. */
export class Numbered extends Waiter {
  readonly item: number;

  constructor(item: number) {
    super();
    this.item = item;
  }
}

export interface Arrival {
  readonly id: number;
  readonly level: number;
  readonly at: number;
}

/** What ought to happen, by the plainest means: an array that is sorted each time somebody looks at it. */
export class NaiveSlots {
  readonly order: WaitOrder;
  readonly places: number;
  readonly ageMs: number;
  limit: number;
  line: readonly Arrival[] = [];
  taken = 0;
  now = 0;
  arrivals = 0;
  started = 0;
  refused = 0;
  abandoned = 0;
  ended = 0;

  constructor(order: WaitOrder, limit: number, places: number, ageMs: number) {
    this.order = order;
    this.limit = limit;
    this.places = places;
    this.ageMs = ageMs;
  }

  /** The line as it will be served. */
  inOrder(line = this.line): Arrival[] {
    const rank = ({ at, level }: Arrival): number => at + level * this.ageMs;
    if (this.order === 'fifo') return [...line].sort((a, b) => a.id - b.id);
    if (this.order === 'lifo') return [...line].sort((a, b) => b.id - a.id);
    return [...line].sort((a, b) => rank(a) - rank(b) || a.id - b.id);
  }

  /** The id of the newcomer, whether it starts, and who is turned away for it, maybe itself. */
  arrive(level: number): { id: number; starts: boolean; refused: number | undefined } {
    const newcomer = { id: this.arrivals++, level, at: this.now };
    if (this.taken < this.limit && this.line.length === 0) {
      this.taken++;
      this.started++;
      return { id: newcomer.id, starts: true, refused: undefined };
    }
    const wanted = this.inOrder([...this.line, newcomer]);
    const refused = this.line.length < this.places ? undefined : wanted.at(-1)!.id;
    this.line = [...this.line, newcomer].filter(({ id }) => id !== refused);
    if (refused !== undefined) this.refused++;
    return { id: newcomer.id, starts: false, refused };
  }

  leave(id: number): boolean {
    const before = this.line.length;
    this.line = this.line.filter(arrival => arrival.id !== id);
    const left = this.line.length < before;
    if (left) this.abandoned++;
    return left;
  }

  release(): void {
    this.taken--;
    this.ended++;
  }

  /** Admits whoever's turn it is, if there is a slot. */
  next(): number | undefined {
    if (this.taken >= this.limit || this.line.length === 0) return undefined;
    const first = this.inOrder()[0]!.id;
    this.line = this.line.filter(({ id }) => id !== first);
    this.taken++;
    this.started++;
    return first;
  }
}
