import { setTimeout as sleep } from 'node:timers/promises';
import { seededRandom } from 'keelson/testing';
import { phaseAt, phases, starts, totalSeconds } from './schedule.mjs';

/**
 * @typedef {object} Wish What a customer of the shop wants.
 * @property {number} order
 * @property {'price' | 'charge'} kind Prices are read, and an old one is better than none. Charges are not.
 * @property {number} at Seconds after the start.
 * @property {number} phase
 */

const PER_SECOND = 40;

/** A crowd comes a little after its phase began, so that the service has heard of it. */
const CROWD_AFTER_S = 0.2;

/**
 * The same wishes for the same seed. They arrive as customers do: at random, and none waits for another.
 * @returns {Wish[]}
 */
export function wishes(seed) {
  const random = seededRandom(seed);
  const times = [];
  for (let at = 0; at < totalSeconds; at += -Math.log(1 - random()) / PER_SECOND) times.push(at);
  for (const [phase, { crowd = 0 }] of phases.entries()) {
    for (let i = 0; i < crowd; i++) times.push(starts[phase] + CROWD_AFTER_S);
  }
  times.sort((a, b) => a - b);
  return times.map((at, order) => ({
    order,
    at,
    phase: phaseAt(at),
    kind: random() < 0.7 ? 'price' : 'charge',
  }));
}

/** Hands each wish on when its time has come, and returns when the last one has been. */
export async function arrive(all, startedAt, send) {
  for (const wish of all) {
    const early = startedAt + wish.at * 1_000 - performance.now();
    if (early > 1) await sleep(early);
    send(wish);
  }
}
