/** What the hosts bring to a table, each at one place of these lists. */
export interface MaglevOrders {
  readonly slots: Uint32Array;
  /** The places that they want next; at first the first ones. */
  readonly next: Uint32Array;
  /** How far each further place is behind the one before. */
  readonly skips: Uint32Array;
  /** Of a turn in each round; 1 for the heaviest. */
  readonly shares: Float64Array;
}

/**
 * A Maglev table while it is filled. That takes some eleven looks for each place, so it can be done bit by
 * bit; what comes out is the same.
 */
export class MaglevFill {
  /** 1 more than the slot of who each place belongs to; 0 while it is free. */
  readonly table: Uint32Array;
  readonly #orders: MaglevOrders;
  readonly #credit: Float64Array;
  #free: number;
  #host = 0;
  /** Whether the one whose turn it is has been given its share, and looks for a place. */
  #looking = false;

  constructor(size: number, orders: MaglevOrders) {
    this.table = new Uint32Array(size);
    this.#orders = orders;
    this.#credit = new Float64Array(orders.slots.length);
    this.#free = size;
  }

  /** Goes on for so many looks; whether the table is full then. */
  run(looks: number): boolean {
    // All of it in variables: this is where the time of a table goes.
    const { table } = this;
    const { slots, next, skips, shares } = this.#orders;
    const credit = this.#credit;
    let [host, free, looking, left] = [this.#host, this.#free, this.#looking, looks];
    for (; free > 0 && left > 0; left--) {
      if (!looking) credit[host]! += shares[host]!;
      // The sum of shares such as a third may be short of a whole by a rounding.
      if (credit[host]! >= 1 - 1e-9) {
        const skip = skips[host]!;
        let place = next[host]!;
        for (; table[place] !== 0 && left > 0; left--) {
          place += skip;
          if (place >= table.length) place -= table.length;
        }
        next[host] = place;
        looking = table[place] !== 0;
        if (looking) break;
        table[place] = slots[host]! + 1;
        free--;
        credit[host]!--;
      }
      host = host + 1 === slots.length ? 0 : host + 1;
    }
    this.#host = host;
    this.#free = free;
    this.#looking = looking;
    return free === 0;
  }
}
