/** A source of chance: uniform in `[0, 1)`. Jitter may use any; ids always come from the system. */
export type Random = () => number;

/** The chance of the process: `Math.random`. */
export const systemRandom: Random = () => Math.random();

/** A new id that nobody can guess: a UUID version 4. */
export function newId(): string {
  return crypto.randomUUID();
}
