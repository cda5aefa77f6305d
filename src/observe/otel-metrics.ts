import type {
  Attributes,
  BatchObservableResult,
  Histogram,
  MeterProvider,
  Meter as OtelMeter,
  Observable as OtelObservable,
} from '@opentelemetry/api';
import { errorText } from '../kernel/error-words.js';
import { checkKeys, checkNumber, refuse } from '../kernel/options.js';
import { AskedCounts, type AskOptions, askKeys } from './asked-counts.js';
import { allHeads, callDuration, collect, labelsOf, type Sources } from './collect.js';
import { GatewayRequests, requestDuration } from './gateway-requests.js';
import type { MeteredCall } from './meter-options.js';
import { type Labels, type MetricHead, OVERFLOW } from './metric-family.js';
import type { Observatory } from './observatory.js';
import { shortText } from './plain-copy.js';
import type { WatchedThing } from './watching.js';

/** How metrics go to OpenTelemetry. */
export interface OtelMetricsOptions extends AskOptions {
  /** The one of your SDK, or `metrics.getMeterProvider()` of `@opentelemetry/api`. */
  readonly meterProvider: MeterProvider;
  /** Series of one metric; what is beyond is added up in one more, or left out. @default 2000 */
  readonly maxSeries?: number;
}

const owner = 'otelMetrics';
const MOST_SERIES = 2000;
const LONGEST_TYPE = 100;
const boundsMs: readonly number[] = /* @__PURE__ */ Object.freeze([1000]);

/** As in the HTTP conventions, and two below for what answers sooner. */
const durationBounds = (): number[] => [
  ...[0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10],
];

/** Something whose calls can be listened to: a `Meter`. */
interface CallSource {
  onCall?(listener: (call: MeteredCall) => void): () => void;
}

/** Each label of ours is an attribute under our name. */
const attributesOf = (labels: Labels): Attributes =>
  labels === OVERFLOW
    ? { 'otel.metric.overflow': true }
    : Object.fromEntries(Object.entries(labels).map(([name, value]) => [`keelson.${name}`, value]));

/** What things tell as it happens, for as long as they are watched. */
class Recording {
  readonly #observatory: Observatory;
  readonly #maxSeries: number;
  readonly #durations: Histogram;
  readonly #heard = new Map<WatchedThing, () => void>();
  /** The series that there are, by the meter and what its calls ended with. */
  readonly #series = new Set<string>();

  constructor(observatory: Observatory, otel: OtelMeter, maxSeries: number) {
    this.#observatory = observatory;
    this.#maxSeries = maxSeries;
    this.#durations = histogramOf(otel, callDuration);
  }

  /** Listens to those that are new, and no more to those that have gone. */
  align(): void {
    const there = new Set(this.#observatory.things());
    for (const [thing, off] of this.#heard) {
      if (there.has(thing)) continue;
      off();
      this.#heard.delete(thing);
    }
    for (const thing of there) {
      if (this.#heard.has(thing)) continue;
      if (thing.kind === 'meter') this.#hear(thing, this.#listen(thing));
    }
  }

  stop(): void {
    for (const off of this.#heard.values()) off();
    this.#heard.clear();
  }

  #hear(thing: WatchedThing, off: (() => void) | undefined): void {
    if (off !== undefined) this.#heard.set(thing, off);
  }

  #listen(thing: WatchedThing): (() => void) | undefined {
    const labels = labelsOf(thing);
    const base = attributesOf(labels);
    return (thing.target as CallSource).onCall?.(({ outcome, tookMs, error }) => {
      if (outcome === 'rejected' || outcome === 'neutral') return;
      const type = outcome === 'failure' ? errorType(error) : '';
      const series = `${outcome}\n${type}\n${thing.id}`;
      if (!this.#series.has(series)) {
        if (this.#series.size >= this.#maxSeries) {
          this.#durations.record(tookMs / 1000, { 'otel.metric.overflow': true });
          return;
        }
        this.#series.add(series);
      }
      const failed = type === '' ? base : { ...base, 'error.type': type };
      this.#durations.record(tookMs / 1000, { ...failed, 'keelson.outcome': outcome });
    });
  }
}

function histogramOf(otel: OtelMeter, { name, unit, help }: MetricHead): Histogram {
  const advice = { explicitBucketBoundaries: durationBounds() };
  return otel.createHistogram(name, { unit, description: help, advice });
}

/** What gateways have ended; a process without one has no histogram of theirs. */
function gatewaysOf(observatory: Observatory, otel: OtelMeter, maxSeries: number): GatewayRequests {
  let durations: Histogram | undefined;
  return new GatewayRequests(observatory, { maxSeries, boundsMs: [] }, (tookMs, attributes) => {
    durations ??= histogramOf(otel, requestDuration);
    durations.record(tookMs / 1000, attributes ?? { 'otel.metric.overflow': true });
  });
}

/** As the conventions have it: a code where there is one, or else the name; `_OTHER` for what has neither. */
export function errorType(error: unknown): string {
  const { code, name } = errorText(error);
  return shortText(code || name, LONGEST_TYPE) || '_OTHER';
}

/** Counters and gauges are read when the SDK collects. */
function observe(observatory: Observatory, otel: OtelMeter, maxSeries: number, sources: Sources): () => void {
  const instruments = new Map<string, OtelObservable>();
  for (const { name, type, unit, help } of allHeads()) {
    const about = { unit, description: help };
    if (type === 'counter') instruments.set(name, otel.createObservableCounter(name, about));
    else if (type === 'gauge') instruments.set(name, otel.createObservableGauge(name, about));
  }
  const read = async (result: BatchObservableResult): Promise<void> => {
    await sources.asked.refresh();
    for (const { head, samples } of collect(observatory, { maxSeries, boundsMs }, sources)) {
      const instrument = instruments.get(head.name);
      if (instrument === undefined) continue;
      for (const { labels, value } of samples) result.observe(instrument, value, attributesOf(labels));
    }
  };
  const all = [...instruments.values()];
  otel.addBatchObservableCallback(read, all);
  return () => otel.removeBatchObservableCallback(read, all);
}

/**
 * Gives the metrics of all that is watched to OpenTelemetry; the function returned ends it. Counters and
 * gauges are read when your SDK collects; durations of meters and gateways are recorded as calls end.
 *
 * @throws TypeError or RangeError that names the option, the rule and the value.
 */
export function otelMetrics(observatory: Observatory, options: OtelMetricsOptions): () => void {
  checkKeys(owner, options, ['meterProvider', 'maxSeries', ...askKeys]);
  const { meterProvider, maxSeries = MOST_SERIES } = options;
  if (typeof meterProvider?.getMeter !== 'function') {
    refuse(owner, 'meterProvider', 'a MeterProvider', meterProvider);
  }
  checkNumber(owner, 'maxSeries', maxSeries, { min: 1, max: 1_000_000, integer: true });
  const otel = meterProvider.getMeter('keelson');
  const asked = new AskedCounts(owner, observatory, options);
  const recording = new Recording(observatory, otel, maxSeries);
  const gateways = gatewaysOf(observatory, otel, maxSeries);
  const ends = [
    observatory.countEvents(),
    observatory.onChange(() => recording.align()),
    () => recording.stop(),
    () => gateways.stop(),
    observe(observatory, otel, maxSeries, { gateways, asked }),
  ];
  recording.align();
  return () => {
    for (const end of ends.splice(0)) end();
  };
}
