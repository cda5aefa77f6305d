import { setTimeout as sleep } from 'node:timers/promises';
import { shop } from './settings.mjs';

const services = ['inventory', 'payments', 'shipping'];
const PATIENCE_MS = 45_000;
/** Whatever has not changed for so long does not end any more. */
const STILL_MS = 8_000;

/** What stands in the books of all services; nobody else knows how an order has really ended. */
export async function readBooks(fleet) {
  const names = [...services, 'notifications', 'orders'];
  const books = await Promise.all(names.map(name => fleet.ledger(name)));
  return Object.fromEntries(names.map((name, at) => [name, books[at]]));
}

/** Waits until every order has ended and every mail is written, or until nothing moves any more. */
export async function settled(fleet, { onWait = _left => {} } = {}) {
  const began = performance.now();
  let last = { facts: '', at: began };
  for (;;) {
    const books = await readBooks(fleet);
    const { open, parked, waiting, rows } = books.orders;
    const unended = rows.filter(({ status }) => status === 'placed' || status === 'taken').length;
    const mails = books.notifications.rows.filter(({ says }) => says !== 'bare').length;
    const now = performance.now();
    const facts = JSON.stringify([open, parked, waiting, unended, mails, rows.length]);
    if (facts !== last.facts) last = { facts, at: now };
    const over = open === parked && unended === 0 && waiting === 0 && mails >= rows.length;
    if (over || now - last.at > STILL_MS || now - began > PATIENCE_MS) return books;
    onWait(open + unended + waiting);
    await sleep(300);
  }
}

const countBy = rows => {
  const counts = new Map();
  for (const { order } of rows) counts.set(order, (counts.get(order) ?? 0) + 1);
  return counts;
};

/**
 * @typedef {object} Tally
 * @property {number} accepted Orders of which the customer was told that they are taken.
 * @property {number} done Reserved, charged and shipped.
 * @property {number} undone None of it, or not any more.
 * @property {number} half Neither.
 * @property {number} twice Orders that were charged, reserved or shipped more than once.
 * @property {number} chargedCents What is charged and not given back.
 * @property {number} dueCents What the orders cost that are done.
 * @property {number} taken Units that are off the shelf.
 * @property {number} unended Accepted, and without an end in the books of the orders.
 * @property {number} untrue Books of the orders that say something else than those of the services.
 * @property {number} parked
 * @property {number} mails
 * @property {number} mailless Orders that have ended without a mail.
 * @property {number} overmailed Orders with more than one.
 */

/**
 * How the orders of one shop stand, by the books of all.
 * @param {import('./traffic.mjs').Lane} lane
 * @returns {Tally}
 */
export function tally(books, lane) {
  const accepted = lane.accepted;
  const mine = rows => rows.filter(({ order }) => order.startsWith(lane.idOf('')));
  const live = services.map(service => countBy(mine(books[service].rows).filter(({ undone }) => !undone)));
  const touched = services.flatMap(service => mine(books[service].rows).map(({ order }) => order));
  const status = new Map(mine(books.orders.rows).map(row => [row.order, row.status]));
  const mails = countBy(mine(books.notifications.rows));
  const ids = new Set([...accepted, ...touched, ...status.keys()]);
  const ends = { done: 0, undone: 0, half: 0 };
  let [twice, untrue] = [0, 0];
  for (const id of ids) {
    const counts = live.map(those => those.get(id) ?? 0);
    const end = counts.every(count => count > 0)
      ? 'done'
      : counts.some(count => count > 0)
        ? 'half'
        : 'undone';
    ends[end]++;
    if (counts.some(count => count > 1)) twice++;
    const said = { completed: 'done', undone: 'undone' }[status.get(id)];
    if (said !== undefined && said !== end) untrue++;
  }
  // The bare shop has no books: to it each order that it began has ended.
  const isOver = id => ['completed', 'undone'].includes(status.get(id));
  const endedIds = [...ids].filter(id => status.size === 0 || isOver(id));
  const charges = mine(books.payments.rows).filter(({ undone }) => !undone);
  return {
    accepted: accepted.length,
    ...ends,
    twice,
    chargedCents: charges.reduce((sum, { amount }) => sum + amount, 0),
    dueCents: ends.done * shop.priceCents,
    taken: [...live[0].values()].reduce((sum, count) => sum + count, 0),
    unended: accepted.filter(id => !isOver(id)).length,
    untrue,
    parked: books.orders.parked,
    mails: [...mails.values()].reduce((sum, count) => sum + count, 0),
    mailless: endedIds.filter(id => !mails.has(id)).length,
    overmailed: [...mails.values()].filter(count => count > 1).length,
  };
}
