import { isRecord } from '../../kernel/options.js';
import type { Observatory } from '../observatory.js';
import { plainCopy, thingBounds } from '../plain-copy.js';
import type { WatchedThing } from '../watching.js';
import { type CallSlice, readSlices } from './call-series.js';
import type { ThingFacts } from './protocol.js';

/** The facts of a thing before it has a key. */
export type LocalFacts = Omit<ThingFacts, 'key'>;

/** How a thing of some kind tells more of itself than `describe()` and `snapshot()` do. */
const detailsBy: Readonly<Record<string, (target: Record<string, unknown>) => unknown>> =
  /* @__PURE__ */ Object.freeze({
    'circuit-breaker': (target: Record<string, unknown>) => called(target, 'explain'),
    'service-watcher': (target: Record<string, unknown>) => ({ instances: target['instances'] }),
    'saga-orchestrator': () => undefined,
  });

function called(target: Record<string, unknown>, method: string): unknown {
  const member = target[method];
  return typeof member === 'function' ? member.call(target) : undefined;
}

function detailOf({ kind, target }: WatchedThing): unknown {
  const ask = Object.hasOwn(detailsBy, kind) ? detailsBy[kind] : undefined;
  if (ask === undefined) return null;
  try {
    return plainCopy(ask(target as never), thingBounds) ?? null;
  } catch (error) {
    return plainCopy({ error });
  }
}

/**
 * The window of a breaker is for `restore` alone, and as long as the calls that it holds. The past of a meter
 * is long and does not change: it is told slice by slice.
 */
function standing(thing: WatchedThing): {
  readonly snapshot: unknown;
  readonly series?: readonly CallSlice[];
} {
  const snapshot = thing.snapshot() ?? null;
  if (!isRecord(snapshot)) return { snapshot };
  if (thing.kind === 'circuit-breaker') {
    const { window: _, ...rest } = snapshot;
    return { snapshot: rest };
  }
  if (thing.kind !== 'meter' || !Array.isArray(snapshot['slices'])) return { snapshot };
  const { slices, ...rest } = snapshot;
  const rows = (slices as readonly unknown[]).map(slice => {
    const { at, calls, failures, p50Ms, p99Ms } = isRecord(slice) ? slice : {};
    return [at, calls, failures, p50Ms, p99Ms];
  });
  return { snapshot: rest, series: readSlices(rows) };
}

/** How its policies stand is told of each of them. */
function withoutParts(facts: LocalFacts): LocalFacts {
  if (!isRecord(facts.snapshot)) return facts;
  const { pipeline: _, ...rest } = facts.snapshot;
  return { ...facts, snapshot: rest };
}

/** All that this process watches, as it stands now. */
export function localFacts(observatory: Observatory): LocalFacts[] {
  const things = observatory.things();
  const wholes = new Set(things.map(({ whole }) => whole));
  return things.map(thing => (wholes.has(thing.id) ? withoutParts(factsOf(thing)) : factsOf(thing)));
}

function factsOf(thing: WatchedThing): LocalFacts {
  return {
    service: thing.service,
    instance: '',
    id: thing.id,
    kind: thing.kind,
    name: thing.name,
    whole: thing.whole ?? '',
    description: thing.describe() ?? null,
    ...standing(thing),
    detail: detailOf(thing),
  };
}
