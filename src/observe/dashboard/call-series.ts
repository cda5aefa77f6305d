/** The calls within a slice of time: when it began, in epoch ms, and what came of them; times in ms. */
export type CallSlice = readonly [
  at: number,
  calls: number,
  failures: number,
  medianMs: number,
  nineNineMs: number,
];

/** Slices that are kept of one meter. */
const MOST = 600;

/** What there is after newer slices have come: the first of them may stand for one that was not over yet. */
export function mergeSlices(before: readonly CallSlice[], next: readonly CallSlice[]): readonly CallSlice[] {
  const first = next[0];
  if (first === undefined) return before;
  const kept = before.filter(([at]) => at < first[0]);
  return [...kept, ...next].slice(-MOST);
}

/** The slices that are new or have changed since; `undefined` for none. */
export function newSlices(
  before: readonly CallSlice[],
  now: readonly CallSlice[],
): readonly CallSlice[] | undefined {
  const last = before.at(-1);
  if (last === undefined) return now.length === 0 ? undefined : now;
  const fresh = now.filter(([at]) => at >= last[0]);
  const [first] = fresh;
  const isSame = fresh.length === 1 && first!.every((value, place) => value === last[place]);
  return fresh.length === 0 || isSame ? undefined : fresh;
}

/** Slices out of data from elsewhere, in the order of time; what is none is left out. */
export function readSlices(value: unknown): readonly CallSlice[] {
  if (!Array.isArray(value)) return [];
  const slices: CallSlice[] = [];
  for (const one of value.slice(-MOST)) {
    if (!Array.isArray(one) || one.length !== 5 || !one.every(part => Number.isFinite(part))) continue;
    const last = slices.at(-1);
    if (last === undefined || one[0] > last[0]) slices.push(one as unknown as CallSlice);
  }
  return slices;
}
