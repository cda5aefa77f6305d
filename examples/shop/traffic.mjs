import { setTimeout as sleep } from 'node:timers/promises';
import { seededRandom } from 'keelson/testing';
import { keys, limits, shop } from './settings.mjs';

/**
 * @typedef {object} Wish What a customer wants.
 * @property {number} number Of an order, from 1; 0 for a page.
 * @property {string} sku
 * @property {number} at Seconds after the start.
 * @property {number} phase
 */

/** What customers want, at random times; the same for the same seed. @returns {Wish[]} */
export function wishes({ seed, table, perSecond, ordersRatio = 0.3 }) {
  const random = seededRandom(seed);
  const all = [];
  let number = 0;
  for (const [phase, { begins, ends, load = 1 }] of table.entries()) {
    const gap = () => -Math.log(1 - random()) / (perSecond * load);
    for (let at = begins + gap(); at < ends; at += gap()) {
      const sku = shop.skus[Math.floor(random() * shop.skus.length)];
      all.push({ at, phase, sku, number: random() < ordersRatio ? ++number : 0 });
    }
  }
  return all;
}

/** Hands each wish on when its time has come. */
export async function arrive(all, startedAt, send) {
  for (const wish of all) {
    const early = startedAt + wish.at * 1_000 - performance.now();
    if (early > 1) await sleep(early);
    send(wish);
  }
}

/**
 * @typedef {'answered' | 'partial' | 'refused' | 'failed' | 'left'} End `partial`: without what nobody
 *   misses, or with an old number. `left`: nobody had answered when the customer's patience was over.
 * @typedef {Wish & { end: End, status: number, waitMs: number, fresh: boolean }} Visit
 */

/** What the customers of one of the two shops saw. */
export class Lane {
  /** @type {Visit[]} */
  visits = [];
  sent = 0;
  url;
  #name;

  /** `name` begins the ids of its orders. */
  constructor(url, name) {
    this.url = url;
    this.#name = name;
  }

  idOf(number) {
    return `${this.#name}-${number}`;
  }

  /** Makes the call; the promise never rejects. */
  async visit(wish) {
    this.sent++;
    const path = wish.number > 0 ? `/orders/${this.idOf(wish.number)}` : `/pages/${wish.sku}`;
    const began = performance.now();
    const seen = await ask(this.url + path, wish.number > 0 ? 'PUT' : 'GET', keys.customers);
    this.visits.push({ ...wish, ...seen, waitMs: performance.now() - began });
  }

  /** The ids of the orders of which the customer was told that they are taken. */
  get accepted() {
    const taken = this.visits.filter(({ number, status }) => number > 0 && status >= 200 && status < 300);
    return taken.map(({ number }) => this.idOf(number));
  }

  count(end) {
    return this.visits.filter(visit => visit.end === end).length;
  }

  waitMs(quantile) {
    const waits = this.visits.map(({ waitMs }) => waitMs).sort((a, b) => a - b);
    return waits[Math.max(0, Math.ceil(quantile * waits.length) - 1)] ?? 0;
  }
}

/** One request of a customer. @returns {Promise<{ end: End, status: number, fresh: boolean }>} */
export async function ask(url, method, key) {
  try {
    const headers = { 'x-api-key': key };
    const answer = await fetch(url, { method, headers, signal: AbortSignal.timeout(limits.patienceMs) });
    const body = /** @type {any} */ (await answer.json().catch(() => ({})));
    const { status } = answer;
    const fresh = body.stock !== undefined && body.stock.stale !== true;
    const partial = body.stock?.stale === true || answer.headers.has('x-aggregate-missing');
    // A card that is declined is an answer, too.
    if (answer.ok || status === 422) return { end: partial ? 'partial' : 'answered', status, fresh };
    return { end: status < 500 || status === 503 ? 'refused' : 'failed', status, fresh };
  } catch (error) {
    return { end: error.name === 'TimeoutError' ? 'left' : 'failed', status: 0, fresh: false };
  }
}
