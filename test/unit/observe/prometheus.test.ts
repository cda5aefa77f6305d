import parse from 'parse-prometheus-text-format';
import { describe, expect, it } from 'vitest';
import { observedKinds } from '../../../src/observe/kinds.js';
import { Meter } from '../../../src/observe/meter.js';
import { Observatory } from '../../../src/observe/observatory.js';
import { PrometheusExporter } from '../../../src/observe/prometheus.js';
import { Bulkhead } from '../../../src/resilience/bulkhead.js';
import { CircuitBreaker } from '../../../src/resilience/circuit-breaker.js';
import { Hedge } from '../../../src/resilience/hedge.js';
import { VirtualClock } from '../../../src/testing/virtual-clock.js';
import { openMetricsProblems } from './open-metrics-rules.js';

interface Parsed {
  readonly name: string;
  readonly type: string;
  readonly metrics: readonly {
    readonly value?: string;
    readonly labels?: Readonly<Record<string, string>>;
    readonly buckets?: Readonly<Record<string, string>>;
  }[];
}

const OPEN = 'application/openmetrics-text; version=1.0.0';

function familiesOf(exporter: PrometheusExporter): Map<string, Parsed> {
  const { body } = exporter.text();
  return new Map((parse(body) as Parsed[]).map(family => [family.name, family]));
}

function stage(options = {}) {
  const clock = new VirtualClock();
  const observatory = new Observatory({ service: 'shop', clock });
  return { clock, observatory, exporter: new PrometheusExporter(observatory, options) };
}

/** What people and remotes may put into a name, and a megabyte of it. */
const hostile = [
  '<script>alert(1)</script>',
  '\u001b[31mred\u001b[0m\u0007',
  'a"b\\c\nd\re',
  '}\nkeelson_things{kind="x"} 7\n# EOF',
  '\ud800 half',
  '\u2028\u0000\u0085',
  'x'.repeat(1_000_000),
  '# HELP a b',
  '{}',
  '\\',
  '"',
  ' ',
];

describe('the metrics of Prometheus', () => {
  it('are those of the snapshots, as a parser reads them', async () => {
    const { clock, observatory, exporter } = stage();
    const bulkhead = new Bulkhead({ name: 'pay', slots: 3, queue: 0, clock });
    const breaker = new CircuitBreaker({ name: 'pay', clock });
    observatory.watch(bulkhead);
    observatory.watch(breaker);
    observatory.watch(new Hedge({ delayMs: 5, clock }));
    void bulkhead.execute(() => new Promise(() => {}));
    await breaker.execute(() => 7);
    breaker.isolate();
    await breaker.execute(() => 7).catch(() => {});
    const families = familiesOf(exporter);
    const labels = { service: 'shop', name: 'pay' };
    expect(families.get('keelson_bulkhead_taken')).toMatchObject({
      type: 'GAUGE',
      metrics: [{ value: '1', labels }],
    });
    const states = families.get('keelson_circuit_breaker_state')!.metrics;
    expect(states.filter(({ value }) => value === '1')).toEqual([
      { value: '1', labels: { ...labels, state: 'isolated' } },
    ]);
    expect(states).toHaveLength(5);
    const calls = families.get('keelson_circuit_breaker_calls_total')!;
    expect(calls.type).toBe('COUNTER');
    expect(calls.metrics).toContainEqual({ value: '1', labels: { ...labels, outcome: 'rejected' } });
    expect(families.get('keelson_events_total')!.metrics).toContainEqual({
      value: '1',
      labels: { ...labels, kind: 'circuit-breaker', event: 'isolated' },
    });
    expect(families.get('keelson_things')!.metrics).toHaveLength(3);
    expect(families.get('keelson_hedge_not_hedged_total')!.metrics.length).toBeGreaterThan(1);
    // What has no value has no series.
    expect(families.has('keelson_hedge_quantile_seconds')).toBe(false);
  });

  it('know half-open, which no snapshot does', async () => {
    const { clock, observatory, exporter } = stage();
    const breaker = new CircuitBreaker({ clock, openMs: 10, minCalls: 1 });
    observatory.watch(breaker);
    await breaker.execute(() => Promise.reject(new Error('no'))).catch(() => {});
    await clock.advance(10);
    breaker.acquire();
    const states = familiesOf(exporter).get('keelson_circuit_breaker_state')!.metrics;
    expect(states.find(({ value }) => value === '1')!.labels!['state']).toBe('half-open');
  });

  it('have the latencies of a meter as a histogram', async () => {
    const { clock, observatory, exporter } = stage({ boundsMs: [10, 100, 1000] });
    const meter = new Meter({ name: 'pay', clock });
    observatory.watch(meter);
    for (const ms of [4, 5, 50, 5000]) {
      const call = meter.execute(() => new Promise<void>(resolve => clock.schedule(ms, resolve)));
      await clock.advance(ms);
      await call;
    }
    const { body } = exporter.text();
    const [histogram] = familiesOf(exporter).get('keelson_call_duration_seconds')!.metrics;
    expect(histogram!.buckets).toEqual({ '0.01': '2', '0.1': '3', '1.0': '3', '+Inf': '4' });
    expect(body).toContain('keelson_call_duration_seconds_count{service="shop",name="pay"} 4\n');
    expect(body).toContain('keelson_call_duration_seconds_sum{service="shop",name="pay"} 5.059\n');
    const calls = familiesOf(exporter).get('keelson_calls_total')!.metrics;
    expect(calls.find(({ labels }) => labels!['outcome'] === 'success')!.value).toBe('4');
  });

  it('count each event from 0 on, so that a rate sees the first of them', () => {
    const { observatory, exporter } = stage();
    observatory.watch(new Bulkhead({ name: 'pay', slots: 1 }));
    const breaker = new CircuitBreaker({ name: 'pay' });
    observatory.watch(breaker);
    const counted = () => {
      const { metrics } = familiesOf(exporter).get('keelson_events_total')!;
      return metrics.map(({ value, labels }) => `${labels!['kind']} ${labels!['event']} ${value}`);
    };
    const before = counted();
    expect(before).toHaveLength(observedKinds.bulkhead.length + observedKinds['circuit-breaker'].length);
    expect(before).toEqual(expect.arrayContaining(['bulkhead rejected 0', 'circuit-breaker opened 0']));
    breaker.isolate();
    expect(counted().sort()).toEqual(before.map(one => one.replace('isolated 0', 'isolated 1')).sort());
  });

  it('give no place to an event that has not happened where there are too few', () => {
    const { observatory, exporter } = stage({ maxSeries: 3 });
    for (const name of ['a', 'b', 'c']) {
      const breaker = new CircuitBreaker({ name });
      observatory.watch(breaker);
      if (name !== 'a') breaker.isolate();
    }
    const families = familiesOf(exporter);
    const told = families.get('keelson_events_total')!.metrics;
    expect(told.map(({ value, labels }) => `${labels!['name']} ${labels!['event']} ${value}`)).toEqual([
      ...['b isolated 1', 'c isolated 1', 'a opened 0'],
    ]);
    const over = families.get('keelson_series_overflowed')!.metrics.map(({ labels }) => labels!['metric']);
    expect(over).not.toContain('keelson.events');
  });

  it('tell two of the same name apart', () => {
    const { observatory, exporter } = stage();
    observatory.watch(new Bulkhead({ name: 'pay', slots: 1 }));
    observatory.watch(new Bulkhead({ name: 'pay', slots: 2 }));
    const { metrics } = familiesOf(exporter).get('keelson_bulkhead_slots')!;
    expect(metrics.map(({ labels, value }) => [labels!['name'], value])).toEqual([
      ['pay', '1'],
      ['pay#2', '2'],
    ]);
  });

  it.each([...hostile.entries()])('are not broken by name %i of those that want to', (_, name) => {
    const observatory = new Observatory({ service: name });
    const exporter = new PrometheusExporter(observatory);
    observatory.watch(new Bulkhead({ name, slots: 1 }));
    const meter = new Meter({ name });
    observatory.watch(meter);
    const families = familiesOf(exporter);
    expect(families.get('keelson_things')!.metrics.map(({ value }) => value)).toEqual(['1', '1']);
    const plain = exporter.text().body;
    expect(plain.length).toBeLessThan(50_000);
    expect(plain).not.toMatch(/[^\n\x20-\x7e\u00a1-\u2027\u2030-\ud7ff\ue000-\uffff]/);
    expect(openMetricsProblems(exporter.text(OPEN).body)).toEqual([]);
    expect(plain.split('\n').filter(line => /^keelson_things/.test(line))).toHaveLength(2);
  });

  it('have no more series than are allowed: counters go on in one, gauges are left out', async () => {
    const { clock, observatory, exporter } = stage({ maxSeries: 2 });
    for (let n = 0; n < 5; n++) {
      const breaker = new CircuitBreaker({ name: `b${n}`, clock });
      observatory.watch(breaker);
      observatory.watch(new Bulkhead({ name: `b${n}`, slots: 1, clock }));
      breaker.isolate();
      const meter = new Meter({ name: `m${n}`, clock });
      observatory.watch(meter);
      await meter.execute(() => 7);
    }
    const families = familiesOf(exporter);
    const isolated = families.get('keelson_events_total')!.metrics;
    expect(isolated.map(({ value, labels }) => [value, labels!['otel_metric_overflow']])).toEqual([
      ...[
        ['1', undefined],
        ['1', undefined],
        ['3', 'true'],
      ],
    ]);
    expect(families.get('keelson_bulkhead_slots')!.metrics).toHaveLength(2);
    const counts = [...exporter.text().body.matchAll(/^keelson_call_duration_seconds_count(.*)$/gm)];
    expect(counts.map(found => found[1])).toEqual([
      ...['{service="shop",name="m0"} 1', '{service="shop",name="m1"} 1'],
      '{service="shop",otel_metric_overflow="true"} 3',
    ]);
    expect(families.get('keelson_series_overflowed')!.metrics).toContainEqual({
      value: '3',
      labels: { service: 'shop', metric: 'keelson.bulkhead.slots' },
    });
  });

  it('leave out what is broken, and say nothing of what is not known', () => {
    const { observatory, exporter } = stage();
    observatory.watch(
      {
        snapshot() {
          throw new Error('no');
        },
      },
      { kind: 'bulkhead', name: 'broken' },
    );
    observatory.watch({ snapshot: () => ({ slots: Number.NaN, taken: '7' }) }, { kind: 'bulkhead' });
    observatory.watch({ snapshot: () => ({ a: 1 }) }, { kind: 'mine' });
    const names = [...familiesOf(exporter).keys()];
    expect(names).toEqual(['keelson_things']);
  });

  it('end counting with the exporter', () => {
    const { observatory, exporter } = stage();
    const breaker = new CircuitBreaker();
    observatory.watch(breaker);
    exporter[Symbol.dispose]();
    breaker.isolate();
    const { metrics } = familiesOf(exporter).get('keelson_events_total')!;
    expect(metrics.map(({ value }) => value)).toEqual(metrics.map(() => '0'));
  });

  it.each([
    [{ maxSeries: 0 }, '`maxSeries` must be an integer >= 1 <= 1000000, got 0'],
    [{ boundsMs: [] }, '`boundsMs` must be a list of at most 100 numbers'],
    [{ boundsMs: [5, 5] }, '`boundsMs` must be a number > 5, got 5'],
    [{ bounds: [] }, 'unknown option `bounds`'],
  ])('refuse %o', (options, message) => {
    const made = () => new PrometheusExporter(new Observatory(), options as never);
    expect(made).toThrow(`PrometheusExporter: ${message}`);
  });
});
