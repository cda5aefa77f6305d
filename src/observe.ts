export { type GrafanaDashboardOptions, grafanaDashboard } from './observe/grafana.js';
export { type ObservedKind, observedKinds } from './observe/kinds.js';
export { type EventLogger, type LogLevel, type LogOptions, logTo } from './observe/log-to.js';
export { Meter } from './observe/meter.js';
export type {
  MeterDefaults,
  MeterDescription,
  MeterEvents,
  MeteredCall,
  MeterOptions,
  MeterSnapshot,
  MeterUpdate,
} from './observe/meter-options.js';
export type { MeterSlice } from './observe/meter-slices.js';
export { Observatory, type ObservatoryOptions } from './observe/observatory.js';
export { type OtelMetricsOptions, otelMetrics } from './observe/otel-metrics.js';
export {
  type MetricsText,
  type PrometheusDefaults,
  PrometheusExporter,
  type PrometheusOptions,
} from './observe/prometheus.js';
export { type OtelApi, Traced, type TracedOptions } from './observe/traced.js';
export type {
  EventCount,
  ObservedEvent,
  Watchable,
  WatchedThing,
  WatchOptions,
} from './observe/watching.js';
