import parse from 'parse-prometheus-text-format';
import { describe, expect, it } from 'vitest';
import { ApiGateway } from '../../../src/adapters/node-http/api-gateway.js';
import { Observatory } from '../../../src/observe/observatory.js';
import { PrometheusExporter } from '../../../src/observe/prometheus.js';
import { openMetricsProblems } from './open-metrics-rules.js';

interface Parsed {
  readonly name: string;
  readonly metrics: readonly {
    readonly value?: string;
    readonly labels?: Readonly<Record<string, string>>;
  }[];
}

const metricsOf = (exporter: PrometheusExporter, name: string) =>
  (parse(exporter.text().body) as Parsed[]).find(family => family.name === name)?.metrics ?? [];
/** Its lines without what is the same in all of them: the parser takes a histogram for one series. */
const durations = (exporter: PrometheusExporter, part: string) => {
  const line = new RegExp(
    `^http_server_request_duration_seconds_${part}{service="shop",(?:name="made up",)?(.*)`,
  );
  return exporter
    .text()
    .body.split('\n')
    .flatMap(text => line.exec(text)?.[1] ?? []);
};
const requests = (exporter: PrometheusExporter) =>
  metricsOf(exporter, 'keelson_gateway_requests_total').map(
    ({ value, labels }) => `${labels!['name']} ${labels!['route']} ${labels!['status']} ${value}`,
  );

function stage(options = {}) {
  const observatory = new Observatory({ service: 'shop' });
  const gateway = new ApiGateway({
    name: 'edge',
    routes: [
      { path: '/hello', reply: { body: 'hi' } },
      { path: '/broken', methods: ['GET'], upstream: () => Promise.reject(new Error('no')) },
    ],
  });
  return { observatory, gateway, exporter: new PrometheusExporter(observatory, options) };
}

/** A gateway that says what it is told to. */
function madeUp(routes: readonly string[] = []) {
  const listeners = new Map<string, (event: object) => void>();
  let described = routes;
  const gateway = {
    describe: () => ({ kind: 'gateway', name: 'made up', routes: described.map(route => ({ route })) }),
    on: (event: string, listener: (event: object) => void) => {
      listeners.set(event, listener);
      return () => listeners.delete(event);
    },
  };
  const end = (route: string, status: number, outcome = 'answered', method = 'GET', tookMs = 1) =>
    listeners.get('completed')?.({ route, status, outcome, method, tookMs });
  const replace = (next: readonly string[]) => {
    described = next;
    listeners.get('replaced')?.({});
  };
  return { gateway, end, replace, listeners };
}

describe('the requests of a gateway', () => {
  it('are counted by route and class of status, each route from 0 on', async () => {
    const { observatory, gateway, exporter } = stage();
    observatory.watch(gateway);
    const before = requests(exporter);
    const usual = ['2xx', '3xx', '4xx', '5xx', 'cut', 'gone'];
    const ofRoutes = ['GET /broken', '/hello'].flatMap(route =>
      usual.map(status => `edge ${route} ${status} 0`),
    );
    expect(before.sort()).toEqual(ofRoutes.sort());
    const get = (path: string) => gateway.fetch(new Request(`http://edge.example${path}`));
    for (const path of ['/hello', '/hello', '/broken', '/nowhere']) await (await get(path)).text();
    await expect
      .poll(() =>
        requests(exporter)
          .filter(line => !line.endsWith(' 0'))
          .sort(),
      )
      .toEqual(['edge  4xx 1', 'edge /hello 2xx 2', 'edge GET /broken 5xx 1']);
    await gateway.close();
  });

  it('have a histogram by the HTTP conventions, as a parser reads it', () => {
    const { observatory, exporter } = stage({ boundsMs: [10, 100] });
    const { gateway, end } = madeUp();
    observatory.watch(gateway);
    for (const ms of [10, 11, 250]) end('/a/:id', 200, 'answered', 'GET', ms);
    end('/a/:id', 502, 'answered', 'POST', 5);
    end('/a/:id', 200, 'cut', '<script>', 5);
    end('', 404);
    end('', 0, 'gone');
    const a = 'http_route="/a/:id"';
    expect(durations(exporter, 'count')).toEqual([
      `http_request_method="GET",http_response_status_code="200",${a}} 3`,
      `http_request_method="POST",http_response_status_code="502",${a},error_type="502"} 1`,
      `http_request_method="_OTHER",http_response_status_code="200",${a},error_type="cut"} 1`,
      'http_request_method="GET",http_response_status_code="404"} 1',
      'http_request_method="GET",http_response_status_code="0",error_type="gone"} 1',
    ]);
    const get = `http_request_method="GET",http_response_status_code="200",${a}`;
    expect(durations(exporter, 'bucket').slice(0, 3)).toEqual([
      ...[`${get},le="0.01"} 1`, `${get},le="0.1"} 2`, `${get},le="+Inf"} 3`],
    ]);
    expect(durations(exporter, 'sum')[0]).toBe(`${get}} 0.271`);
    expect(openMetricsProblems(exporter.text('application/openmetrics-text').body)).toEqual([]);
    expect(requests(exporter)).toEqual([
      ...['made up /a/:id 2xx 3', 'made up /a/:id 5xx 1', 'made up /a/:id cut 1'],
      ...['made up  4xx 1', 'made up  gone 1'],
    ]);
  });

  it('have no more series than are allowed, and those that were come before those that may be', () => {
    const { observatory, exporter } = stage({ maxSeries: 3 });
    const { gateway, end } = madeUp(['/a', '/b']);
    observatory.watch(gateway);
    expect(requests(exporter)).toHaveLength(3);
    for (let n = 0; n < 5; n++) end(`/made/${n}`, 200, 'answered', 'GET', 1);
    end('/made/0', 0, 'upgraded');
    const over = metricsOf(exporter, 'keelson_gateway_requests_total').at(-1)!;
    expect(over).toMatchObject({ value: '3', labels: { otel_metric_overflow: 'true' } });
    expect(requests(exporter)).toHaveLength(4);
    expect(durations(exporter, 'count').map(line => line.split(' ')[1])).toEqual(['1', '1', '1', '3']);
    expect(durations(exporter, 'count')[3]).toBe('otel_metric_overflow="true"} 3');
  });

  it('are those of the routes that there are now, and end with the gateway and the exporter', () => {
    const { observatory, exporter } = stage();
    const { gateway, end, replace, listeners } = madeUp(['/a']);
    const unwatch = observatory.watch(gateway);
    end('/a', 200);
    replace(['/b']);
    expect(requests(exporter)).toEqual([
      ...['2xx', '3xx', '4xx', '5xx', 'cut', 'gone'].map(status => `made up /b ${status} 0`),
      'made up /a 2xx 1',
    ]);
    unwatch();
    expect(requests(exporter)).toEqual([]);
    expect([...listeners.keys()]).toEqual([]);
    observatory.watch(gateway);
    end('/b', 500);
    expect(requests(exporter)).toContain('made up /b 5xx 1');
    exporter[Symbol.dispose]();
    expect(listeners.has('replaced')).toBe(false);
  });

  it('are of no number where a gateway tells nothing of itself', () => {
    const { observatory, exporter } = stage();
    observatory.watch({}, { kind: 'gateway', name: 'mute' });
    const { gateway } = madeUp();
    observatory.watch({ ...gateway, describe: () => ({ routes: 'none' }) }, { kind: 'gateway', name: 'odd' });
    expect(requests(exporter)).toEqual([]);
    expect(openMetricsProblems(exporter.text('application/openmetrics-text').body)).toEqual([]);
  });
});
