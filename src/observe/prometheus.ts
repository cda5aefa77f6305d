import type { IncomingMessage, ServerResponse } from 'node:http';
import { checkKeys, checkNumber, refuse } from '../kernel/options.js';
import { AskedCounts, type AskOptions, askDefaults, askKeys } from './asked-counts.js';
import { type CollectRules, collect } from './collect.js';
import { GatewayRequests } from './gateway-requests.js';
import { renderMetrics } from './metrics-text.js';
import { asksForOpenMetrics } from './metrics-type.js';
import type { Observatory } from './observatory.js';

/** How metrics are written down for Prometheus. */
export interface PrometheusOptions extends AskOptions {
  /** Series of one metric; what is beyond is added up in one more, or left out. @default 2000 */
  readonly maxSeries?: number;
  /**
   * The bounds of histograms of durations, in ms, rising.
   * @default those of the HTTP conventions of OpenTelemetry, and 1 and 2.5 ms
   */
  readonly boundsMs?: readonly number[];
}

/** Metrics as text. */
export interface MetricsText {
  /** The value of the field `Content-Type`. */
  readonly contentType: string;
  /** The text. */
  readonly body: string;
}

/** What stands where an option was left out. */
export interface PrometheusDefaults {
  /** Series of one metric. */
  readonly maxSeries: number;
  /** The bounds of histograms, in ms. */
  readonly boundsMs: readonly number[];
  /** How seldom stores and brokers are asked, in ms. */
  readonly askEveryMs: number;
  /** How long a look waits for them, in ms. */
  readonly askTimeoutMs: number;
}

const owner = 'PrometheusExporter';
const defaults: PrometheusDefaults = /* @__PURE__ */ Object.freeze({
  maxSeries: 2000,
  boundsMs: /* @__PURE__ */ Object.freeze([
    ...[1, 2.5, 5, 10, 25, 50, 75, 100, 250, 500, 750, 1000, 2500, 5000, 7500, 10_000],
  ]),
  ...askDefaults,
});
const MOST_BOUNDS = 100;

function checkBounds(boundsMs: readonly number[]): readonly number[] {
  const fits = Array.isArray(boundsMs) && boundsMs.length > 0 && boundsMs.length <= MOST_BOUNDS;
  if (!fits) refuse(owner, 'boundsMs', `a list of at most ${MOST_BOUNDS} numbers`, boundsMs);
  for (const [place, bound] of boundsMs.entries()) {
    checkNumber(owner, 'boundsMs', bound, { above: boundsMs[place - 1] ?? 0 });
  }
  return [...boundsMs];
}

/**
 * Writes the metrics of all that is watched down for Prometheus, in its text format 0.0.4 or as OpenMetrics
 * 1.0, whichever is asked for. Nothing is measured between two looks but events and requests of gateways.
 *
 * ```ts
 * import { Bulkhead } from 'keelson';
 * import { Observatory, PrometheusExporter } from 'keelson/observe';
 *
 * const observatory = new Observatory({ service: 'shop' });
 * observatory.watch(new Bulkhead({ name: 'payments', slots: 10 }));
 * using exporter = new PrometheusExporter(observatory);
 * exporter.text().body.includes('keelson_bulkhead_slots{service="shop",name="payments"} 10'); // => true
 * ```
 */
export class PrometheusExporter {
  readonly #observatory: Observatory;
  readonly #rules: CollectRules;
  readonly #gateways: GatewayRequests;
  readonly #asked: AskedCounts;
  readonly #stop: () => void;

  /** @throws TypeError or RangeError that names the option, the rule and the value. */
  constructor(observatory: Observatory, options: PrometheusOptions = {}) {
    checkKeys(owner, options, ['maxSeries', 'boundsMs', ...askKeys]);
    const { maxSeries = defaults.maxSeries, boundsMs = defaults.boundsMs } = options;
    this.#rules = {
      maxSeries: checkNumber(owner, 'maxSeries', maxSeries, { min: 1, max: 1_000_000, integer: true }),
      boundsMs: checkBounds(boundsMs),
    };
    this.#observatory = observatory;
    this.#asked = new AskedCounts(owner, observatory, options);
    this.#gateways = new GatewayRequests(observatory, this.#rules);
    this.#stop = observatory.countEvents();
  }

  /** What stands where an option was left out. */
  static get defaults(): PrometheusDefaults {
    return defaults;
  }

  /**
   * The metrics as they stand now, with what stores and brokers said when they were asked last; they are
   * asked for the next time. `accept` is the field of the request, which chooses the format.
   */
  text(accept?: string): MetricsText {
    void this.#asked.refresh();
    const open = asksForOpenMetrics(accept);
    const sources = { gateways: this.#gateways, asked: this.#asked };
    const families = collect(this.#observatory, this.#rules, sources);
    return {
      contentType: open
        ? 'application/openmetrics-text; version=1.0.0; charset=utf-8'
        : 'text/plain; version=0.0.4; charset=utf-8',
      body: renderMetrics(families, {
        open,
        service: this.#observatory.service,
        boundsMs: this.#rules.boundsMs,
      }),
    };
  }

  /** As `text`, when stores and brokers have answered, or have had `askTimeoutMs`. Never rejects. */
  async fresh(accept?: string): Promise<MetricsText> {
    await this.#asked.refresh();
    return this.text(accept);
  }

  /** Answers a request of `node:http`, whatever its path: mount it where Prometheus looks. */
  readonly handler = (request: IncomingMessage, response: ServerResponse): void => {
    if (request.method !== 'GET' && request.method !== 'HEAD') {
      response.writeHead(405, { allow: 'GET, HEAD' }).end();
      return;
    }
    void this.fresh(request.headers.accept).then(({ contentType, body }) => {
      response.writeHead(200, {
        'content-type': contentType,
        'content-length': Buffer.byteLength(body),
        'cache-control': 'no-store',
        vary: 'accept',
      });
      response.end(request.method === 'HEAD' ? undefined : body);
    });
  };

  /** Counts events and requests no longer. */
  [Symbol.dispose](): void {
    this.#gateways.stop();
    this.#stop();
  }
}
