import type { Clock, Timer } from '../../kernel/clock.js';
import type { Observatory } from '../observatory.js';
import type { DashboardRules } from './dashboard-options.js';
import { EventLog } from './event-log.js';
import type { GaugeBoard } from './gauge-board.js';
import { localFacts } from './local-things.js';
import { MessageRing } from './message-ring.js';
import type { PatchMessage, ServiceFacts, ShelfFacts, StateMessage, ThingFacts } from './protocol.js';
import type { RemoteServices } from './remote-services.js';
import { ThingTable } from './thing-table.js';
import { Viewer, type ViewerSink } from './viewer.js';

/** What a hub is made of. */
export interface HubParts {
  readonly observatory: Observatory;
  readonly remote: RemoteServices;
  readonly gauges: GaugeBoard;
  readonly shelves: readonly ShelfFacts[];
  readonly rules: DashboardRules;
  readonly clock: Clock;
  /** New for each hub: a page that comes back to another one begins anew. */
  readonly epoch: string;
}

/** So much is kept for viewers that come back, in characters. */
const RING_LENGTH = 4 * 1024 * 1024;
const RING_MESSAGES = 300;
/** A browser that lost the stream comes back after this. */
const RETRY_MS = 2_000;

const framed = (event: string, id: string | undefined, data: unknown): string =>
  `${id === undefined ? '' : `id: ${id}\n`}event: ${event}\ndata: ${JSON.stringify(data)}\n\n`;

/**
 * What all viewers are told: one look at everything for each interval, while somebody looks, and one message
 * for all of them.
 */
export class Hub {
  readonly #parts: HubParts;
  readonly #table = new ThingTable();
  readonly #ring = new MessageRing(RING_MESSAGES, RING_LENGTH);
  readonly log: EventLog;
  readonly #viewers = new Set<Viewer>();
  readonly #off: () => void;
  #services = '[]';
  #timer: Timer | undefined;
  /** The state as a message, until the next one is told. */
  #state: string | undefined;
  #dropped = 0;
  #closed = false;

  constructor(parts: HubParts) {
    this.#parts = parts;
    this.log = new EventLog(parts.rules.maxEvents);
    this.#off = parts.observatory.onEvent(({ seq: _, ...event }) => this.log.add({ ...event, instance: '' }));
  }

  get viewers(): number {
    return this.#viewers.size;
  }

  /** Those who had stopped reading. */
  get dropped(): number {
    return this.#dropped;
  }

  /** Everything, as it stood when viewers were told last; now, when nobody looks. */
  state(): StateMessage {
    if (this.#timer === undefined) this.#look();
    const { clock, epoch, gauges, rules, shelves } = this.#parts;
    const { things } = this.#table;
    const timelines = things.flatMap(({ key, service, instance, id }) => {
      const timeline = this.log.timelineOf(service, instance, id);
      return timeline === undefined ? [] : [[key, timeline] as const];
    });
    return {
      ...{ epoch, at: clock.wall(), title: rules.title, intervalMs: rules.intervalMs, things, shelves },
      services: this.#serviceFacts(),
      gauges: gauges.values,
      events: this.log.kept,
      timelines: Object.fromEntries(timelines),
    };
  }

  thing(key: string): ThingFacts | undefined {
    return this.#table.byKey(key);
  }

  /** Begins to tell a viewer; the function returned ends it. `undefined` where there are too many. */
  join(sink: ViewerSink, lastEventId: string | undefined): (() => void) | undefined {
    const { rules } = this.#parts;
    if (this.#closed || this.#viewers.size >= rules.maxViewers) return undefined;
    const viewer = new Viewer(sink, rules.maxBufferBytes, rules.stallMs);
    const missed = this.#missed(lastEventId);
    viewer.greet(`retry: ${RETRY_MS}\n\n${missed ?? this.#stateText()}`);
    this.#viewers.add(viewer);
    this.#tickLater();
    return () => this.#leave(viewer);
  }

  close(): void {
    this.#closed = true;
    this.#off();
    this.#timer?.cancel();
    this.#timer = undefined;
    for (const viewer of this.#viewers) viewer.end();
    this.#viewers.clear();
  }

  #leave(viewer: Viewer): void {
    this.#viewers.delete(viewer);
    if (this.#viewers.size > 0) return;
    this.#timer?.cancel();
    this.#timer = undefined;
  }

  #missed(lastEventId: string | undefined): string | undefined {
    const [epoch, id] = (lastEventId ?? '').split('.');
    if (epoch !== this.#parts.epoch || !id || !/^\d{1,15}$/.test(id)) return undefined;
    return this.#ring
      .since(Number(id))
      ?.map(({ text }) => text)
      .join('');
  }

  /** Made once for all who come within one interval. */
  #stateText(): string {
    if (this.#timer === undefined) this.#look();
    this.#state ??= framed('state', this.#id(), this.state());
    return this.#state;
  }

  #id(): string {
    return `${this.#parts.epoch}.${this.#ring.last}`;
  }

  #tickLater(): void {
    if (this.#closed || this.#timer !== undefined) return;
    const { clock, rules } = this.#parts;
    this.#timer = clock.schedule(rules.intervalMs, () => {
      this.#timer = undefined;
      const text = this.#look() ?? framed('beat', undefined, { at: clock.wall() });
      const now = clock.now();
      for (const viewer of this.#viewers) {
        if (viewer.tell(text, now)) continue;
        this.#viewers.delete(viewer);
        this.#dropped++;
        viewer.destroy();
      }
      if (this.#viewers.size > 0) this.#tickLater();
    });
  }

  /** Looks at everything; the message of what has changed, if anything has. */
  #look(): string | undefined {
    const { observatory, remote, gauges, clock } = this.#parts;
    gauges.ask();
    const at = clock.wall();
    const changes = this.#table.update([...localFacts(observatory), ...remote.facts(clock.now())]);
    const services = this.#serviceFacts();
    const said = JSON.stringify(services);
    const values = gauges.take();
    const { events, untold } = this.log.take();
    const patch: PatchMessage = {
      ...{ at, ...changes },
      ...(said !== this.#services && { services }),
      ...(values !== undefined && { gauges: values }),
      ...(events.length > 0 && { events }),
      ...(untold > 0 && { untold }),
    };
    this.#services = said;
    if (Object.keys(patch).length === 1) return undefined;
    this.#state = undefined;
    const text = framed('patch', `${this.#parts.epoch}.${this.#ring.last + 1}`, patch);
    this.#ring.push(text);
    return text;
  }

  #serviceFacts(): readonly ServiceFacts[] {
    const { observatory, remote, clock } = this.#parts;
    const own = { service: observatory.service, instance: '', stale: false };
    return [{ ...own, things: observatory.things().length }, ...remote.services(clock.now())];
  }
}
