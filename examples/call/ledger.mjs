import { isRejected } from 'keelson';

/**
 * @typedef {'answered' | 'fallback' | 'failed' | 'rejected'} End How a call ended for its caller.
 * @typedef {import('./traffic.mjs').Wish & { end: End, waitMs: number, doneAt: number }} Entry
 */

/** Books every call of one client: when it was made, how it ended, how long its caller waited. */
export class Ledger {
  /** @type {Entry[]} */
  entries = [];
  sent = 0;
  /** @type {Record<End, number>} */
  counts = { answered: 0, fallback: 0, failed: 0, rejected: 0 };

  /** Makes the call; the promise never rejects. */
  async follow(wish, call) {
    this.sent++;
    const sentAt = performance.now();
    /** @type {End} */
    let end;
    try {
      end = (await call(wish)).stale ? 'fallback' : 'answered';
    } catch (error) {
      end = isRejected(error) ? 'rejected' : 'failed';
    }
    const waitMs = performance.now() - sentAt;
    this.counts[end]++;
    this.entries.push({ ...wish, end, waitMs, doneAt: wish.at + waitMs / 1_000 });
  }

  get waiting() {
    return this.sent - this.entries.length;
  }

  /** The part of the entries that `chosen` picks which ended so; 1 of none. */
  ratio(end, chosen) {
    const entries = this.entries.filter(chosen);
    return entries.length === 0 ? 1 : entries.filter(entry => entry.end === end).length / entries.length;
  }

  /** The wait that this part of the callers did not exceed, in ms. */
  waitMs(quantile, chosen = _entry => true) {
    const waits = this.entries.filter(chosen).map(entry => entry.waitMs);
    waits.sort((a, b) => a - b);
    return waits[Math.max(0, Math.ceil(quantile * waits.length) - 1)] ?? 0;
  }
}
