import { expect, it } from 'vitest';
import { explore, type Liveness } from '../../src/testing/explore.js';
import { type Event, OutboxWorld, type Scene } from './outbox-world.js';

/** The messages of a key, as they reached the broker for the first time. */
const firsts = (world: OutboxWorld, key: string): string[] =>
  [...new Set(world.log)].filter(name => name[0] === key);

/** What must hold in every state; a message says what does not. */
function objection(world: OutboxWorld): string | undefined {
  const { log, rows, committed, scene, parked } = world;
  if (world.wrong !== '') return world.wrong;
  for (const name of committed) {
    if (!log.includes(name) && !rows.some(row => row.name === name)) return `${name} is lost`;
  }
  for (const name of log) if (!committed.includes(name)) return `${name} was published and never committed`;
  for (const key of ['a', 'b', 'c']) {
    const names = firsts(world, key);
    if (names.join() !== [...names].sort().join()) return `${names} is not the order of ${key}`;
  }
  // Who is silent for longer than a lease, twice and in the midst of the same message, passes for dead.
  const innocent = scene.prompt === true && [...parked].find(key => key !== scene.poison?.[0]);
  if (innocent) return `${innocent} is parked, and did nothing`;
  if (scene.poison !== undefined && world.deaths > 3) return `${scene.poison} has ended four relays`;
  return undefined;
}

/** Whoever goes on and does what is to be done gets all of it to the broker, but for what is parked. */
const ends: Liveness<OutboxWorld, Event> = {
  name: 'all of it reaches the broker',
  to: ({ scene, committed, rows, parked }) =>
    committed.length === scene.messages.length && rows.every(({ key }) => parked.has(key)),
  by: event => event === 'tick' || !('crash' in event),
};

/** SIMULATE=long: nearly a million states more, some minutes. */
const long = process.env['SIMULATE'] === 'long';

const scenes: Readonly<Record<string, Scene & { readonly goals: readonly string[] }>> = {
  'one relay after another, who may be paused or die at any time': {
    ...{ messages: ['a1', 'b1', 'a2'], relays: 1, crashes: long ? 2 : 1 },
    goals: ['twice', 'late', 'suspect'],
  },
  'two relays of which one may die at any time': {
    ...{ messages: ['a1', 'b1', 'a2'], relays: 2, crashes: 1, prompt: true },
    goals: ['twice', 'late', 'suspect'],
  },
  ...(long && {
    'two relays that may be paused at any time': {
      ...{ messages: ['a1', 'a2'], relays: 2, crashes: 1 },
      goals: ['twice', 'late', 'suspect'],
    },
  }),
  'two relays and a message that ends whoever publishes it': {
    ...{ messages: ['a1', 'b1', 'a2', 'c1'], relays: 2, crashes: 0, poison: 'a1', prompt: true },
    goals: ['parked', 'suspect'],
  },
  'a message in the midst of its key that ends whoever publishes it': {
    ...{ messages: ['a1', 'b1', 'a2', 'a3'], relays: 1, crashes: 0, poison: 'a2', prompt: true },
    goals: ['parked', 'suspect'],
  },
};

const goals: Readonly<Record<string, (world: OutboxWorld) => boolean>> = {
  twice: ({ log }) => new Set(log).size < log.length,
  late: ({ late }) => late.length > 0,
  suspect: ({ relays }) => relays.some(({ alone }) => alone.length > 0),
  parked: ({ parked, rows }) => parked.size > 0 && rows.every(({ key }) => parked.has(key)),
};

it.each(Object.entries(scenes))(
  'relays lose nothing and keep the order, in every state: %s',
  (name, scene) => {
    const seen = explore<OutboxWorld, Event>({
      initial: () => new OutboxWorld(scene),
      events: world => world.events(),
      step: (world, event) => world.after(event),
      key: world => world.key(),
      always: objection,
      liveness: [ends],
      goals: Object.fromEntries(scene.goals.map(goal => [goal, goals[goal]!])),
    });
    console.log(`outbox, ${name}: ${seen.states} states, ${seen.transitions} transitions`);
    expect(seen.states).toBeGreaterThan(500);
  },
  1_800_000,
);
