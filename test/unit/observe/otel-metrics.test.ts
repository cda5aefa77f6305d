import {
  AggregationTemporality,
  InMemoryMetricExporter,
  MeterProvider,
  PeriodicExportingMetricReader,
} from '@opentelemetry/sdk-metrics';
import { describe, expect, it } from 'vitest';
import { Meter } from '../../../src/observe/meter.js';
import { Observatory } from '../../../src/observe/observatory.js';
import { otelMetrics } from '../../../src/observe/otel-metrics.js';
import { Bulkhead } from '../../../src/resilience/bulkhead.js';
import { CircuitBreaker } from '../../../src/resilience/circuit-breaker.js';
import { VirtualClock } from '../../../src/testing/virtual-clock.js';

interface Point {
  readonly attributes: Readonly<Record<string, unknown>>;
  readonly value: unknown;
}

/** The SDK of OpenTelemetry, and what it has read. */
function stage(options = {}) {
  const exporter = new InMemoryMetricExporter(AggregationTemporality.CUMULATIVE);
  const reader = new PeriodicExportingMetricReader({ exporter, exportIntervalMillis: 1_000_000 });
  const meterProvider = new MeterProvider({ readers: [reader] });
  const clock = new VirtualClock();
  const observatory = new Observatory({ service: 'shop', clock });
  const stop = otelMetrics(observatory, { meterProvider, ...options });
  const read = async () => {
    exporter.reset();
    await reader.forceFlush();
    const scopes = exporter.getMetrics().flatMap(({ scopeMetrics }) => scopeMetrics);
    const metrics = scopes.flatMap(scope => scope.metrics);
    return new Map(metrics.map(metric => [metric.descriptor.name, metric]));
  };
  const points = async (name: string) => ((await read()).get(name)?.dataPoints ?? []) as readonly Point[];
  return { clock, observatory, stop, read, points, done: () => meterProvider.shutdown() };
}

describe('the metrics of OpenTelemetry', () => {
  it('are those of the snapshots, with units and attributes', async () => {
    const { clock, observatory, read, done } = stage();
    const bulkhead = new Bulkhead({ name: 'pay', slots: 3, clock });
    observatory.watch(bulkhead);
    const breaker = new CircuitBreaker({ name: 'pay', clock });
    observatory.watch(breaker);
    void bulkhead.execute(() => new Promise(() => {}));
    breaker.isolate();
    const metrics = await read();
    expect(metrics.get('keelson.bulkhead.taken')).toMatchObject({
      descriptor: { unit: '{taken}' },
      dataPoints: [{ attributes: { 'keelson.name': 'pay' }, value: 1 }],
    });
    expect(metrics.get('keelson.circuit_breaker.remaining')!.descriptor.unit).toBe('s');
    const isolated = metrics
      .get('keelson.circuit_breaker.state')!
      .dataPoints.find(({ attributes }) => attributes['keelson.state'] === 'isolated');
    expect(isolated!.value).toBe(1);
    const told = metrics.get('keelson.events')!.dataPoints;
    const counts = told.map(({ attributes, value }) => [Object.values(attributes).join(' '), value]);
    expect(counts).toContainEqual(['circuit-breaker pay isolated', 1]);
    expect(counts).toContainEqual(['circuit-breaker pay opened', 0]);
    await done();
  });

  it('have a histogram of the calls of each meter, and why they failed', async () => {
    const { clock, observatory, points, done } = stage();
    const meter = new Meter({ name: 'pay', clock });
    observatory.watch(meter);
    const call = meter.execute(() => new Promise<void>(resolve => clock.schedule(40, resolve)));
    await clock.advance(40);
    await call;
    const refused = Object.assign(new Error('no'), { code: 'ECONNREFUSED' });
    await meter.execute(() => Promise.reject(refused)).catch(() => {});
    await meter.execute(() => Promise.reject(new TypeError('no'))).catch(() => {});
    await meter.execute(() => Promise.reject('thrown')).catch(() => {});
    const found = await points('keelson.call.duration');
    expect(found.map(({ attributes }) => [attributes['keelson.outcome'], attributes['error.type']])).toEqual([
      ['success', undefined],
      ['failure', 'ECONNREFUSED'],
      ['failure', 'TypeError'],
      ['failure', 'string'],
    ]);
    expect(found[0]!.value).toMatchObject({ count: 1, sum: 0.04, buckets: { counts: { length: 17 } } });
    await done();
  });

  it('have the requests of a gateway by the HTTP conventions', async () => {
    const { observatory, points, done } = stage();
    let tell: (request: object) => void = () => {};
    const gateway = {
      on: (event: string, listener: (request: object) => void) => {
        if (event === 'completed') tell = listener;
        return () => {};
      },
    };
    observatory.watch(gateway, { kind: 'gateway', name: 'edge' });
    tell({ method: 'GET', route: '/orders/:id', status: 200, outcome: 'answered', tookMs: 12 });
    tell({ method: '<script>', route: '', status: 502, outcome: 'answered', tookMs: 1 });
    tell({ method: 'PUT', route: '/orders/:id', status: 200, outcome: 'gone', tookMs: 1 });
    const found = await points('http.server.request.duration');
    expect(found.map(({ attributes }) => attributes)).toEqual([
      {
        'http.request.method': 'GET',
        'http.response.status_code': 200,
        'http.route': '/orders/:id',
      },
      { 'http.request.method': '_OTHER', 'http.response.status_code': 502, 'error.type': '502' },
      {
        'http.request.method': 'PUT',
        'http.response.status_code': 200,
        'http.route': '/orders/:id',
        'error.type': 'gone',
      },
    ]);
    await done();
  });

  it('have no more series than are allowed', async () => {
    const { clock, observatory, points, done } = stage({ maxSeries: 2 });
    const meter = new Meter({ name: 'pay', clock });
    observatory.watch(meter);
    for (let n = 0; n < 4; n++) {
      const error = Object.assign(new Error('no'), { code: `E${n}` });
      await meter.execute(() => Promise.reject(error)).catch(() => {});
      const breaker = new CircuitBreaker({ name: `b${n}`, clock });
      observatory.watch(breaker);
      breaker.isolate();
    }
    const durations = await points('keelson.call.duration');
    expect(durations).toHaveLength(3);
    expect(durations[2]).toMatchObject({ attributes: { 'otel.metric.overflow': true }, value: { count: 2 } });
    const events = await points('keelson.events');
    expect(events.map(({ value }) => value)).toEqual([1, 1, 2]);
    expect(events[2]!.attributes).toEqual({ 'otel.metric.overflow': true });
    await done();
  });

  it('follow what begins and ends to be watched, and end', async () => {
    const { clock, observatory, points, stop, done } = stage();
    const meter = new Meter({ name: 'pay', clock });
    const unwatch = observatory.watch(meter);
    await meter.execute(() => 7);
    unwatch();
    await meter.execute(() => 7);
    observatory.watch(meter);
    await meter.execute(() => 7);
    const count = async () => (await points('keelson.call.duration'))[0]?.value as { count: number };
    expect((await count()).count).toBe(2);
    stop();
    stop();
    await meter.execute(() => 7);
    expect((await count()).count).toBe(2);
    // The SDK goes on telling what it was last told.
    observatory.watch(new Meter({ clock }));
    expect(await points('keelson.things')).toMatchObject([{ value: 1 }]);
    await done();
  });

  it.each([
    [{}, '`meterProvider` must be a MeterProvider, got undefined'],
    [{ meterProvider: { getMeter() {} }, maxSeries: 0 }, '`maxSeries` must be an integer >= 1'],
    [{ meter: 1 }, 'unknown option `meter`'],
  ])('refuse %o', (options, message) => {
    expect(() => otelMetrics(new Observatory(), options as never)).toThrow(`otelMetrics: ${message}`);
  });
});
