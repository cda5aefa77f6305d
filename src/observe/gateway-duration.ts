import type { Attributes, Histogram, MetricAdvice, Meter as OtelMeter } from '@opentelemetry/api';
import type { WatchedThing } from './observatory.js';

/** Of what `completed` of a gateway tells, that which the metric knows. */
interface Completed {
  readonly method: string;
  readonly route: string;
  readonly status: number;
  readonly outcome: string;
  readonly tookMs: number;
}

interface Gateway {
  on(event: 'completed', listener: (request: Completed) => void): () => void;
}

/** Those that the conventions know; any other is `_OTHER`, for clients may send what they like. */
const methods: ReadonlySet<string> = /* @__PURE__ */ new Set([
  ...['CONNECT', 'DELETE', 'GET', 'HEAD', 'OPTIONS', 'PATCH', 'POST', 'PUT', 'TRACE', 'QUERY'],
]);

/** Records how long gateways took to answer. */
export interface GatewayDuration {
  listen(thing: WatchedThing): (() => void) | undefined;
}

function attributesOf({ method, route, status, outcome }: Completed): Attributes {
  const failed = outcome === 'cut' || outcome === 'gone' ? outcome : status >= 500 ? String(status) : '';
  return {
    'http.request.method': methods.has(method) ? method : '_OTHER',
    'http.response.status_code': status,
    ...(route !== '' && { 'http.route': route }),
    ...(failed !== '' && { 'error.type': failed }),
  };
}

/** `http.server.request.duration` of the HTTP conventions, for each request that a gateway has ended. */
export function gatewayDuration(otel: OtelMeter, advice: MetricAdvice, maxSeries: number): GatewayDuration {
  const name = 'http.server.request.duration';
  const description = 'Duration of HTTP server requests.';
  let histogram: Histogram | undefined;
  const series = new Set<string>();
  const record = (request: Completed): void => {
    histogram ??= otel.createHistogram(name, { unit: 's', description, advice });
    const attributes = attributesOf(request);
    const key = JSON.stringify(attributes);
    const over = !series.has(key) && series.size >= maxSeries;
    if (!over) series.add(key);
    histogram.record(request.tookMs / 1000, over ? { 'otel.metric.overflow': true } : attributes);
  };
  return {
    listen: ({ target }) =>
      typeof target.on === 'function' ? (target as Gateway).on('completed', record) : undefined,
  };
}
