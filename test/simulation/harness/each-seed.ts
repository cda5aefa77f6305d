import { seeds } from './effort.js';

/** What each of some variants came to, once for each seed, in the order of the variants. */
export async function forEachSeed<Name extends string, Outcome>(
  variants: Readonly<Record<Name, unknown>>,
  run: (name: Name, seed: number) => Promise<Outcome>,
): Promise<ReadonlyMap<Name, readonly Outcome[]>> {
  const outcomes = new Map<Name, Outcome[]>();
  for (const name of Object.keys(variants) as Name[]) {
    const all: Outcome[] = [];
    for (const seed of seeds) all.push(await run(name, seed));
    outcomes.set(name, all);
  }
  return outcomes;
}
