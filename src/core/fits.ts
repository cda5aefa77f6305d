/**
 * Whether a value from outside has all that `like` has: the same types, and numbers that are finite and not
 * below 0. What is `undefined` in `like` may be anything.
 */
export function fits(value: unknown, like: unknown): boolean {
  if (like === undefined) return true;
  if (typeof like === 'number') return Number.isFinite(value) && (value as number) >= 0;
  if (typeof like !== 'object') return typeof value === typeof like;
  const fields = Object(value) as Record<string, unknown>;
  return Object.entries(like!).every(([name, field]) => fits(fields[name], field));
}
