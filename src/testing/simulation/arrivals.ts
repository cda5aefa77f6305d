import type { Clock, Timer } from '../../kernel/clock.js';
import { checkNumber } from '../../kernel/options.js';
import type { Distribution } from './distributions.js';

/** What arrivals are made with. */
export interface ArrivalScene {
  /** The clock that they come by. */
  readonly clock: Clock;
  /** Their own chance. */
  readonly random: () => number;
  /** Makes one call; fulfilled when it has ended, however it ended. */
  readonly arrive: () => Promise<void>;
}

/** How calls come: starts them, and answers with the function that stops them. */
export type Arrivals = (scene: ArrivalScene) => () => void;

/** Calls a second: a number, or a function of the time since the start, in ms. */
export type CallRate = number | ((nowMs: number) => number);

/**
 * Calls of many who know nothing of each other, at random: they come whether or not those before have ended
 * (an open loop), which is what makes an overload.
 *
 * @throws RangeError unless the rate is > 0; that of a function is looked at before each call.
 */
export function poisson(callsPerSecond: CallRate): Arrivals {
  return openLoop('poisson', callsPerSecond, (gapMs, random) => -gapMs * Math.log(1 - random()));
}

/**
 * Calls at equal distances, as a scheduler makes them. They too come whether or not those before have ended.
 *
 * @throws RangeError unless the rate is > 0; that of a function is looked at before each call.
 */
export function evenly(callsPerSecond: CallRate): Arrivals {
  return openLoop('evenly', callsPerSecond, gapMs => gapMs);
}

/**
 * So many users, each of whom makes a call, waits for its end, thinks for a while and makes the next one (a
 * closed loop): they slow down with the service, so they can never overload it for long.
 *
 * @throws RangeError unless `count` is an integer from 1 to a hundred thousand.
 */
export function users(count: number, thinkMs: Distribution): Arrivals {
  checkNumber('users', 'count', count, { min: 1, max: 100_000, integer: true });
  return ({ clock, random, arrive }) => {
    let stopped = false;
    const think = (): void => {
      clock.schedule(thinkMs(random), () => {
        if (!stopped) void arrive().then(think);
      });
    };
    for (let user = 0; user < count; user++) think();
    return () => {
      stopped = true;
    };
  };
}

function openLoop(
  owner: string,
  callsPerSecond: CallRate,
  draw: (gapMs: number, random: () => number) => number,
): Arrivals {
  if (typeof callsPerSecond !== 'function') {
    checkNumber(owner, 'callsPerSecond', callsPerSecond, { above: 0 });
  }
  return ({ clock, random, arrive }) => {
    const startMs = clock.now();
    let timer: Timer | undefined;
    const gap = (): number => {
      const rate =
        typeof callsPerSecond === 'function' ? callsPerSecond(clock.now() - startMs) : callsPerSecond;
      return draw(1_000 / checkNumber(owner, 'callsPerSecond', rate, { above: 0 }), random);
    };
    const next = (): void => {
      timer = clock.schedule(gap(), next);
      void arrive();
    };
    timer = clock.schedule(gap(), next);
    return () => timer?.cancel();
  };
}
