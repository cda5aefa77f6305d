import { expect, it } from 'vitest';
import { Balancer } from '../../src/discovery/balancer.js';
import type { BalancerPick } from '../../src/discovery/balancer-options.js';
import { hashRing, leastBusy } from '../../src/discovery/balancer-ways.js';
import { explore } from '../../src/testing/explore.js';
import { VirtualClock } from '../../src/testing/virtual-clock.js';

type Event =
  | readonly ['pick', avoided: string]
  | readonly ['done', id: string]
  | readonly ['leave' | 'come' | 'eject' | 'readmit' | 'drain' | 'stay', id: string];

const MOST = 2;
const names = ['a', 'b', 'c'];
const ways = { 'least busy': leastBusy, 'a bounded ring': () => hashRing({ points: 4, maxLoadRatio: 1.25 }) };

/** What is there, told by the events alone, beside the balancer. */
class Town {
  readonly history: readonly Event[];
  readonly balancer: Balancer;
  readonly there = new Set(names);
  readonly ejected = new Set<string>();
  readonly draining = new Set<string>();
  readonly open: BalancerPick[] = [];
  mistake: string | undefined;

  constructor(by: keyof typeof ways, history: readonly Event[]) {
    this.history = history;
    // Chance that is always the same has no state.
    this.balancer = new Balancer({ by: ways[by](), random: () => 0.4, clock: new VirtualClock() });
    this.#update();
    for (const event of history) this.#apply(event);
  }

  #update(): void {
    this.balancer.update([...this.there].sort().map(id => ({ id })));
  }

  /** Those that may be chosen: the ejected as well, when fewer than half are left. */
  get eligible(): readonly string[] {
    const all = [...this.there].filter(id => !this.draining.has(id));
    const left = all.filter(id => !this.ejected.has(id));
    return left.length < all.length / 2 ? all : left;
  }

  inFlight(id: string): number {
    return this.open.filter(({ instance }) => instance.id === id).length;
  }

  #apply(event: Event): void {
    const [what, id] = event;
    if (what === 'pick') this.#pick(id);
    else if (what === 'done') this.#end(id);
    else if (what === 'leave' || what === 'come') {
      if (what === 'leave') for (const set of [this.there, this.ejected, this.draining]) set.delete(id);
      else this.there.add(id);
      this.#update();
    } else if (what === 'eject' || what === 'readmit') {
      this.balancer[what](id);
      if (what === 'eject') this.ejected.add(id);
      else this.ejected.delete(id);
    } else {
      this.balancer.drain(id, what === 'drain');
      if (what === 'drain') this.draining.add(id);
      else this.draining.delete(id);
    }
  }

  #pick(avoided: string): void {
    const avoid = new Set(this.balancer.instances.filter(({ id }) => id === avoided));
    const { eligible } = this;
    try {
      const pick = this.balancer.pick({ avoid });
      if (!eligible.includes(pick.instance.id)) this.mistake = `${pick.instance.id} may not be chosen`;
      if (pick.instance.id === avoided && eligible.length > 1) this.mistake = `${avoided} was to be avoided`;
      this.open.push(pick);
    } catch {
      if (eligible.length > 0) this.mistake = 'nobody was chosen, though there is somebody';
    }
  }

  #end(id: string): void {
    const at = this.open.findIndex(({ instance }) => instance.id === id);
    const [pick] = this.open.splice(at, 1);
    pick!.done();
    pick!.done('failure');
  }

  key(): string {
    return names
      .map(
        id => [this.there, this.ejected, this.draining].map(set => +set.has(id)).join('') + this.inFlight(id),
      )
      .join(' ');
  }
}

function eventsOf(town: Town): Event[] {
  const events: Event[] = [];
  if (town.open.length < MOST) events.push(['pick', ''], ['pick', 'a']);
  for (const id of names) {
    if (town.inFlight(id) > 0) events.push(['done', id]);
    if (!town.there.has(id)) events.push(['come', id]);
    else {
      events.push(['leave', id], [town.ejected.has(id) ? 'readmit' : 'eject', id]);
      if (id === 'b') events.push([town.draining.has(id) ? 'stay' : 'drain', id]);
    }
  }
  return events;
}

it.each(Object.keys(ways) as (keyof typeof ways)[])(
  'a balancer chooses whom it may and counts what is in flight, in every state (%s) (LB1, LB4)',
  by => {
    const { states, transitions } = explore<Town, Event>({
      maxStates: 20_000,
      initial: () => new Town(by, []),
      events: eventsOf,
      step: (town, event) => new Town(by, [...town.history, event]),
      key: town => town.key(),
      always: town => {
        if (town.mistake !== undefined) return town.mistake;
        const wrong = names.find(id => town.balancer.inFlight(id) !== town.inFlight(id));
        return (
          wrong && `${wrong} has ${town.balancer.inFlight(wrong)} in flight, not ${town.inFlight(wrong)}`
        );
      },
      goals: {
        'calls are under way to one that is gone': ({ open, there }) =>
          open.some(({ instance }) => !there.has(instance.id)),
        'nobody may be chosen': ({ eligible }) => eligible.length === 0,
      },
    });
    console.info(`balancer, ${by}: ${states} states, ${transitions} transitions, to a fixpoint`);
    expect(states).toBeGreaterThan(100);
  },
);
