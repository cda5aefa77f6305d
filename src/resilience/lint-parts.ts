/** What `describe()` told of one policy. */
export interface LintPart {
  /** Its place among all, outermost first. */
  readonly place: number;
  /** Where it was told of, from `pipeline` on. */
  readonly path: string;
  /** Whether it only watches: nobody can count on it. */
  readonly watches: boolean;
  readonly kind: string;
  readonly name: string;
  readonly told: Readonly<Record<string, unknown>>;
}

export type Parts = readonly LintPart[];

/** What a rule has to say of a part. */
export interface LintHit {
  readonly part: LintPart;
  readonly message: string;
  /** Where it weighs more or less than the rule does. */
  readonly severity?: LintSeverity;
}

/** `error`: it does harm. `warning`: it hardly does what was meant. `info`: it could be better. */
export type LintSeverity = 'error' | 'warning' | 'info';

/** One mistake that a pipeline can make. */
export interface LintRule {
  readonly rule: string;
  readonly severity: LintSeverity;
  readonly check: (parts: readonly LintPart[]) => readonly LintHit[];
}

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
  Math.min(Infinity, ...inForce(timeouts).map(part => limit(part, 'timeoutMs') ?? Infinity));
export const inForce = (parts: Parts): Parts => parts.filter(({ watches }) => !watches);
/** Whether the streams of the operation have a limit of their own for the first chunk, head included. */
export const areStreamsTimed = (parts: Parts): boolean =>
  are(parts, 'streamed').some(part => (limit(part, 'firstChunkMs') ?? Infinity) < Infinity);
