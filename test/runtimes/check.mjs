/** Throws when two values do not say the same as JSON. */
export function same(actual, expected, what) {
  const [is, should] = [actual, expected].map(value => JSON.stringify(value) ?? String(value));
  if (is !== should) throw new Error(`${what}: expected ${should}, got ${is}`);
}

/** Throws unless the promise rejects with an error of this code. */
export async function rejects(promise, code, what = code) {
  const outcome = await promise.then(
    value => `the answer ${JSON.stringify(value)}`,
    error => error,
  );
  same(outcome?.code ?? outcome, code, what);
  return outcome;
}

/** Never settles by itself, as a remote that hangs; rejects when it is told to stop. */
export const hangs = ({ signal }) =>
  new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason)));

export const sleep = ms => new Promise(resolve => setTimeout(resolve, ms));

export const fails = text => () => Promise.reject(new Error(text));

/** An operation that runs until it is let go. */
export function gate() {
  let open;
  const opened = new Promise(resolve => {
    open = resolve;
  });
  return { open, run: () => opened };
}
