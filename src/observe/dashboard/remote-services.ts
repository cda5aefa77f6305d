import { isRecord } from '../../kernel/options.js';
import { plainCopy, shortText, thingBounds } from '../plain-copy.js';
import { type CallSlice, mergeSlices, readSlices } from './call-series.js';
import type { HeardEvent } from './event-log.js';
import type { LocalFacts } from './local-things.js';
import type { LoggedEvent, ServiceFacts } from './protocol.js';

/** What one process tells of itself now and then. It is data that JSON holds. */
export interface DashboardFrame {
  /** The form of this object. */
  readonly version: 1;
  /** The service, as its observatory is told. */
  readonly service: string;
  /** Which process of it. */
  readonly instance: string;
  /** When that process began to tell, in epoch ms: what one before it under the same name said is old. */
  readonly startedAt: number;
  /** Counts the frames of this process, from 1. */
  readonly seq: number;
  /** How long until the next one, in ms. */
  readonly intervalMs: number;
  /** Ids of all things that it has. */
  readonly ids: readonly string[];
  /** How some of them stand. */
  readonly things: readonly FrameThing[];
  /** What has happened since the frame before. */
  readonly events: readonly FrameEvent[];
}

/** A thing in a frame. */
export interface FrameThing {
  /** As `WatchedThing` has it, as the next two. */
  readonly id: string;
  /** What it is. */
  readonly kind: string;
  /** Which one it is. */
  readonly name: string;
  /** The id of the thing that it is a part of, if it is one. */
  readonly whole?: string;
  /** What `describe()` says. */
  readonly description: unknown;
  /** What `snapshot()` says. */
  readonly snapshot: unknown;
  /** What a dashboard asks beyond that. */
  readonly detail: unknown;
  /** The last calls of a meter: when a slice began, calls, failures, median and 99th percentile in ms. */
  readonly series?: readonly (readonly [number, number, number, number, number])[];
}

/** An event in a frame. */
export interface FrameEvent {
  /** When the last of those alike happened, in epoch ms. */
  readonly at: number;
  /** That of the thing, as the next two. */
  readonly id: string;
  /** What it is. */
  readonly kind: string;
  /** Which one it is. */
  readonly name: string;
  /** Its name. */
  readonly event: string;
  /** How many alike there were. */
  readonly count: number;
  /** That of the last of them. */
  readonly payload: unknown;
}

interface Remote {
  readonly service: string;
  readonly instance: string;
  startedAt: number;
  seq: number;
  intervalMs: number;
  heardAt: number;
  readonly things: Map<string, LocalFacts>;
}

const MOST_THINGS = 1_000;
const MOST_EVENTS = 500;
const LONGEST_ID = 500;
/** Silent for so many of its intervals it is stale; and for so many it is forgotten. */
const STALE_AFTER = 3;
const FORGOTTEN_AFTER = 30;
const LONGEST_INTERVAL = 60_000;

const isText = (value: unknown): value is string => typeof value === 'string' && value !== '';
const isCount = (value: unknown): value is number => Number.isSafeInteger(value) && (value as number) >= 1;
const short = (text: string): string => shortText(text, LONGEST_ID);

/** Whether a value has the outer form of a frame; its parts are looked at one by one. */
export function isFrame(value: unknown): value is DashboardFrame {
  if (!isRecord(value) || value['version'] !== 1) return false;
  const { service, instance, startedAt, seq, intervalMs, ids, things, events } = value;
  return (
    isText(service) &&
    isText(instance) &&
    isCount(startedAt) &&
    isCount(seq) &&
    typeof intervalMs === 'number' &&
    intervalMs > 0 &&
    [ids, things, events].every(Array.isArray)
  );
}

/** The services that feed a dashboard, as they told of themselves last; bounded, and forgotten in time. */
export class RemoteServices {
  readonly #maxServices: number;
  readonly #remotes = new Map<string, Remote>();
  readonly #log: (event: LoggedEvent) => void;

  constructor(maxServices: number, log: (event: LoggedEvent) => void) {
    this.#maxServices = maxServices;
    this.#log = log;
  }

  /** False for what is no frame, comes again or too late, or is of one service too many. */
  take(frame: unknown, now: number): boolean {
    if (!isFrame(frame)) return false;
    this.#forget(now);
    const service = short(frame.service);
    const instance = short(frame.instance);
    const place = `${service}\n${instance}`;
    let remote = this.#remotes.get(place);
    if (remote === undefined) {
      if (this.#remotes.size >= this.#maxServices) return false;
      remote = { service, instance, startedAt: 0, seq: 0, intervalMs: 0, heardAt: now, things: new Map() };
      this.#remotes.set(place, remote);
    }
    // A bus may hand over twice, and in another order: an old frame must not undo a newer one.
    const isOld = frame.startedAt < remote.startedAt;
    if (isOld || (frame.startedAt === remote.startedAt && frame.seq <= remote.seq)) return false;
    remote.startedAt = frame.startedAt;
    remote.seq = frame.seq;
    remote.intervalMs = Math.min(frame.intervalMs, LONGEST_INTERVAL);
    remote.heardAt = now;
    this.#takeThings(remote, frame);
    for (const event of frame.events.slice(0, MOST_EVENTS)) {
      const heard = readEvent(event, remote);
      if (heard !== undefined) this.#log(heard);
    }
    return true;
  }

  facts(now: number): LocalFacts[] {
    this.#forget(now);
    return [...this.#remotes.values()].flatMap(({ things }) => [...things.values()]);
  }

  services(now: number): ServiceFacts[] {
    return [...this.#remotes.values()].map(({ service, instance, things, heardAt, intervalMs }) => ({
      ...{ service, instance, things: things.size },
      stale: now - heardAt > STALE_AFTER * intervalMs,
    }));
  }

  #takeThings({ service, instance, things }: Remote, frame: DashboardFrame): void {
    const ids = new Set(frame.ids.slice(0, MOST_THINGS).filter(isText).map(short));
    for (const id of things.keys()) if (!ids.has(id)) things.delete(id);
    for (const thing of frame.things.slice(0, MOST_THINGS)) {
      if (!isRecord(thing) || ![thing.id, thing.kind, thing.name].every(isText)) continue;
      const id = short(thing.id);
      if (!ids.has(id)) continue;
      const { description, snapshot, detail } = thing;
      const [described, stands, more] = [description, snapshot, detail].map(part =>
        plainCopy(part ?? null, thingBounds),
      );
      const series = seriesOf(things.get(id), thing.series);
      things.set(id, {
        ...{ service, instance, id, kind: short(thing.kind), name: short(thing.name) },
        whole: isText(thing.whole) ? short(thing.whole) : '',
        ...{ description: described, snapshot: stands, detail: more },
        ...(series.length > 0 && { series }),
      });
    }
  }

  #forget(now: number): void {
    for (const [place, { heardAt, intervalMs }] of this.#remotes) {
      if (now - heardAt > FORGOTTEN_AFTER * intervalMs) this.#remotes.delete(place);
    }
  }
}

/** Frames carry the last slices only; what is older is known, if it ever was told. */
const seriesOf = (before: LocalFacts | undefined, told: unknown): readonly CallSlice[] =>
  mergeSlices(before?.series ?? [], readSlices(told));

function readEvent(event: FrameEvent, { service, instance }: Remote): LoggedEvent | undefined {
  if (!isRecord(event)) return undefined;
  const { at, id, kind, name, event: what, count, payload } = event;
  if (![id, kind, name, what].every(isText) || typeof at !== 'number' || !isCount(count)) return undefined;
  const heard: HeardEvent = {
    ...{ at, service, instance, id: short(id), kind: short(kind), name: short(name), event: short(what) },
    payload: plainCopy(payload),
  };
  return { ...heard, count };
}
