import { limits } from './settings.mjs';

const MIN_SERVED = 0.99;
/** The longest time limit, and time to tell of it. */
const MAX_WAIT_MS = limits.placeMs + 500;
const MAX_FOUND_MS = 3_000;
/** Longer than this, and attempts run out of time for which nobody is to blame. */
export const MAX_STALL_MS = 300;

const percent = ratio => `${(ratio * 100).toFixed(1)} %`;
const euros = cents => `${(cents / 100).toFixed(2)} €`;

/**
 * What the shop promises, checked against what customers saw and what stands in the books.
 *
 * @typedef {{ says: string, kept: boolean, measured: string }} Checked
 * @type {Record<string, (run: import('./run.mjs').Result) => Checked>}
 */
const checks = {
  served({ keelson }) {
    const served = keelson.count('answered') + keelson.count('partial');
    return {
      says: `at least ${percent(MIN_SERVED)} of what customers ask is answered`,
      kept: served >= MIN_SERVED * keelson.sent,
      measured: `${served} of ${keelson.sent}`,
    };
  },
  wait({ keelson, stallMs }) {
    const longest = keelson.waitMs(1);
    return {
      says: `no customer waits longer than ${MAX_WAIT_MS} ms`,
      kept: longest <= MAX_WAIT_MS + Math.min(stallMs, MAX_STALL_MS),
      measured: `${Math.round(longest)} ms`,
    };
  },
  orders({ tallies: { keelson } }) {
    const { done, undone, half, unended, untrue, parked } = keelson;
    return {
      says: 'every accepted order ends done or undone, and its books are true',
      kept: done > 0 && half + unended + untrue + parked === 0,
      measured: `${done} done, ${undone} undone, ${half} half done, ${unended} without an end`,
    };
  },
  money({ tallies: { keelson } }) {
    const { chargedCents, dueCents, twice } = keelson;
    return {
      says: 'charges less refunds are the price of what is done',
      kept: chargedCents === dueCents && twice === 0,
      measured: `${euros(chargedCents)} for ${euros(dueCents)}, ${twice} orders twice`,
    };
  },
  stock({ tallies: { keelson } }) {
    return {
      says: 'what is off the shelf is what was sold',
      kept: keelson.taken === keelson.done,
      measured: `${keelson.taken} for ${keelson.done}`,
    };
  },
  mail({ tallies: { keelson } }) {
    const { mails, mailless, overmailed } = keelson;
    return {
      says: 'every order that has ended has one mail',
      kept: mails > 0 && mailless + overmailed === 0,
      measured: `${mails} mails; ${mailless} orders without, ${overmailed} with more than one`,
    };
  },
  limit({ bot, keelson }) {
    const most = Math.ceil(limits.pagesAtOnce + limits.pagesPerSecond * bot.seconds);
    const others = keelson.visits.filter(({ status }) => status === 429).length;
    return {
      says: 'who asks too often gets a share, and costs nobody else theirs',
      kept: bot.served <= most && bot.turnedAway > 0 && others === 0,
      measured: `${bot.served} of ${bot.asked} pages, ${most} at most; ${others} customers turned away`,
    };
  },
  doors({ doors }) {
    return {
      says: 'nobody gets in without a key',
      kept: doors.every(status => status === 401),
      measured: `HTTP ${doors.join(' and ')}`,
    };
  },
  found({ foundMs }) {
    return {
      says: `an instance at another address is found within ${MAX_FOUND_MS} ms`,
      kept: foundMs <= MAX_FOUND_MS,
      measured: foundMs === Infinity ? 'never' : `${Math.round(foundMs)} ms`,
    };
  },
};

/** What a machine can break that does not let the processes run. */
const timely = new Set(['served', 'wait', 'found', 'limit']);

/** @returns {'kept' | 'broken' | 'unclear'} */
export function verdictOf(made, stallMs) {
  const broken = made.filter(({ kept }) => !kept);
  if (broken.length === 0) return 'kept';
  return stallMs > MAX_STALL_MS && broken.every(({ name }) => timely.has(name)) ? 'unclear' : 'broken';
}

/** Those that hold whatever happens, and as long as it likes. */
const always = new Set(['orders', 'money', 'stock', 'mail', 'doors']);

/** `booksOnly` leaves out what only the script puts to the test. */
export function checkPromises(run, { booksOnly = false } = {}) {
  const names = Object.keys(checks).filter(name => !booksOnly || always.has(name));
  return names.map(name => ({ name, ...checks[name](run) }));
}
