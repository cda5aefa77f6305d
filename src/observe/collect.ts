import { isRecord } from '../kernel/options.js';
import type { AskedCounts } from './asked-counts.js';
import { askedKinds, unansweredHead } from './asked-kinds.js';
import { type GatewayRequests, gatewayRequests, requestDuration } from './gateway-requests.js';
import type { LatencyBuckets } from './latency-buckets.js';
import { kindMeasures, measuresOf } from './measures.js';
import { type Labels, MetricFamily, type MetricHead } from './metric-family.js';
import type { Observatory } from './observatory.js';
import { shortText } from './plain-copy.js';
import type { WatchedThing } from './watching.js';

/** How much is collected, and how. */
export interface CollectRules {
  readonly maxSeries: number;
  /** The bounds of histograms, in ms. */
  readonly boundsMs: readonly number[];
}

/** What is known besides the things themselves. */
export interface Sources {
  readonly gateways: GatewayRequests;
  readonly asked: AskedCounts;
}

/** Of a record that is counted by its keys, so many; the others together. */
const MOST_KEYS = 50;
const LONGEST_KEY = 100;

export const callDuration: MetricHead = /* @__PURE__ */ Object.freeze({
  name: 'keelson.call.duration',
  type: 'histogram',
  unit: 's',
  help: 'How long calls through a meter took, but rejected and neutral ones',
});
const events: MetricHead = /* @__PURE__ */ Object.freeze({
  name: 'keelson.events',
  type: 'counter',
  unit: '{event}',
  help: 'Events of all things that are watched',
});
const things: MetricHead = /* @__PURE__ */ Object.freeze({
  name: 'keelson.things',
  type: 'gauge',
  unit: '{thing}',
  help: 'Things that are watched',
});
const overflowed: MetricHead = /* @__PURE__ */ Object.freeze({
  name: 'keelson.series.overflowed',
  type: 'gauge',
  unit: '{series}',
  help: 'Series beyond the limit of a metric, without one of their own',
});

/** Names that are not those of the fields. */
const renamed: Readonly<Record<string, string>> = /* @__PURE__ */ Object.freeze({
  'circuit-breaker.totals': 'keelson.circuit_breaker.calls',
  'meter.outcomes': 'keelson.calls',
  'meter.rejected': 'keelson.calls.rejected',
  'meter.running': 'keelson.calls.running',
});

const snake = (text: string): string =>
  text.replaceAll('-', '_').replace(/[A-Z]/g, letter => `_${letter.toLowerCase()}`);

function unitOf(field: string): string {
  if (field.endsWith('Ms')) return 's';
  if (field.endsWith('Ratio')) return '1';
  return field.endsWith('bytes') ? 'By' : `{${snake(field.split('.').at(-1)!)}}`;
}

/** The head of the metric that a field of a snapshot becomes. */
function headOf(kind: string, field: string, type: 'counter' | 'gauge'): MetricHead {
  const bare = field.replace(/(Ms|Ratio)$/, '');
  const name = renamed[`${kind}.${field}`] ?? `keelson.${snake(kind)}.${snake(bare)}`;
  return { name, type, unit: unitOf(field), help: `${field} in the snapshot of each ${kind}` };
}

/** Every metric that there can be: dashboards are checked against them. */
export function allHeads(): readonly MetricHead[] {
  const ofKinds = Object.keys(kindMeasures).flatMap(kind => {
    const { counters = [], gauges = [], sizes = [], states = {}, counted = {} } = measuresOf(kind);
    return [
      ...[...counters, ...Object.keys(counted)].map(field => headOf(kind, field, 'counter')),
      ...[...gauges, ...sizes, ...Object.keys(states)].map(field => headOf(kind, field, 'gauge')),
    ];
  });
  const asked = [unansweredHead, ...Object.values(askedKinds).map(({ head }) => head)];
  const single = [events, things, overflowed, callDuration, gatewayRequests, requestDuration];
  return [...single, ...asked, ...ofKinds];
}

function fieldOf(snapshot: unknown, path: string): unknown {
  let value = snapshot;
  for (const name of path.split('.')) value = isRecord(value) ? value[name] : undefined;
  return value;
}

/** The number of a field, seconds for ms; `undefined` where it says none. */
function numberOf(snapshot: unknown, field: string): number | undefined {
  const value = fieldOf(snapshot, field);
  if (typeof value === 'boolean') return value ? 1 : 0;
  if (typeof value !== 'number' || Number.isNaN(value)) return undefined;
  return field.endsWith('Ms') ? value / 1000 : value;
}

class Collection {
  readonly families = new Map<string, MetricFamily>();
  readonly #rules: CollectRules;

  constructor(rules: CollectRules) {
    this.#rules = rules;
  }

  family(head: MetricHead): MetricFamily {
    let family = this.families.get(head.name);
    if (family === undefined) {
      family = new MetricFamily(head, this.#rules.maxSeries);
      this.families.set(head.name, family);
    }
    return family;
  }

  thing(thing: WatchedThing): void {
    const { kind } = thing;
    const { counters = [], gauges = [], sizes = [], states = {}, counted = {} } = measuresOf(kind);
    const labels = labelsOf(thing);
    const snapshot = snapshotOf(thing);
    const number = (field: string, type: 'counter' | 'gauge'): void => {
      const value = numberOf(snapshot, field);
      if (value !== undefined) this.family(headOf(kind, field, type)).add(labels, value);
    };
    for (const field of counters) number(field, 'counter');
    for (const field of gauges) number(field, 'gauge');
    for (const field of sizes) {
      const value = fieldOf(snapshot, field);
      if (Array.isArray(value)) this.family(headOf(kind, field, 'gauge')).add(labels, value.length);
    }
    for (const [field, words] of Object.entries(states)) this.#state(thing, snapshot, field, words);
    for (const [field, label] of Object.entries(counted)) {
      this.#counted(headOf(kind, field, 'counter'), labels, label, fieldOf(snapshot, field));
    }
    if (kind === 'meter') this.#latencies(thing, labels);
  }

  #state(thing: WatchedThing, snapshot: unknown, field: string, words: readonly string[]): void {
    // The snapshot of a breaker is made to be restored, and so knows no half-open; the breaker does.
    const own = (thing.target as Readonly<Record<string, unknown>>)[field];
    const present = typeof own === 'string' ? own : fieldOf(snapshot, field);
    if (typeof present !== 'string') return;
    const family = this.family(headOf(thing.kind, field, 'gauge'));
    for (const word of words) family.add({ ...labelsOf(thing), [field]: word }, word === present ? 1 : 0);
  }

  #counted(head: MetricHead, labels: Labels, label: string, counts: unknown): void {
    if (!isRecord(counts)) return;
    const family = this.family(head);
    let others = 0;
    for (const [place, [key, count]] of Object.entries(counts).entries()) {
      if (typeof count !== 'number') continue;
      if (place < MOST_KEYS && key !== 'other') {
        family.add({ ...labels, [label]: shortText(key, LONGEST_KEY) }, count);
      } else others += count;
    }
    if (others > 0) family.add({ ...labels, [label]: 'other' }, others);
  }

  #latencies({ target }: WatchedThing, labels: Labels): void {
    const { latencies } = target as { latencies?(): LatencyBuckets };
    if (typeof latencies !== 'function') return;
    const all = latencies.call(target);
    const upTo = all.upTo(this.#rules.boundsMs);
    this.family(callDuration).addHistogram({ labels, upTo, count: all.size, sum: all.sumMs / 1000 });
  }
}

/** Two of the same kind and name have to be told apart by more. */
export const labelsOf = ({ id, kind }: WatchedThing): Labels => ({ name: id.slice(kind.length + 1) });

/** Of the thing itself: a copy of all that it says would be made for a few numbers. */
function snapshotOf({ target }: WatchedThing): unknown {
  try {
    return target.snapshot?.();
  } catch {
    // What is broken has no numbers; `thing.snapshot()` tells why.
    return undefined;
  }
}

/**
 * Those that have happened, and those that have not as 0, for a rate to see the first of them. An event that
 * has not happened gets no place that another one needs.
 */
function countEvents(observatory: Observatory, collection: Collection, most: number): void {
  const counts = observatory.eventCounts();
  const happened = counts.filter(({ count }) => count > 0);
  const rest = counts.filter(({ count }) => count === 0).slice(0, Math.max(0, most - happened.length));
  for (const { id, kind, event, count } of [...happened, ...rest]) {
    collection.family(events).add({ kind, name: id.slice(kind.length + 1), event }, count);
  }
}

/** The metrics of all that is watched, as they stand now. */
export function collect(
  observatory: Observatory,
  rules: CollectRules,
  { gateways, asked }: Sources,
): readonly MetricFamily[] {
  const collection = new Collection(rules);
  const watched = observatory.things();
  const kinds = new Map<string, number>();
  for (const thing of watched) {
    kinds.set(thing.kind, (kinds.get(thing.kind) ?? 0) + 1);
    try {
      collection.thing(thing);
    } catch {
      // A thing of others whose fields throw when they are read.
    }
  }
  for (const [kind, count] of kinds) collection.family(things).add({ kind }, count);
  countEvents(observatory, collection, rules.maxSeries);
  gateways.addCounts(collection.family(gatewayRequests));
  gateways.addDurations(collection.family(requestDuration));
  asked.addTo(head => collection.family(head));
  const families = [...collection.families.values()].filter(family => !family.isEmpty);
  // There are no more of these than there are metrics.
  const over = new MetricFamily(overflowed, Infinity);
  for (const family of families) {
    family.close();
    if (family.over > 0) over.add({ metric: family.head.name }, family.over);
  }
  return over.samples.length > 0 ? [...families, over] : families;
}
