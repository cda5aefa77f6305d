import { seededRandom } from 'keelson/testing';

/**
 * @typedef {object} Phase
 * @property {string} name
 * @property {string} about
 * @property {'nothing' | 'mood' | 'kill' | 'kill a worker' | 'kill the bus' | 'rush'} how What is done: see
 *   `hurts.mjs`.
 * @property {string} [who] To which process.
 * @property {string} [mood]
 * @property {number} [load] So many times as many customers as else.
 *
 * @typedef {Phase & { begins: number, ends: number }} Timed With the seconds at which it begins and ends.
 */

/** What is done to the shop, in this order, and how long it lasts beside the others. */
const whole = /** @type {(Phase & { share: number })[]} */ ([
  { name: 'calm', share: 2, how: 'nothing', about: 'all is well' },
  {
    name: 'slow',
    share: 3,
    how: 'mood',
    who: 'payments',
    mood: 'slow',
    about: 'payments takes 1.2 s to answer',
  },
  {
    ...{ name: 'hung', share: 3, how: 'mood', who: 'recommendations', mood: 'hangs' },
    about: 'recommendations takes requests and never answers',
  },
  {
    ...{ name: 'lossy', share: 3, how: 'mood', who: 'payments', mood: 'lossy' },
    about: 'payments does its work, and a third of its answers are lost',
  },
  {
    name: 'crash',
    share: 4,
    how: 'kill',
    who: 'inventory',
    about: 'kill -9 of inventory; back at another address',
  },
  { name: 'worker', share: 4, how: 'kill a worker', about: 'kill -9 of a worker with orders under way' },
  {
    ...{ name: 'bus', share: 4, how: 'kill the bus', who: 'bus' },
    about: 'kill -9 of the bus, and then of both workers; all come back',
  },
  {
    name: 'rush',
    share: 3,
    how: 'rush',
    load: 2,
    about: 'twice the customers, and 150 pages at once for a program',
  },
  { name: 'calm', share: 2, how: 'nothing', about: 'all is well again' },
]);

/** Servers that are not the shop's own have other users, too: they are left alone. */
const isOurs = (who, { bus = 'postgres', servers = false }) =>
  who === 'bus' ? bus === 'postgres' && !servers : who !== 'orders database' || !servers;

/** The script, in so many seconds. @returns {Timed[]} */
export function timetable(seconds, where = {}) {
  const script = whole.filter(({ who }) => isOurs(who, where));
  const shares = script.reduce((sum, { share }) => sum + share, 0);
  let at = 0;
  return script.map(({ share, ...phase }) => {
    const begins = at;
    at += (share / shares) * seconds;
    return { ...phase, begins, ends: at };
  });
}

const services = ['payments', 'inventory', 'shipping'];
const mortal = [
  ...services,
  'notifications',
  'orders',
  'orders database',
  'bus',
  'registry',
  'recommendations',
];

/** Something bad, chosen by chance. @returns {Phase} */
function anything(random, where) {
  const any = list => list[Math.floor(random() * list.length)];
  const chance = random();
  if (chance < 0.15) return { name: 'worker', how: 'kill a worker', about: 'kill -9 of a worker' };
  if (chance < 0.25) return { name: 'rush', how: 'rush', load: 2, about: 'twice the customers' };
  if (chance < 0.65) {
    const who = any(mortal.filter(name => isOurs(name, where)));
    return { name: 'crash', how: 'kill', who, about: `kill -9 of ${who}, which comes back` };
  }
  const [who, mood] = [any([...services, 'recommendations']), any(['slow', 'hangs', 'lossy'])];
  return { name: mood, how: 'mood', who, mood, about: `${who} ${mood === 'hangs' ? mood : `is ${mood}`}` };
}

/** One bad thing after the other, the same for the same seed, and a calm end. @returns {Timed[]} */
export function chaos(seconds, seed, where = {}) {
  const random = seededRandom(seed);
  /** @type {Timed[]} */
  const table = [];
  let at = 0;
  while (at < seconds - 3) {
    const ends = Math.min(seconds - 3, at + 3 + random() * 5);
    table.push({ ...anything(random, where), begins: at, ends });
    at = ends;
  }
  table.push({ name: 'calm', how: 'nothing', about: 'all is well again', begins: at, ends: seconds });
  return table;
}
