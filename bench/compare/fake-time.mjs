// Time for packages that read it from the globals: as Node's own, but it stands still until it is moved.
const LONGEST = 2 ** 31 - 1;

/** Promises that are due settle; one turn of the real event loop is enough for any number of them. */
const { setImmediate: turn } = globalThis;
export const settle = () => new Promise(resolve => turn(resolve));

/** Replaces the globals, so it comes before the packages are loaded. */
export function fakeTime() {
  let now = 0;
  let wallOffset = Date.UTC(2026, 0, 1);
  let last = 0;
  const timers = new Map();
  const RealDate = Date;
  const wall = () => now + wallOffset;

  const start = (callback, ms, everyMs) => {
    // What Node does with delays that it cannot keep.
    const delay = ms >= 1 && ms <= LONGEST ? Math.trunc(ms) : 1;
    const timer = { id: ++last, due: now + delay, callback, everyMs: everyMs && delay };
    timers.set(timer.id, timer);
    return Object.assign(timer, {
      unref: () => timer,
      ref: () => timer,
      [Symbol.toPrimitive]: () => timer.id,
    });
  };
  const stop = timer => void timers.delete(Number(timer ?? 0));
  globalThis.setTimeout = (callback, ms, ...rest) => start(() => callback(...rest), ms, false);
  globalThis.setInterval = (callback, ms, ...rest) => start(() => callback(...rest), ms, true);
  globalThis.clearTimeout = stop;
  globalThis.clearInterval = stop;
  globalThis.Date = class extends RealDate {
    constructor(...parts) {
      super(...(parts.length > 0 ? parts : [wall()]));
    }
    static now = wall;
  };
  performance.now = () => now;

  return {
    stepWall(ms) {
      wallOffset += ms;
    },
    async advance(ms) {
      const end = now + ms;
      await settle();
      for (;;) {
        const [timer] = [...timers.values()].sort((a, b) => a.due - b.due || a.id - b.id);
        if (timer === undefined || timer.due > end) break;
        now = timer.due;
        if (timer.everyMs) timer.due += timer.everyMs;
        else timers.delete(timer.id);
        timer.callback();
        await settle();
      }
      now = end;
    },
    after: (ms, callback) => globalThis.setTimeout(callback, ms),
  };
}
