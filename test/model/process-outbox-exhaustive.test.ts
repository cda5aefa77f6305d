import { describe, expect, it } from 'vitest';
import { explore } from '../../src/testing/explore.js';
import { type Event, rules, type Scene, World } from './process-outbox-world.js';

const isThrough = (world: World, key: string): boolean => world.naive.of(key).length === 0;
const isParked = (world: World, key: string): boolean => world.naive.of(key)[0]?.parked === true;

/** What must be so at any time. */
function objection(world: World): string | undefined {
  const { naive, broker, scene } = world;
  const first = [...new Set(broker)];
  for (const [key, natures] of Object.entries(scene.sends)) {
    const wanted = natures.map((_, at) => `${key}${at}`).filter(id => !naive.discarded.includes(id));
    const went = first.filter(id => id.startsWith(key));
    if (went.some((id, at) => id !== wanted[at])) return `${key} went as ${went}, not as ${wanted}`;
    const waiting = naive.of(key).map(({ id }) => id);
    const lost = wanted.filter(id => !went.includes(id) && !waiting.includes(id));
    if (lost.length > 0) return `${lost} was lost`;
  }
  for (const { id, parked, crashes } of naive.heads) {
    const nature = world.natureOf(id);
    if (parked && nature === 'good') return `${id} was parked, and is innocent`;
    // Of one that a program did not live to tell nobody knows.
    const refusals = world.refusals.get(id) ?? 0;
    const most = rules.maxPublishTries + scene.chances;
    if (parked && nature === 'refused' && (refusals < rules.maxPublishTries || refusals > most)) {
      return `${id} was parked after ${refusals} refusals`;
    }
    if (parked && nature === 'deadly' && crashes < rules.maxPublishCrashes) return `${id} was parked early`;
  }
  // Once together with others, when nobody could tell which it was.
  for (const [id, count] of world.deaths) {
    if (count > rules.maxPublishCrashes + 1) return `${id} has ended ${count} programs`;
  }
  return undefined;
}

/** What goes on without chance and without anybody who decides. */
const goesOn = (event: Event): boolean =>
  event === 'pass' ||
  event === 'back' ||
  (typeof event === 'object' && ('claim' in event || 'publish' in event || 'settle' in event));

describe('an outbox of which some commands cannot be published', () => {
  it.each<[string, Scene]>([
    ['one is refused', { sends: { a: ['good', 'refused', 'good'], b: ['good'] }, ...few(2, 1, 1) }],
    ['one is hopeless', { sends: { a: ['hopeless', 'good'], b: ['good', 'good'] }, ...few(2, 1, 1) }],
    ['one ends programs', { sends: { a: ['good', 'deadly', 'good'], b: ['good'] }, ...few(2, 1, 1) }],
    ['one ends two programs', { sends: { a: ['deadly', 'good'], b: ['good'] }, ...few(2, 1, 0) }],
    ['two end programs', { sends: { a: ['deadly'], b: ['deadly'], c: ['good'] }, ...few(2, 0, 2) }],
    ['the broker goes away', { sends: { a: ['refused', 'good'], b: ['good'] }, ...few(1, 1, 1), away: true }],
  ])('loses none, keeps order, and holds up no others: %s', (name, scene) => {
    const keys = Object.keys(scene.sends);
    const bad = keys.filter(key => scene.sends[key]!.some(nature => nature !== 'good'));
    const good = keys.filter(key => !bad.includes(key));
    const { states, transitions } = explore<World, Event>({
      initial: () => new World(scene),
      events: world => world.events(),
      step: (world, event) => world.after(event),
      key: world => world.key,
      always: objection,
      goals: {
        'something is parked': world => bad.some(key => isParked(world, key)),
        'the others are through': world => good.every(key => isThrough(world, key)),
        ...(scene.decisions > 0 && {
          'what was behind is through': (world: World) => bad.some(key => isThrough(world, key)),
        }),
      },
      liveness: [
        {
          name: 'the others come through, whatever becomes of the one',
          to: world => good.every(key => isThrough(world, key)),
          by: goesOn,
        },
        {
          name: 'what cannot be published is parked, or thrown away',
          to: world => bad.every(key => isParked(world, key) || isThrough(world, key)),
          by: goesOn,
        },
      ],
    });
    console.info(`outbox, ${name}: ${states} states, ${transitions} transitions`);
    expect(states).toBeGreaterThan(100);
  });
});

function few(programs: number, chances: number, decisions: number) {
  return { programs, chances, decisions };
}
