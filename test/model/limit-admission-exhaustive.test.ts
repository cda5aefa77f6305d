import { expect, it } from 'vitest';
import { LimitAdmission, type Partition, shareOf } from '../../src/core/limit-admission.js';
import { explore } from '../../src/testing/explore.js';

type Event =
  | { readonly limit: number }
  | { readonly come: number; readonly to: number }
  | { readonly go: number };

const LIMITS = [1, 3, 5];
/** Nobody's, a small share and a large one. */
const SHARES = [undefined, 0.1, 0.6];

/** Lived through again from the beginning: an admission cannot be cloned. */
class World {
  readonly admission = new LimitAdmission(0.25);
  readonly partitions: (Partition | undefined)[];
  readonly inFlight: number[] = [0, 0, 0];
  readonly history: readonly Event[];
  limit = LIMITS[2]!;
  admitted = false;

  constructor(history: readonly Event[] = []) {
    this.history = history;
    this.partitions = SHARES.map((share, at) => share && { name: `${at}`, share, taken: 0 }) as (
      | Partition
      | undefined
    )[];
    for (const event of history) this.#apply(event);
  }

  get total(): number {
    return this.inFlight.reduce((sum, one) => sum + one, 0);
  }

  #apply(event: Event): void {
    this.admitted = false;
    if ('limit' in event) this.limit = event.limit;
    else if ('go' in event) {
      this.inFlight[event.go]!--;
      this.admission.release(this.partitions[event.go]);
    } else if (this.admission.take(this.limit, event.come, this.partitions[event.to])) {
      this.inFlight[event.to]!++;
      this.admitted = true;
    }
    if (this.admission.taken !== this.total) throw new Error('the count is wrong');
  }

  events(): Event[] {
    const events: Event[] = LIMITS.filter(limit => limit !== this.limit).map(limit => ({ limit }));
    for (const to of [0, 1, 2]) {
      for (const come of [1, 0, -1, -2, -9]) events.push({ come, to });
      if (this.inFlight[to]! > 0) events.push({ go: to });
    }
    return events;
  }
}

/** What the page promises, said without the machine: a call goes if the limit lets it, or its share does. */
function mayGo({ inFlight, limit, total, partitions }: World, priority: number, to: number): boolean {
  const part = Math.max(0.5, 1 + 0.25 * Math.min(0, priority));
  const partition = partitions[to];
  const owed = partition === undefined ? 0 : Math.max(1, Math.ceil(limit * partition.share));
  const most = Math.max(Math.ceil(limit / 2), Math.floor(limit * part));
  return total + 1 <= most || inFlight[to]! < owed;
}

it('admission keeps the limit, the order of urgency and every share, in every state', () => {
  const { states, transitions } = explore<World, Event>({
    maxStates: 2000,
    initial: () => new World(),
    events: world => world.events(),
    step: (world, event) => new World([...world.history, event]),
    key: ({ inFlight, limit }) => `${inFlight.join()} ${limit}`,
    always: ({ total, partitions }) => {
      const shares = partitions.reduce((sum, one) => sum + (one === undefined ? 0 : shareOf(one, 5)), 0);
      return total > 5 + shares ? 'more than the limit and all shares' : undefined;
    },
    invariant: (before, event, after) => {
      if (!('come' in event)) return undefined;
      return after.admitted === mayGo(before, event.come, event.to) ? undefined : 'a wrong answer';
    },
    goals: {
      'over the limit, by shares': ({ total, limit }) => limit === 5 && total > 5,
      'over a lowered limit': ({ total, limit }) => limit === 1 && total > 4,
    },
    liveness: [{ name: 'empty', to: ({ total }) => total === 0, by: event => 'go' in event, paths: 'every' }],
  });
  console.info(`admission: ${states} states, ${transitions} transitions, to a fixpoint`);
  expect(states).toBeGreaterThan(100);
});
