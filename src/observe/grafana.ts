import { callDuration } from './collect.js';
import { requestDuration } from './gateway-requests.js';
import { prometheusName } from './metrics-text.js';

/** A panel: what it is called, the unit of its axis, and what it asks Prometheus. */
interface Panel {
  readonly title: string;
  readonly unit: string;
  /** Expressions, each with the text of its legend. */
  readonly asks: readonly (readonly [expression: string, legend: string])[];
}

/** How a dashboard is made. */
export interface GrafanaDashboardOptions {
  /** What stands above it. @default 'keelson' */
  readonly title?: string;
  /** By which Grafana knows it again. @default 'keelson' */
  readonly uid?: string;
}

const COLUMNS = 24;
const WIDTH = 8;
const HEIGHT = 8;
const WINDOW = '[$__rate_interval]';

/** Of the services and things that are chosen above the panels; `$` is expanded by Grafana. */
const chosen = (more = ''): string => `{service=~"$service",name=~"$name"${more}}`;
const rate = (metric: string, by: string, more = ''): string =>
  `sum by (${by}) (rate(${metric}${chosen(more)}${WINDOW}))`;
const highest = (metric: string, by = 'name'): string => `max by (${by}) (${metric}${chosen()})`;

/** Each process that watches a store or a broker tells all that is in it: they are not added up. */
const sagas = (more: string, by = 'name'): string =>
  `max by (${by}) (keelson_saga_orchestrator_sagas${chosen(more)})`;

function callPanels(): readonly Panel[] {
  const duration = prometheusName(callDuration);
  const quantile = (ratio: number): readonly [string, string] => [
    `histogram_quantile(${ratio}, sum by (le, name) (rate(${duration}_bucket${chosen()}${WINDOW})))`,
    `p${ratio * 100} {{name}}`,
  ];
  const failed = rate('keelson_calls_total', 'name', ',outcome="failure"');
  return [
    {
      title: 'Calls',
      unit: 'reqps',
      asks: [[rate('keelson_calls_total', 'name, outcome'), '{{name}} {{outcome}}']],
    },
    {
      title: 'Failures',
      unit: 'percentunit',
      asks: [[`${failed} / ${rate('keelson_calls_total', 'name')}`, '{{name}}']],
    },
    { title: 'Latency', unit: 's', asks: [quantile(0.5), quantile(0.95), quantile(0.99)] },
    {
      title: 'Rejected calls',
      unit: 'reqps',
      asks: [[rate('keelson_calls_rejected_total', 'name, code'), '{{name}} {{code}}']],
    },
    { title: 'Calls that run', unit: 'short', asks: [[highest('keelson_calls_running'), '{{name}}']] },
  ];
}

const policyPanels = (): readonly Panel[] => [
  {
    title: 'Circuits that are not closed',
    unit: 'short',
    asks: [[`keelson_circuit_breaker_state${chosen(',state!="closed"')} == 1`, '{{name}} {{state}}']],
  },
  {
    title: 'Bulkheads',
    unit: 'short',
    asks: [
      [highest('keelson_bulkhead_taken'), '{{name}} taken'],
      [highest('keelson_bulkhead_waiting'), '{{name}} waiting'],
      [highest('keelson_bulkhead_slots'), '{{name}} slots'],
    ],
  },
  {
    title: 'Adaptive limits',
    unit: 'short',
    asks: [
      [highest('keelson_adaptive_limiter_limit'), '{{name}} limit'],
      [highest('keelson_adaptive_limiter_in_flight'), '{{name}} in flight'],
    ],
  },
  {
    title: 'Retries and hedges',
    unit: 'ops',
    asks: [
      [rate('keelson_retry_retried_total', 'name'), '{{name}} retried'],
      [rate('keelson_retry_gave_up_total', 'name'), '{{name}} gave up'],
      [rate('keelson_hedge_hedged_total', 'name'), '{{name}} hedged'],
    ],
  },
  {
    title: 'Caches',
    unit: 'ops',
    asks: [
      [rate('keelson_cache_hits_total', 'name'), '{{name}} hits'],
      [rate('keelson_cache_misses_total', 'name'), '{{name}} misses'],
      [rate('keelson_cache_stale_total', 'name'), '{{name}} stale'],
    ],
  },
  {
    title: 'Limited calls and timeouts',
    unit: 'reqps',
    asks: [
      [rate('keelson_rate_limiter_limited_total', 'name'), '{{name}} limited'],
      [rate('keelson_timeout_timed_out_total', 'name'), '{{name}} timed out'],
    ],
  },
];

const systemPanels = (): readonly Panel[] => [
  {
    title: 'Outbox relays',
    unit: 'ops',
    asks: [
      [rate('keelson_outbox_relay_published_total', 'name'), '{{name}} published'],
      [rate('keelson_outbox_relay_failed_total', 'name'), '{{name}} failed'],
      [rate('keelson_outbox_relay_parked_total', 'name'), '{{name}} parked'],
    ],
  },
  {
    title: 'Projections',
    unit: 's',
    asks: [[highest('keelson_projection_lag_seconds'), '{{name}} lag']],
  },
  {
    title: 'Sagas that are parked',
    unit: 'short',
    asks: [[sagas(',status="parked"'), '{{name}}']],
  },
  {
    title: 'Sagas under way',
    unit: 'short',
    asks: [[sagas(',status!="parked"', 'name, status'), '{{name}} {{status}}']],
  },
  {
    title: 'Dead letters',
    unit: 'short',
    asks: [[highest('keelson_message_bus_dead_letters', 'topic, group'), '{{topic}} {{group}}']],
  },
  {
    title: 'Sagas driven here',
    unit: 'short',
    asks: [
      [highest('keelson_saga_orchestrator_driving'), '{{name}} driving'],
      [highest('keelson_saga_orchestrator_waiting'), '{{name}} waiting'],
    ],
  },
  {
    title: 'Instances that can be used',
    unit: 'short',
    asks: [
      [highest('keelson_service_watcher_usable'), '{{name}} usable'],
      [highest('keelson_outliers_ejected'), '{{name}} ejected'],
    ],
  },
  {
    title: 'Events',
    unit: 'ops',
    asks: [[`${rate('keelson_events_total', 'kind, event')} > 0`, '{{kind}} {{event}}']],
  },
];

function gatewayPanels(): readonly Panel[] {
  const requests = 'keelson_gateway_requests_total';
  const duration = prometheusName(requestDuration);
  const route = 'http_route';
  const quantile = (ratio: number): readonly [string, string] => [
    `histogram_quantile(${ratio}, sum by (le, ${route}) (rate(${duration}_bucket${chosen()}${WINDOW})))`,
    `p${ratio * 100} {{${route}}}`,
  ];
  const failed = rate(requests, 'route', ',status=~"5xx|cut"');
  return [
    {
      title: 'Gateway requests',
      unit: 'reqps',
      asks: [[`${rate(requests, 'route, status')} > 0`, '{{route}} {{status}}']],
    },
    {
      title: 'Gateway failures',
      unit: 'percentunit',
      asks: [[`${failed} / ${rate(requests, 'route')}`, '{{route}}']],
    },
    { title: 'Gateway latency', unit: 's', asks: [quantile(0.5), quantile(0.99)] },
    {
      title: 'Gateway requests under way',
      unit: 'short',
      asks: [[highest('keelson_gateway_in_flight'), '{{name}} in flight']],
    },
  ];
}

function panelOf({ title, unit, asks }: Panel, place: number): object {
  const perRow = COLUMNS / WIDTH;
  return {
    id: place + 1,
    title,
    type: 'timeseries',
    datasource: { type: 'prometheus', uid: '$datasource' },
    gridPos: { x: (place % perRow) * WIDTH, y: Math.floor(place / perRow) * HEIGHT, w: WIDTH, h: HEIGHT },
    fieldConfig: { defaults: { unit, min: 0 }, overrides: [] },
    targets: asks.map(([expr, legendFormat], at) => ({
      refId: String.fromCharCode(65 + at),
      expr,
      legendFormat,
    })),
  };
}

function variableOf(name: string, more: string): object {
  const query = `label_values(keelson_things${more}, ${name})`;
  return {
    ...{ name, type: 'query', query, includeAll: true, multi: true, allValue: '.*', refresh: 2, sort: 1 },
    datasource: { type: 'prometheus', uid: '$datasource' },
    current: { text: 'All', value: '$__all' },
  };
}

/**
 * A dashboard for Grafana 10 and later, as JSON to be imported: latency and outcomes of meters, and how
 * breakers, bulkheads and all the others stand.
 */
export function grafanaDashboard(options: GrafanaDashboardOptions = {}): Readonly<Record<string, unknown>> {
  const { title = 'keelson', uid = 'keelson' } = options;
  const panels = [...callPanels(), ...policyPanels(), ...gatewayPanels(), ...systemPanels()];
  return {
    ...{ uid, title, schemaVersion: 39, version: 1, editable: true, tags: ['keelson'] },
    ...{ time: { from: 'now-1h', to: 'now' }, refresh: '30s' },
    templating: {
      list: [
        { name: 'datasource', type: 'datasource', query: 'prometheus', current: {} },
        variableOf('service', ''),
        {
          ...variableOf('name', '{service=~"$service"}'),
          query: 'label_values({__name__=~"keelson_.+",service=~"$service"}, name)',
        },
      ],
    },
    panels: panels.map(panelOf),
  };
}
