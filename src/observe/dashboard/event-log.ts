import { isRecord } from '../../kernel/options.js';
import type { LoggedEvent, StateChange } from './protocol.js';

/** An event before it is counted with others. */
export type HeardEvent = Omit<LoggedEvent, 'count'>;

/** The state that each event of a breaker leads to. */
const stateAfter: Readonly<Record<string, string>> = /* @__PURE__ */ Object.freeze({
  opened: 'open',
  halfOpened: 'half-open',
  closed: 'closed',
  isolated: 'isolated',
  disabled: 'disabled',
});

/** Different events of one interval that are told; more are only counted. */
const MOST_TOLD = 200;
/** Breakers whose way is kept, and how far back. */
const MOST_TIMELINES = 2_000;
const LONGEST_TIMELINE = 60;

const placeOf = ({ service, instance, id }: HeardEvent): string => `${service}\n${instance}\n${id}`;

/**
 * What has happened of late: events alike within an interval are one, with their number, so that a storm of
 * refusals neither fills the memory nor hides that a breaker has opened.
 */
export class EventLog {
  readonly #maxEvents: number;
  #kept: LoggedEvent[] = [];
  #fresh = new Map<string, LoggedEvent>();
  #untold = 0;
  readonly #timelines = new Map<string, StateChange[]>();

  constructor(maxEvents: number) {
    this.#maxEvents = maxEvents;
  }

  add(event: HeardEvent): void {
    this.#follow(event);
    const place = `${placeOf(event)}\n${event.event}`;
    const before = this.#fresh.get(place);
    if (before === undefined && this.#fresh.size >= MOST_TOLD) {
      this.#untold++;
      return;
    }
    // To the end: the order is that of the last of each.
    this.#fresh.delete(place);
    this.#fresh.set(place, { ...event, count: (before?.count ?? 0) + 1 });
  }

  /** As `add`, for what has been counted elsewhere. */
  addCounted({ count, ...event }: LoggedEvent): void {
    this.add(event);
    const place = `${placeOf(event)}\n${event.event}`;
    const now = this.#fresh.get(place);
    if (now !== undefined && count > 1) this.#fresh.set(place, { ...now, count: now.count + count - 1 });
  }

  /** Those since it was last asked, which are kept from now on. */
  take(): { readonly events: readonly LoggedEvent[]; readonly untold: number } {
    const events = [...this.#fresh.values()];
    const untold = this.#untold;
    this.#untold = 0;
    if (events.length > 0) {
      this.#fresh = new Map();
      this.#kept.push(...events);
      if (this.#kept.length > this.#maxEvents) this.#kept = this.#kept.slice(-this.#maxEvents);
    }
    return { events, untold };
  }

  /** The last ones that were taken, the oldest first. */
  get kept(): readonly LoggedEvent[] {
    return this.#kept;
  }

  timelineOf(service: string, instance: string, id: string): readonly StateChange[] | undefined {
    return this.#timelines.get(`${service}\n${instance}\n${id}`);
  }

  /** Transitions are kept by themselves: there are few of them, and they are what is asked for later. */
  #follow(event: HeardEvent): void {
    if (event.kind !== 'circuit-breaker') return;
    const state = Object.hasOwn(stateAfter, event.event) ? stateAfter[event.event] : undefined;
    if (state === undefined) return;
    const place = placeOf(event);
    const timeline = this.#timelines.get(place) ?? [];
    const from = isRecord(event.payload) ? event.payload['from'] : undefined;
    if (timeline.length === 0 && typeof from === 'string') timeline.push({ at: 0, state: from.slice(0, 20) });
    timeline.push({ at: event.at, state });
    if (timeline.length > LONGEST_TIMELINE) timeline.splice(0, timeline.length - LONGEST_TIMELINE);
    this.#timelines.delete(place);
    this.#timelines.set(place, timeline);
    if (this.#timelines.size > MOST_TIMELINES) {
      const [oldest] = this.#timelines.keys();
      this.#timelines.delete(oldest!);
    }
  }
}
