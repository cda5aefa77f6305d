/** One real read of the clock costs as much as all the rest of a breaker. */
export const precise = () => performance.now();

let tick = 0;
const drop = () => {
  tick = 0;
};

/** Reads the clock once per turn of the event loop: late by at most that turn. */
export function cached() {
  if (tick === 0) {
    tick = performance.now();
    setImmediate(drop);
  }
  return tick;
}
