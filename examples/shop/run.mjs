import { setTimeout as sleep } from 'node:timers/promises';
import { watchStalls } from '../parts/stall.mjs';
import { reachBus } from './buses.mjs';
import { reachServers } from './database.mjs';
import { Fleet } from './fleet.mjs';
import { hurts } from './hurts.mjs';
import { settled, tally } from './ledger.mjs';
import { keys } from './settings.mjs';
import { arrive, ask, Lane, wishes } from './traffic.mjs';
import { Watch } from './watch.mjs';

const PER_SECOND = 9;
const BOT_PAGES = 150;

/** Starts the processes, and sends the first customers, who count nowhere: what runs first is slow. */
export async function open({ off, bus, servers, watch: watched, screen }) {
  const began = performance.now();
  await reachBus(bus);
  if (servers) await reachServers();
  const fleet = new Fleet({ off, bus, servers, watch: watched });
  const watch = new Watch();
  const stalls = watchStalls();
  fleet.onReady = name => screen?.ready(name);
  fleet.onMessage = (name, message) => watch.hear(name, message);
  await fleet.start();
  const first = ['bare', 'gateway'].flatMap(name => [
    ask(`${fleet.url(name)}/pages/tea`, 'GET', keys.customers),
    ask(`${fleet.url(name)}/orders/first-${name}`, 'PUT', keys.customers),
  ]);
  await Promise.all(first);
  return { fleet, watch, stalls, off, startMs: performance.now() - began };
}

/** A program that wants all pages at once. */
async function botAt(url) {
  const began = performance.now();
  const pages = Array.from({ length: BOT_PAGES }, () => ask(`${url}/pages/tea`, 'GET', keys.bot));
  const seen = await Promise.all(pages);
  const served = seen.filter(({ status }) => status === 200).length;
  const turnedAway = seen.filter(({ status }) => status === 429).length;
  return { asked: BOT_PAGES, served, turnedAway, seconds: (performance.now() - began) / 1_000 };
}

/** One phase after the other: it is over when its customers have come, and what was broken is mended. */
async function play({ fleet, watch, screen, seed, table, lanes }) {
  const startedAt = performance.now();
  const now = () => (performance.now() - startedAt) / 1_000;
  const seen = { events: [], bot: { asked: 0, served: 0, turnedAway: 0, seconds: 0 } };
  const note = what => {
    seen.events.push({ at: now(), what });
    screen?.note(now(), what);
  };
  const all = wishes({ seed, table, perSecond: PER_SECOND });
  const visits = [];
  const send = wish => {
    for (const lane of lanes) visits.push(lane.visit({ ...wish, at: now() }));
  };
  for (const [place, phase] of table.entries()) {
    const ticking = setInterval(() => screen?.status({ at: now(), phase, place, table, lanes }), 100);
    screen?.phase({ at: now(), phase, lanes });
    const scene = {
      ...{ fleet, note, busyWorker: patience => watch.busy(patience) },
      pass: ratio => sleep(ratio * (phase.ends - phase.begins) * 1_000),
      sendBot: async () => {
        seen.bot = await botAt(fleet.url('gateway'));
      },
    };
    const mine = all.filter(wish => wish.phase === place);
    const due = performance.now() - phase.begins * 1_000;
    await Promise.all([hurts[phase.how](scene, phase), arrive(mine, due, send)]);
    clearInterval(ticking);
  }
  await Promise.all(visits);
  return { ...seen, playMs: performance.now() - startedAt };
}

/**
 * The customers of a timetable, what they saw, and the books when all has ended. `round` tells the orders of
 * one from those of another.
 *
 * @typedef {Awaited<ReturnType<typeof serveCustomers>>} Result
 * @param {{ shop: Awaited<ReturnType<typeof open>>, table: import('./schedule.mjs').Timed[], seed: number,
 *   round?: string, screen?: import('./screen.mjs').Screen }} options
 */
export async function serveCustomers({ shop, table, seed, round = '', screen }) {
  const { fleet, watch, stalls, off, startMs } = shop;
  const began = performance.now();
  const takenOver = watch.takenOver;
  const bare = new Lane(fleet.url('bare'), `bare${round}`);
  const keelson = new Lane(fleet.url('gateway'), `keelson${round}`);
  const played = await play({ fleet, watch, screen, seed, table, lanes: [bare, keelson] });
  const url = `${fleet.url('gateway')}/pages/tea`;
  const doors = await Promise.all([ask(url, 'GET', ''), ask(url, 'GET', 'guessed')]);
  screen?.settling();
  const books = await settled(fleet);
  const processes = await fleet.health();
  return {
    ...{ seed, off, startMs, processes, books, bare, keelson, ...played },
    seconds: table.at(-1).ends,
    doors: doors.map(({ status }) => status),
    stallMs: Math.max(stalls.longestMs(), ...processes.map(({ stallMs }) => stallMs)),
    foundMs: foundAfter(played.events, keelson),
    takenOver: watch.takenOver - takenOver,
    tallies: { bare: tally(books, bare), keelson: tally(books, keelson) },
    totalMs: performance.now() - began + (watch.rounds++ === 0 ? startMs : 0),
  };
}

/** From the return of an instance to the first page with what it says, in ms. */
function foundAfter(events, lane) {
  const back = events.find(({ what }) => what === 'inventory back');
  if (back === undefined) return Infinity;
  const pages = lane.visits.filter(({ number, fresh }) => number === 0 && fresh);
  const ends = pages.map(({ at, waitMs }) => at * 1_000 + waitMs).filter(at => at >= back.at * 1_000);
  return Math.min(...ends) - back.at * 1_000;
}
