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

/** Bytes in lower-case hex that nobody can guess; drawn from `random` where one is given. Never all zero. */
export function newHexId(bytes: number, random?: Random): string {
  const drawn = new Uint8Array(bytes);
  if (random === undefined) crypto.getRandomValues(drawn);
  else for (let i = 0; i < bytes; i++) drawn[i] = Math.floor(random() * 256);
  if (drawn.every(byte => byte === 0)) drawn[bytes - 1] = 1;
  return Array.from(drawn, byte => byte.toString(16).padStart(2, '0')).join('');
}
