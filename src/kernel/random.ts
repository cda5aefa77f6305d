/** A source of chance: uniform in `[0, 1)`. Jitter may use any; ids always come from the system. */
export type Random = () => number;

/** The chance of the process: `Math.random`. */
export const systemRandom: Random = () => Math.random();

/** A new id that nobody can guess: a UUID version 4. */
export function newId(): string {
  // Node hands it out in twenty pieces, which the collector walks for as long as an id is kept; so it is one
  // text: 64 bytes in place of 486.
  return crypto.randomUUID().toLowerCase();
}

/** So many ids have one beginning. */
const SERIES = 65_536;

/**
 * Ids that nobody else has, each for a fraction of what {@link newId} costs, in the form of a UUID version 4:
 * many share a beginning of chance, and the last four digits count. Whoever has one can guess those after
 * it, so they are for where nobody is to be kept from that.
 */
export class IdSeries {
  readonly #pairs: readonly string[] = Array.from({ length: 256 }, (_, n) => n.toString(16).padStart(2, '0'));
  #beginning = '';
  #count = SERIES;

  next(): string {
    if (this.#count === SERIES) {
      this.#beginning = newId().slice(0, -4);
      this.#count = 0;
    }
    const count = this.#count++;
    return this.#beginning + (this.#pairs[count >> 8]! + this.#pairs[count & 255]!);
  }
}

/** Bytes in lower-case hex that nobody can guess; drawn from `random` where one is given. Never all zero. */
export function newHexId(bytes: number, random?: Random): string {
  const drawn = new Uint8Array(bytes);
  if (random === undefined) crypto.getRandomValues(drawn);
  else for (let i = 0; i < bytes; i++) drawn[i] = Math.floor(random() * 256);
  if (drawn.every(byte => byte === 0)) drawn[bytes - 1] = 1;
  return Array.from(drawn, byte => byte.toString(16).padStart(2, '0')).join('');
}
