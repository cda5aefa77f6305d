import { describe, expect, it } from 'vitest';
import { long } from './effort.js';

/** Reads what may be refused: that it is refused is tested elsewhere. */
export const refused = (work: () => unknown): void => {
  try {
    work();
  } catch {
    // It was.
  }
};

/** What is read for an input of a size: the input is made before, and not measured. */
export type Readers = Record<string, (size: number) => () => unknown>;

/** Readers, and what adds one. */
export function readersOf() {
  const readers: Readers = {};
  const reader = <T>(name: string, make: (size: number) => T, read: (input: T) => unknown): void => {
    readers[name] = size => {
      const input = make(size);
      return () => read(input);
    };
  };
  return { readers, reader };
}

/**
 * The shortest of several times of `reads` reads, of the processor and not of the clock: what else the
 * machine does meanwhile is no work of ours.
 */
async function shortestMs(read: () => unknown, reads: number): Promise<number> {
  let shortest = Number.POSITIVE_INFINITY;
  for (let i = 0; i < 7; i++) {
    const before = process.cpuUsage();
    for (let n = 0; n < reads; n++) await read();
    const { user, system } = process.cpuUsage(before);
    shortest = Math.min(shortest, (user + system) / 1_000);
  }
  return shortest;
}

/** Checks that the time of each is bounded by its input; in a long run, that it is in proportion to it. */
export function checkTimes(readers: Readers): void {
  describe('the time that an input takes', () => {
    // An input that took the square of its length would take minutes: no clock is needed to see that.
    it.each(Object.entries(readers))('is bounded: %s', { timeout: 20_000 }, async (_name, make) => {
      await make(2 ** 20)();
    });

    // The quotients of two times want a machine for themselves.
    it.each(Object.entries(long ? readers : {}))('doubles with its length: %s', async (_name, make) => {
      let size = 2 ** 16;
      let reads = 1;
      // Where a size and its double do not fit the same cache of a processor, that is what is measured.
      while ((await shortestMs(make(size), reads)) < 2) {
        if (size < 2 ** 18) size *= 2;
        else reads *= 2;
      }
      // Three rounds: that time grows faster has to be seen in all of them.
      const ratios: number[] = [];
      for (let round = 0; round < 3; round++) {
        const single = await shortestMs(make(size), reads);
        ratios.push((await shortestMs(make(2 * size), reads)) / Math.max(single, 1));
      }
      expect(Math.min(...ratios)).toBeLessThan(2.5);
    });
  });
}
