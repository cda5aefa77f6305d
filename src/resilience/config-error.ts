/** One mistake in a config. */
export interface ConfigProblem {
  /** Where it is: `pipeline[1].backoff.initialMs`. */
  readonly path: string;
  /** What has to be there instead; begins with the path. */
  readonly message: string;
  /** The line of the text that it stands in, from 1; `undefined` where no text was read. */
  readonly line?: number;
  /** The column of that line, from 1. */
  readonly column?: number;
}

/** A config that cannot be built, with all that is wrong with it. */
export class ConfigError extends TypeError {
  /** The mistakes, in the order of the config. */
  readonly problems: readonly ConfigProblem[];

  constructor(problems: readonly ConfigProblem[]) {
    const lines = problems.map(({ message }) => message);
    super(lines.length === 1 ? lines[0] : `${lines.length} mistakes:\n- ${lines.join('\n- ')}`);
    this.problems = problems;
  }

  override get name(): string {
    return 'ConfigError';
  }
}

/** The known name that somebody may have meant; `undefined` where none is near. */
export function nearest(name: string, known: readonly string[]): string | undefined {
  const near = known
    .map(one => ({ one, steps: stepsBetween(name.toLowerCase(), one.toLowerCase()) }))
    .filter(({ one, steps }) => steps <= Math.max(1, Math.floor(Math.max(one.length, name.length) / 3)));
  return near.sort((a, b) => a.steps - b.steps)[0]?.one;
}

/** How many letters are added, left out, exchanged or swapped with their neighbour. */
function stepsBetween(a: string, b: string): number {
  // A name longer than any of ours is none of them, and need not cost its square.
  if (Math.abs(a.length - b.length) > 8) return Infinity;
  let before: number[] = [];
  let row = Array.from({ length: b.length + 1 }, (_, column) => column);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      const same = a[i - 1] === b[j - 1] ? 0 : 1;
      const swapped = i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1];
      next.push(
        Math.min(row[j]! + 1, next[j - 1]! + 1, row[j - 1]! + same, swapped ? before[j - 2]! + 1 : Infinity),
      );
    }
    [before, row] = [row, next];
  }
  return row[b.length]!;
}
