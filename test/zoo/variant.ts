import { readFileSync } from 'node:fs';
import { join } from 'node:path';

export const root = join(import.meta.dirname, '../..');

/** A machine of `src/core` with one mistake in it, and the test file that has to notice. */
export interface Variant {
  readonly name: string;
  /** Paths from the root of the package. */
  readonly file: string;
  readonly killer: string;
  /** What stands in the file exactly once, and what the variant has in its place. */
  readonly find: string;
  readonly put: string;
}

/** A mistake, what it replaces, and by what. */
export type Mistake = readonly [mistake: string, find: string, put: string];

/** Variants of one machine, all killed by one file. */
export function variantsOf(machine: string, killer: string, mistakes: readonly Mistake[]): Variant[] {
  return mistakes.map(([mistake, find, put]) => ({
    name: `${machine}: ${mistake}`,
    file: `src/core/${machine}.ts`,
    killer: `test/${killer}.test.ts`,
    find,
    put,
  }));
}

/** How often the text of a variant stands in its file: once, unless the source has moved on. */
export function timesFound({ file, find }: Variant): number {
  return readFileSync(join(root, file), 'utf8').split(find).length - 1;
}
