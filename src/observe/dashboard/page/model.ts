import { mergeSlices } from '../call-series.js';
import type {
  LoggedEvent,
  PatchMessage,
  ServiceFacts,
  ShelfFacts,
  StateChange,
  StateMessage,
  ThingChange,
  ThingFacts,
} from '../protocol.js';
import { fields, number } from './facts.js';
import { Samples } from './samples.js';

/** Events that the page remembers; older ones are gone. */
const MOST_EVENTS = 500;
const LONGEST_TIMELINE = 120;
/** Things whose numbers are followed over time. */
const MOST_FOLLOWED = 1_000;

/** The numbers that are followed, by kind. */
const followed: Readonly<Record<string, readonly [string, string]>> = {
  bulkhead: ['taken', 'waiting'],
  'adaptive-limiter': ['inFlight', 'limit'],
  'rate-limiter': ['tokens', 'waiting'],
  'shared-rate-limiter': ['waiting', 'limited'],
  'message-bus': ['publishing', 'requesting'],
  'outbox-relay': ['open', 'failed'],
  gateway: ['inFlight', 'tunnels'],
};

const stateAfter: Readonly<Record<string, string>> = {
  opened: 'open',
  halfOpened: 'half-open',
  closed: 'closed',
  isolated: 'isolated',
  disabled: 'disabled',
};

/** What the page knows. Everything in it is bounded: a page may stay open for weeks. */
export class Model {
  epoch = '';
  title = '';
  /** That of the server, in epoch ms. */
  at = 0;
  intervalMs = 1_000;
  readonly things = new Map<string, ThingFacts>();
  services: readonly ServiceFacts[] = [];
  shelves: readonly ShelfFacts[] = [];
  gauges: Readonly<Record<string, number | null>> = {};
  /** The newest last. */
  events: LoggedEvent[] = [];
  readonly timelines = new Map<string, StateChange[]>();
  /** By key of the thing; those of the user's gauges by `gauge ` and the name. */
  readonly samples = new Map<string, Samples>();
  /** Counts the events that have come, so that a panel knows whether there are new ones. */
  heard = 0;

  begin(state: StateMessage): void {
    const isSame = state.epoch === this.epoch;
    this.epoch = state.epoch;
    this.title = state.title;
    this.intervalMs = state.intervalMs;
    this.things.clear();
    for (const thing of state.things) this.things.set(thing.key, thing);
    this.services = state.services;
    this.shelves = state.shelves;
    this.gauges = state.gauges;
    this.events = state.events.slice(-MOST_EVENTS);
    this.heard++;
    // What was followed goes on where it is the same run of the dashboard: a gap is only a gap.
    if (!isSame) this.samples.clear();
    this.timelines.clear();
    for (const [key, timeline] of Object.entries(state.timelines)) this.timelines.set(key, [...timeline]);
    this.pass(state.at);
  }

  change(patch: PatchMessage): void {
    for (const thing of patch.made ?? []) this.things.set(thing.key, thing);
    for (const change of patch.changed ?? []) {
      const before = this.things.get(change.key);
      if (before !== undefined) this.things.set(change.key, changedBy(before, change));
    }
    for (const key of patch.gone ?? []) {
      this.things.delete(key);
      this.samples.delete(key);
      this.timelines.delete(key);
    }
    if (patch.services !== undefined) this.services = patch.services;
    if (patch.gauges !== undefined) this.gauges = patch.gauges;
    if (patch.events !== undefined) this.#hear(patch.events);
    this.pass(patch.at);
  }

  /** Time goes by: what is followed gets a point, whether it has changed or not. */
  pass(at: number): void {
    this.at = at;
    for (const { key, kind, snapshot } of this.things.values()) {
      const names = followed[kind];
      if (names !== undefined) this.#sample(key, at, number(snapshot, names[0]), number(snapshot, names[1]));
    }
    for (const [name, value] of Object.entries(this.gauges)) {
      this.#sample(`gauge ${name}`, at, value ?? undefined, undefined);
    }
  }

  /** Things of some kinds, by name; of one service, where that is wanted. */
  ofKinds(kinds: readonly string[], service = ''): ThingFacts[] {
    return [...this.things.values()]
      .filter(thing => kinds.includes(thing.kind) && (service === '' || thing.service === service))
      .sort((a, b) => (a.name < b.name ? -1 : a.name > b.name ? 1 : 0));
  }

  #sample(key: string, at: number, first: number | undefined, second: number | undefined): void {
    let samples = this.samples.get(key);
    if (samples === undefined) {
      if (this.samples.size >= MOST_FOLLOWED) return;
      samples = new Samples();
      this.samples.set(key, samples);
    }
    samples.add(at, first ?? null, second ?? null);
  }

  #hear(events: readonly LoggedEvent[]): void {
    this.heard++;
    this.events.push(...events);
    if (this.events.length > MOST_EVENTS) this.events = this.events.slice(-MOST_EVENTS);
    const breakers = events.filter(({ kind }) => kind === 'circuit-breaker');
    if (breakers.length === 0) return;
    const keys = new Map([...this.things.values()].map(thing => [placeOf(thing), thing.key]));
    for (const event of breakers) {
      const key = keys.get(placeOf(event));
      const state = Object.hasOwn(stateAfter, event.event) ? stateAfter[event.event] : undefined;
      if (key !== undefined && state !== undefined) this.#follow(key, event, state);
    }
  }

  #follow(key: string, { at, payload }: LoggedEvent, state: string): void {
    const timeline = this.timelines.get(key) ?? [];
    const last = timeline.at(-1);
    // The state that came when the page was opened may have told of it already.
    if (last !== undefined && (last.at > at || (last.at === at && last.state === state))) return;
    const { from } = fields(payload);
    if (timeline.length === 0 && typeof from === 'string') timeline.push({ at: 0, state: from });
    timeline.push({ at, state });
    if (timeline.length > LONGEST_TIMELINE) timeline.splice(0, timeline.length - LONGEST_TIMELINE);
    this.timelines.set(key, timeline);
  }
}

function changedBy(before: ThingFacts, change: ThingChange): ThingFacts {
  const { series, ...parts } = change;
  const after = { ...before, ...parts };
  return series === undefined ? after : { ...after, series: mergeSlices(before.series ?? [], series) };
}

const placeOf = ({ service, instance, id }: ThingFacts | LoggedEvent): string =>
  `${service}\n${instance}\n${id}`;
