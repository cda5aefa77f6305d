/** `npm run simulate`: long runs of several seeds, whose tables it prints and writes into the page. */
export const long = process.env['SIMULATE'] === 'long';

/** With every `npm test`: one seed, always the same. */
export const seeds: readonly number[] = long ? [1, 2, 3] : [7];

/** For the hook that runs a scenario. */
export const patienceMs = long ? 3_600_000 : 120_000;

/** The one in the middle; of an even number, the lower. */
export function median(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[(values.length - 1) >> 1]!;
}
