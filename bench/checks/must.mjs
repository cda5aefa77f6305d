/** A subject that does not do what its group measures must not be timed. */
export function must(holds, what) {
  if (!holds) throw new Error(`does not hold: ${what}`);
}

export const settled = promise =>
  promise.then(
    value => ({ value }),
    error => ({ error }),
  );
