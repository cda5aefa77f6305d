import { functionName, given, isData } from '../kernel/options.js';

/** How a fallback is set up, as JSON. */
export interface FallbackDescription {
  /** Tells the descriptions of policies apart. */
  readonly kind: 'fallback';
  /** Its option of that name. */
  readonly name: string;
  /** Its option of that name, where that is data. */
  readonly value?: unknown;
  /** The names of the functions; `['value']` for a value that is no data. */
  readonly run?: readonly string[];
  /** The name of the function; left out where there is none. */
  readonly classify?: string;
  /** How many steps there are. */
  readonly steps: number;
}

export function describeFallback(
  name: string,
  fixed: { readonly value: unknown } | undefined,
  steps: readonly unknown[],
  classify: unknown,
): FallbackDescription {
  const answer =
    fixed === undefined
      ? { run: steps.map(step => functionName(step)) }
      : isData(fixed.value)
        ? { value: fixed.value }
        : { run: ['value'] };
  const judge = functionName(classify);
  return given({
    kind: 'fallback',
    name,
    ...answer,
    classify: judge,
    steps: steps.length,
  }) as FallbackDescription;
}
