import { setMaxListeners } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { watchStalls } from '../parts/stall.mjs';
import { bareClient, keelsonClient } from './clients.mjs';
import { Ledger } from './ledger.mjs';
import { startService } from './processes.mjs';
import { sagaScene } from './saga-scene.mjs';
import { phaseAt, phases, starts, totalSeconds } from './schedule.mjs';
import { arrive, wishes } from './traffic.mjs';

/** A caller that still waits this long after the last call was made is called off, and counts as failed. */
const PATIENCE_MS = 6_000;

/**
 * Sends the same calls at the same time through both clients, each to a service of its own.
 * @param {{ seed: number, without?: string, screen?: import('./screen.mjs').Screen }} options
 */
export async function run({ seed, without, screen }) {
  const before = process.getActiveResourcesInfo();
  const [bareService, keelsonService] = await Promise.all([startService(), startService()]);
  const both = [bareService, keelsonService];
  const patience = new AbortController();
  // All calls that are under way listen to it.
  setMaxListeners(0, patience.signal);
  const clients = {
    bare: bareClient(bareService.origin),
    keelson: keelsonClient(keelsonService.origin, { without, signal: patience.signal }),
  };
  const bare = new Ledger();
  const keelson = new Ledger();
  const stalls = watchStalls();
  const startedAt = performance.now();
  const seconds = () => (performance.now() - startedAt) / 1_000;
  const changes = clients.keelson.watch(seconds);
  for (const service of both) service.start();

  const now = () => {
    const at = seconds();
    const draining = at >= totalSeconds;
    return { seconds: at, draining, phase: phaseAt(at), bare, keelson, breaker: clients.keelson.state() };
  };
  const turns = phases.map((_phase, place) =>
    setTimeout(() => {
      for (const service of both) service.enter(place);
      screen?.phase({ ...now(), phase: place });
    }, starts[place] * 1_000),
  );
  const ticking = setInterval(() => screen?.status(now()), 100);

  const calls = [];
  try {
    await arrive(wishes(seed), startedAt, wish => {
      calls.push(bare.follow(wish, clients.bare.call), keelson.follow(wish, clients.keelson.call));
    });
    const late = setTimeout(() => patience.abort(new Error('nobody waits any longer')), PATIENCE_MS);
    await Promise.all(calls);
    clearTimeout(late);
  } finally {
    clearInterval(ticking);
    for (const turn of turns) clearTimeout(turn);
    stalls.stop();
  }
  const services = { bare: await bareService.report(), keelson: await keelsonService.report() };
  await Promise.all(both.map(service => service.stop()));
  const saga = await sagaScene({ without, screen });
  const { bare: one, keelson: other } = services;
  const stallMs = Math.max(stalls.longestMs(), one.stallMs, other.stallMs, saga.stallMs);
  const left = await leftovers(before);
  return { seed, without, bare, keelson, services, saga, changes, stallMs, leftovers: left };
}

/** What still holds the process open, beyond what did `before`. Sockets take a moment to close. */
async function leftovers(before) {
  for (let tries = 0; ; tries++) {
    const rest = [...before];
    const more = process.getActiveResourcesInfo().filter(resource => {
      const place = rest.indexOf(resource);
      if (place >= 0) rest.splice(place, 1);
      return place < 0;
    });
    if (more.length === 0 || tries === 50) return more;
    await sleep(20);
  }
}
