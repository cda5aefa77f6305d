import { PRIVATE } from './rabbit-record.js';

/** What a wait is counted in, in ms: it is rounded up to a multiple. */
export const TICK_MS = 100;

/** There are so many levels at most; each waits twice as long as the one below. */
const LEVELS = 28;

/** The longest wait, in ms: 310 days. */
export const LONGEST_WAIT_MS: number = (2 ** LEVELS - 1) * TICK_MS;

/** How long the messages of a level wait, in ms. */
export function waitOfLevel(level: number): number {
  return 2 ** level * TICK_MS;
}

/** The header that says whether a message waits at a level or passes it. */
export function waitHeader(level: number): string {
  return `${PRIVATE}w${level}`;
}

/** The header that says whether a message that has waited goes to one queue, or to all of its topic. */
export const AIM: string = `${PRIVATE}aim`;

/** Where a wait begins, and the headers by which it finds its way down. */
export interface Wait {
  readonly level: number;
  readonly headers: Readonly<Record<string, boolean>>;
}

/**
 * A wait as a sum of powers of two: the message stays in the queue of each that it is made of, from the
 * largest on. All messages of a queue stay equally long, so that none stands in the way of another.
 */
export function waitFor(delayMs: number): Wait {
  const ticks = Math.ceil(delayMs / TICK_MS);
  const level = 31 - Math.clz32(ticks);
  const headers: Record<string, boolean> = {};
  for (let at = level; at >= 0; at--) headers[waitHeader(at)] = ((ticks >> at) & 1) === 1;
  return { level, headers };
}
