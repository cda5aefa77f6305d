/**
 * One thing that must hold, to be run by any test runner: `for (const law of laws) it(law.name, law.check)`.
 */
export interface Law {
  /** A sentence in the present tense. */
  readonly name: string;
  /** Resolves when the law holds; rejects with a {@link LawError} when it is broken. */
  readonly check: () => Promise<void>;
}

/** A law is broken. */
export class LawError extends Error {
  override readonly name = 'LawError';
  /** The {@link Law.name} of the law. */
  readonly law: string;
  /** What should have been, in words. */
  readonly expected: string;
  /** What was instead. */
  readonly got: unknown;

  constructor(law: string, expected: string, got: unknown) {
    super(`${law}: expected ${expected}, got ${show(got)}`);
    this.law = law;
    this.expected = expected;
    this.got = got;
  }
}

/** Ends the check with a {@link LawError} unless `holds`. */
export type Demand = (holds: boolean, expected: string, got: unknown) => void;

export function law(name: string, body: (demand: Demand) => Promise<void>): Law {
  const demand: Demand = (holds, expected, got) => {
    if (!holds) throw new LawError(name, expected, got);
  };
  return { name, check: () => body(demand) };
}

/**
 * Checks all laws, for use without a test runner, and tells which held.
 *
 * @throws AggregateError with every failure, each on a line of its message.
 * @example
 * ```ts
 * import { checkLaws } from 'keelson/testing';
 *
 * const { held } = await checkLaws([{ name: 'adds', check: async () => {} }]);
 * held; // => ['adds']
 * ```
 */
export async function checkLaws(laws: Iterable<Law>): Promise<{ readonly held: readonly string[] }> {
  const held: string[] = [];
  const failures: unknown[] = [];
  for (const { name, check } of laws) {
    try {
      await check();
      held.push(name);
    } catch (error) {
      failures.push(
        error instanceof LawError ? error : new Error(`${name}: ${show(error)}`, { cause: error }),
      );
    }
  }
  if (failures.length === 0) return { held };
  const lines = failures.map(error => `\n  ${(error as Error).message}`).join('');
  throw new AggregateError(
    failures,
    `${failures.length} of ${held.length + failures.length} laws are broken${lines}`,
  );
}

/** Any value in a few words, whatever it is. */
export function show(value: unknown): string {
  if (typeof value === 'string') return JSON.stringify(value);
  if (typeof value === 'function') return `function ${value.name || '(anonymous)'}`;
  try {
    const words = String(value);
    return words === '[object Object]' ? (JSON.stringify(value) ?? words) : words;
  } catch {
    return 'an object that cannot be printed';
  }
}
