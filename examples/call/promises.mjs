import { limits } from './clients.mjs';
import { rules } from './orders.mjs';
import { phases } from './schedule.mjs';
import { recoveries } from './timeline.mjs';

/**
 * What the pipeline promises, checked against what was measured; bounds leave room for slow machines.
 *
 * @typedef {object} Promised
 * @property {string} name
 * @property {string} says
 * @property {boolean} kept
 * @property {string} measured
 */

/** The timeout, and time to pass its error on. */
const MAX_WAIT_MS = limits.totalMs + 250;
const MAX_LOAD = 0.4;
const MIN_REPAIRED = 0.95;
const MAX_BLIND_S = 3;
/** A lease that was renewed just before, a poll just missed, and time to tell of it. */
const MAX_TAKEOVER_MS = rules.leaseMs + rules.maxPollMs + 250;

const percent = ratio => `${(ratio * 100).toFixed(1)} %`;
const isMood = mood => entry => phases[entry.phase].mood === mood;

/** The requests that reached a service while it was sick. */
export const sickLoad = service =>
  service.phases.reduce((sum, { requests }, place) => sum + (phases[place].sick ? requests : 0), 0);

/** The most requests that were at a service at once. */
export const peak = service => Math.max(...service.phases.map(phase => phase.peak));

const checks = {
  wait({ keelson, stallMs }) {
    const longest = keelson.waitMs(1);
    return {
      says: `no caller waits longer than ${MAX_WAIT_MS} ms`,
      kept: longest <= MAX_WAIT_MS + stallMs,
      measured: `${Math.round(longest)} ms`,
    };
  },
  load({ services }) {
    const ratio = sickLoad(services.keelson) / sickLoad(services.bare);
    return {
      says: `a sick service gets at most ${percent(MAX_LOAD)} of the bare load`,
      kept: ratio <= MAX_LOAD,
      measured: percent(ratio),
    };
  },
  repair({ keelson }) {
    const ratio = keelson.ratio('answered', isMood('flaky'));
    return {
      says: `of the calls to a flaky service at least ${percent(MIN_REPAIRED)} are answered by it`,
      kept: ratio >= MIN_REPAIRED,
      measured: percent(ratio),
    };
  },
  prices({ keelson }) {
    const without = keelson.entries.filter(({ kind, end }) => kind === 'price' && end !== 'answered');
    const missing = without.filter(({ end }) => end !== 'fallback').length;
    return {
      says: 'every question for a price is answered',
      kept: missing === 0,
      measured: `${missing} are not`,
    };
  },
  crowd({ services }) {
    const most = peak(services.keelson);
    return {
      says: `a service has at most ${limits.slots} calls at once, and as many that are being called off`,
      kept: most <= 2 * limits.slots,
      measured: `${most}`,
    };
  },
  recovery({ keelson, stallMs }) {
    const blind = recoveries.map(at => {
      const first = keelson.entries.filter(({ at: sentAt, end }) => sentAt >= at && end === 'answered');
      return Math.min(...first.map(entry => entry.doneAt)) - at;
    });
    return {
      says: `a recovery is noticed within ${MAX_BLIND_S} s`,
      kept: Math.max(...blind) <= MAX_BLIND_S + stallMs / 1_000,
      measured: blind
        .map(seconds => (seconds < Infinity ? `${seconds.toFixed(1)} s` : 'never'))
        .join(' and '),
    };
  },
  once({ services }) {
    const { twice, repeats } = services.keelson;
    return {
      says: 'no order is charged twice',
      kept: twice === 0,
      measured: `${twice} are; ${repeats} repetitions recognised by their key`,
    };
  },
  accounts({ bare, keelson }) {
    const lost = [bare, keelson].map(
      ({ sent, counts }) => sent - Object.values(counts).reduce((sum, count) => sum + count, 0),
    );
    return {
      says: 'no call is lost: answered + failed + rejected = sent',
      kept: lost.every(count => count === 0) && bare.sent === keelson.sent,
      measured: `${lost.join(' and ')} of ${bare.sent} are`,
    };
  },
  saga({ saga }) {
    const { orders, completed, undone, halfDone, twice } = saga;
    return {
      says: 'every order whose worker is killed ends done or undone, and has no effect twice',
      kept: halfDone === 0 && twice === 0 && completed + undone === orders,
      measured: `${halfDone} of ${orders} are half done, ${twice} twice`,
    };
  },
  takeover({ saga, stallMs }) {
    const { takenOver, takeoverMs } = saga;
    return {
      says: `what a dead worker had is taken over within ${MAX_TAKEOVER_MS} ms, lease and poll`,
      kept: takenOver > 0 && takeoverMs <= MAX_TAKEOVER_MS + stallMs,
      measured: takenOver === 0 ? 'nothing is' : `${takenOver} orders, ${takeoverMs} ms at most`,
    };
  },
  leftovers({ leftovers }) {
    return {
      says: 'nothing is left that holds a process open',
      kept: leftovers.length === 0,
      measured: leftovers.join(', ') || 'nothing',
    };
  },
};

/** What a machine can break that does not let the processes run: to a caller that is a service that hangs. */
const timely = new Set(['wait', 'repair', 'crowd', 'recovery', 'takeover']);

/** Longer than this, and attempts run out of time for which nobody is to blame. */
export const MAX_STALL_MS = limits.attemptMs - 100;

/**
 * What the promises come to. `unclear`: some are broken, but may be so because the machine was too busy.
 * @returns {'kept' | 'broken' | 'unclear'}
 */
export function verdictOf(made, stallMs) {
  const broken = made.filter(({ kept }) => !kept);
  if (broken.length === 0) return 'kept';
  return stallMs > MAX_STALL_MS && broken.every(({ name }) => timely.has(name)) ? 'unclear' : 'broken';
}

/** @returns {Promised[]} */
export function checkPromises(run) {
  return Object.entries(checks).map(([name, check]) => ({ name, ...check(run) }));
}
