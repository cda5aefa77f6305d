/** What `describe()` told of one policy. */
export interface LintPart {
  /** Its place, outermost first. */
  readonly place: number;
  readonly kind: string;
  readonly name: string;
  readonly told: Readonly<Record<string, unknown>>;
}

export type Parts = readonly LintPart[];

export const repeaters = ['retry', 'hedge'];
export const memories = ['cache', 'coalesce'];

export const are = (parts: Parts, ...kinds: readonly string[]): Parts =>
  parts.filter(({ kind }) => kinds.includes(kind));
export const inside = (parts: Parts, { place }: LintPart): Parts => parts.filter(part => part.place > place);
export const outside = (parts: Parts, { place }: LintPart): Parts => parts.filter(part => part.place < place);

/** A number that `describe()` told; Infinity where it told null. */
export const limit = ({ told }: LintPart, field: string): number | undefined => {
  const value = told[field];
  return value === null ? Infinity : typeof value === 'number' ? value : undefined;
};
/** A hedge counts those beyond the first. */
export const attemptsOf = (part: LintPart): number =>
  limit(part, 'attempts') ?? (limit(part, 'maxHedges') ?? 1) + 1;
export const shortest = (timeouts: Parts): number =>
  Math.min(Infinity, ...timeouts.map(part => limit(part, 'timeoutMs') ?? Infinity));
