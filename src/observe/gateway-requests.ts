import { isRecord } from '../kernel/options.js';
import { BoundedSeries } from './bounded-series.js';
import {
  type HistogramSample,
  type MetricFamily,
  type MetricHead,
  OVERFLOW,
  type Sample,
} from './metric-family.js';
import type { Observatory } from './observatory.js';
import { shortText } from './plain-copy.js';
import { type CompletedRequest, classOf, errorTypeOf, methodOf, usualClasses } from './request-facts.js';
import type { WatchedThing } from './watching.js';

interface Gateway {
  on(event: string, listener: (request: CompletedRequest) => void): () => void;
}

export const gatewayRequests: MetricHead = /* @__PURE__ */ Object.freeze({
  name: 'keelson.gateway.requests',
  type: 'counter',
  unit: '{request}',
  help: 'Requests that gateways have ended, by route and class of status',
});
export const requestDuration: MetricHead = /* @__PURE__ */ Object.freeze({
  name: 'http.server.request.duration',
  type: 'histogram',
  unit: 's',
  help: 'Duration of HTTP server requests.',
});

const MOST_ROUTES = 1000;
const LONGEST_ROUTE = 200;

/** Attributes of the HTTP conventions. */
export type RequestAttributes = Readonly<Record<string, string | number>>;

interface Count extends Sample {
  value: number;
}

interface Durations extends HistogramSample {
  readonly upTo: number[];
  count: number;
  sum: number;
}

/** How much is kept. */
interface Rules {
  readonly maxSeries: number;
  /** The bounds of the histograms, in ms; none where they are kept elsewhere. */
  readonly boundsMs: readonly number[];
}

/** Hands a duration on; `undefined` for a series that is one too many. */
type HandOn = (tookMs: number, attributes: RequestAttributes | undefined) => void;

/** A gateway that is listened to. */
interface Heard {
  /** What the keys of its series begin with. */
  readonly place: string;
  routes: readonly string[];
  readonly offs: readonly (() => void)[];
}

/** The routes of a gateway, as it describes them. */
function routesOf(thing: WatchedThing): readonly string[] {
  const described = thing.describe();
  const routes = isRecord(described) ? described['routes'] : undefined;
  if (!Array.isArray(routes)) return [];
  const names = routes.map((route: unknown) => (isRecord(route) ? route['route'] : undefined));
  return names.filter(name => typeof name === 'string').slice(0, MOST_ROUTES);
}

function attributesOf(request: CompletedRequest): RequestAttributes {
  const { status, route } = request;
  const failed = errorTypeOf(request);
  return {
    'http.request.method': methodOf(request),
    'http.response.status_code': status,
    ...(route !== '' && { 'http.route': shortText(route, LONGEST_ROUTE) }),
    ...(failed !== '' && { 'error.type': failed }),
  };
}

const nameOf = ({ id, kind }: WatchedThing): string => id.slice(kind.length + 1);

/** What has come of the requests of the gateways that are watched, while they are. */
export class GatewayRequests {
  readonly #observatory: Observatory;
  readonly #boundsMs: readonly number[];
  readonly #handOn: HandOn | undefined;
  readonly #counts: BoundedSeries<Count>;
  readonly #durations: BoundedSeries<Durations>;
  readonly #heard = new Map<WatchedThing, Heard>();
  readonly #off: () => void;
  #places = 0;

  constructor(observatory: Observatory, { maxSeries, boundsMs }: Rules, handOn?: HandOn) {
    this.#observatory = observatory;
    this.#boundsMs = boundsMs;
    this.#handOn = handOn;
    this.#counts = new BoundedSeries(maxSeries, labels => ({ labels, value: 0 }));
    const none = (): number[] => boundsMs.map(() => 0);
    this.#durations = new BoundedSeries(maxSeries, labels => ({ labels, upTo: none(), count: 0, sum: 0 }));
    this.#off = observatory.onChange(() => this.#align());
    this.#align();
  }

  /** Listens no more. */
  stop(): void {
    this.#off();
    for (const { offs } of this.#heard.values()) for (const off of offs) off();
    this.#heard.clear();
  }

  /** Each route is told from the beginning on, with 0 for what has not been, while there is room. */
  addCounts(family: MetricFamily): void {
    let { room } = this.#counts;
    for (const [thing, { place, routes }] of this.#heard) {
      for (const route of routes) {
        for (const status of usualClasses) {
          if (room <= 0 || this.#counts.has(keyOf(place, route, status))) continue;
          room--;
          family.add({ name: nameOf(thing), route: shortText(route, LONGEST_ROUTE), status }, 0);
        }
      }
    }
    for (const { labels, value } of this.#counts) family.add(labels, value);
  }

  addDurations(family: MetricFamily): void {
    for (const sample of this.#durations) family.addHistogram(sample);
  }

  #align(): void {
    const there = new Set(this.#observatory.things().filter(({ kind }) => kind === 'gateway'));
    for (const [thing, { place, offs }] of this.#heard) {
      if (there.has(thing)) continue;
      for (const off of offs) off();
      this.#heard.delete(thing);
      this.#counts.forget(place);
      this.#durations.forget(place);
    }
    for (const thing of there) if (!this.#heard.has(thing)) this.#listen(thing);
  }

  #listen(thing: WatchedThing): void {
    if (typeof thing.target.on !== 'function') return;
    const gateway = thing.target as Gateway;
    const place = `${this.#places++}\n`;
    const name = nameOf(thing);
    const offs = [
      gateway.on('completed', request => this.#hear(name, place, request)),
      gateway.on('replaced', () => {
        heard.routes = routesOf(thing);
      }),
    ];
    const heard: Heard = { place, routes: routesOf(thing), offs };
    this.#heard.set(thing, heard);
  }

  #hear(name: string, place: string, request: CompletedRequest): void {
    const status = classOf(request);
    const route = shortText(request.route, LONGEST_ROUTE);
    this.#counts.of(keyOf(place, route, status), () => ({ name, route, status })).value++;
    const attributes = attributesOf(request);
    const key = place + Object.values(attributes).join('\n');
    const kept = this.#durations.of(key, () => {
      const texts = Object.entries(attributes).map(([label, value]) => [label, String(value)] as const);
      return { name, ...Object.fromEntries(texts) };
    });
    this.#count(kept, request.tookMs);
    this.#handOn?.(request.tookMs, kept.labels === OVERFLOW ? undefined : attributes);
  }

  #count(kept: Durations, tookMs: number): void {
    kept.count++;
    kept.sum += tookMs / 1000;
    const { upTo } = kept;
    for (const [place, boundMs] of this.#boundsMs.entries()) if (tookMs <= boundMs) upTo[place]!++;
  }
}

const keyOf = (place: string, route: string, status: string): string => `${place}${status}\n${route}`;
