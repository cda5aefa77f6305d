// Every subject is driven by a loop compiled for it alone. One shared loop would see a dozen call targets,
// turn megamorphic, and charge all of them, the bare call first, for a dispatch that no user pays.

const guarded = (statement, rejects) => (rejects ? `try { ${statement} } catch {}` : statement);

const sequential = rejects => `
  return async function drive(n) {
    for (let i = 0; i < n; i++) { ${guarded('await call();', rejects)} }
  };`;

// The results are awaited one after the other: Promise.all would add a closure per call to every subject.
const together = (inflight, rejects) => `
  const pending = new Array(${inflight}).fill(undefined);
  return async function drive(n) {
    for (let i = 0; i < n; i += ${inflight}) {
      for (let j = 0; j < ${inflight}; j++) pending[j] = call();
      for (let j = 0; j < ${inflight}; j++) { ${guarded('await pending[j];', rejects)} }
    }
  };`;

let made = 0;

/** `drive(n)` makes n calls, `inflight` of them at a time; n must be a multiple of `inflight`. */
export function makeDriver(call, inflight, rejects) {
  const body = inflight === 1 ? sequential(rejects) : together(inflight, rejects);
  // The number keeps the engine's cache of compiled sources from handing out a loop made before.
  return new Function('call', `/* ${++made} */ ${body}`)(call);
}

export const roundUp = (n, inflight) => Math.max(1, Math.ceil(n / inflight)) * inflight;

/** A real turn of the event loop, so that timers and immediates of a subject have their say. */
export const turn = () => new Promise(resolve => setImmediate(resolve));
