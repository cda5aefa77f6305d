import {
  AggregationTemporality,
  InMemoryMetricExporter,
  MeterProvider,
  PeriodicExportingMetricReader,
} from '@opentelemetry/sdk-metrics';
import parse from 'parse-prometheus-text-format';
import { describe, expect, it } from 'vitest';
import { InMemoryBus } from '../../../src/messaging/in-memory-bus.js';
import { topic } from '../../../src/messaging/topic.js';
import { Observatory } from '../../../src/observe/observatory.js';
import { otelMetrics } from '../../../src/observe/otel-metrics.js';
import { PrometheusExporter } from '../../../src/observe/prometheus.js';
import { settle } from '../../../src/testing/settle.js';
import { VirtualClock } from '../../../src/testing/virtual-clock.js';
import { someSagas } from '../../fixtures/dashboard-sagas.js';

interface Parsed {
  readonly name: string;
  readonly metrics: readonly { readonly value: string; readonly labels: Readonly<Record<string, string>> }[];
}

/** The series of a metric without the service, as a parser reads them. */
function linesOf(body: string, name: string): string[] {
  const { metrics = [] } = (parse(body) as Parsed[]).find(family => family.name === name) ?? {};
  return metrics.map(({ value, labels }) => {
    const { service: _, ...rest } = labels;
    return `${Object.values(rest).join(' ')} ${value}`;
  });
}

const SAGAS = 'keelson_saga_orchestrator_sagas';
const LETTERS = 'keelson_message_bus_dead_letters';
const UNANSWERED = 'keelson_unanswered';

function stage(options = {}) {
  const clock = new VirtualClock();
  const observatory = new Observatory({ service: 'shop', clock });
  return { clock, observatory, exporter: new PrometheusExporter(observatory, { clock, ...options }) };
}

/** An orchestrator whose store is as it is told to be. */
function madeUp(count: () => Promise<unknown>, name = 'made up') {
  return { name, describe: () => ({ kind: 'saga-orchestrator' }), count };
}

async function busWithLetters() {
  const bus = new InMemoryBus({ name: 'events' });
  const orders = topic<{ n: number }>('orders.placed');
  const fails = { group: 'billing', failure: { redeliver: [] } };
  const refuse = () => {
    throw new Error('no');
  };
  await bus.subscribe(orders, fails, refuse).ready;
  await bus.subscribe(orders, fails, refuse).ready;
  await bus.subscribe(topic('quiet'), { group: 'billing' }, () => {}).ready;
  await bus.subscribe('orders.*', { group: 'patterns' }, () => {}).ready;
  await bus.subscribe(orders, { group: null }, () => {}).ready;
  for (const n of [1, 2, 3]) await bus.publish(orders, { n });
  await expect.poll(() => bus.deadLetters(orders, 'billing').count()).toBe(3);
  return bus;
}

describe('what a store or a broker knows', () => {
  it('is asked for at a look: sagas by status, dead letters by topic and group', async () => {
    const { observatory, exporter } = stage();
    const { sagas } = await someSagas(observatory);
    const bus = await busWithLetters();
    observatory.watch(bus);
    const { body } = await exporter.fresh();
    expect(linesOf(body, SAGAS)).toEqual([
      ...['orders running 0', 'orders waiting 1', 'orders compensating 0', 'orders parked 2'],
    ]);
    expect(linesOf(body, LETTERS)).toEqual(['events orders.placed billing 3', 'events quiet billing 0']);
    expect(linesOf(body, UNANSWERED)).toEqual(['saga-orchestrator orders 0', 'message-bus events 0']);
    await Promise.all([sagas.close(), bus.close()]);
  });

  it('is told to OpenTelemetry in the same way', async () => {
    const observatory = new Observatory();
    const { sagas } = await someSagas(observatory);
    const memory = new InMemoryMetricExporter(AggregationTemporality.CUMULATIVE);
    const reader = new PeriodicExportingMetricReader({ exporter: memory, exportIntervalMillis: 1_000_000 });
    const meterProvider = new MeterProvider({ readers: [reader] });
    const stop = otelMetrics(observatory, { meterProvider });
    await reader.forceFlush();
    const metrics = memory
      .getMetrics()
      .flatMap(({ scopeMetrics }) => scopeMetrics.flatMap(one => one.metrics));
    const found = metrics.find(({ descriptor }) => descriptor.name === 'keelson.saga_orchestrator.sagas')!;
    const parked = found.dataPoints.find(({ attributes }) => attributes['keelson.status'] === 'parked');
    expect(parked).toMatchObject({ value: 2, attributes: { 'keelson.name': 'orders' } });
    stop();
    await Promise.all([meterProvider.shutdown(), sagas.close()]);
  });

  it('is asked for once in `askEveryMs`, however often one looks', async () => {
    const { clock, observatory, exporter } = stage({ askEveryMs: 1_000 });
    let asked = 0;
    observatory.watch(madeUp(async () => ({ parked: ++asked, odd: 'x' })));
    for (let look = 0; look < 50; look++) await exporter.fresh();
    exporter.text();
    expect(asked).toBe(1);
    await clock.advance(1_000);
    // A look that does not wait tells what was said last, and asks for the next one.
    expect(linesOf(exporter.text().body, SAGAS)).toEqual(['made up parked 1']);
    await settle();
    expect(linesOf(exporter.text().body, SAGAS)).toEqual(['made up parked 2']);
    expect(asked).toBe(2);
  });

  it('is not asked for where none is to be asked', async () => {
    const { observatory, exporter } = stage({ askEveryMs: Infinity });
    let asked = 0;
    observatory.watch(madeUp(async () => ({ parked: ++asked })));
    const { body } = await exporter.fresh();
    expect([asked, linesOf(body, SAGAS), linesOf(body, UNANSWERED)]).toEqual([0, [], []]);
  });
});

describe('a store that does not answer', () => {
  it('holds a look up once, for `askTimeoutMs`, is asked once, and is told of', async () => {
    const { clock, observatory, exporter } = stage({ askEveryMs: 1_000, askTimeoutMs: 200 });
    let answer: (counts: object) => void = () => {};
    let asked = 0;
    const hangs = () => {
      asked++;
      return new Promise<object>(resolve => {
        answer = resolve;
      });
    };
    observatory.watch(madeUp(hangs));
    observatory.watch(madeUp(async () => ({ parked: 7 }), 'other'));
    let body = '';
    const look = exporter.fresh().then(text => {
      body = text.body;
    });
    await settle();
    expect(body).toBe('');
    expect(linesOf(exporter.text().body, UNANSWERED)).toEqual(['saga-orchestrator other 0']);
    await clock.advance(200);
    await look;
    expect(linesOf(body, SAGAS)).toEqual(['other parked 7']);
    expect(linesOf(body, UNANSWERED)).toEqual(['saga-orchestrator made up 1', 'saga-orchestrator other 0']);
    await clock.advance(5_000);
    await exporter.fresh();
    expect(asked).toBe(1);
    answer({ parked: 2 });
    await settle();
    expect(linesOf((await exporter.fresh()).body, SAGAS)).toEqual(['made up parked 2', 'other parked 7']);
  });

  it('or fails, loses what it said before, and breaks nothing', async () => {
    const { clock, observatory, exporter } = stage({ askEveryMs: 1_000 });
    let fails = false;
    const unwatch = observatory.watch(
      madeUp(async () => {
        if (fails) throw new Error('no');
        return { parked: 4 };
      }),
    );
    observatory.watch({ name: 'odd', describe: () => ({ kind: 'saga-orchestrator' }) });
    observatory.watch({ name: 'bare', describe: () => ({ kind: 'message-bus' }) });
    expect(linesOf((await exporter.fresh()).body, SAGAS)).toEqual(['made up parked 4']);
    fails = true;
    await clock.advance(1_000);
    const { body } = await exporter.fresh();
    expect(linesOf(body, SAGAS)).toEqual([]);
    expect(linesOf(body, UNANSWERED)).toContain('saga-orchestrator made up 1');
    unwatch();
    await clock.advance(1_000);
    expect((await exporter.fresh()).body).not.toContain('made up');
  });

  it.each([
    [{ askEveryMs: 99 }, '`askEveryMs` must be a number >= 100, or Infinity, got 99'],
    [{ askTimeoutMs: 0 }, '`askTimeoutMs` must be a number >= 1 <= 60000, got 0'],
  ])('is not asked by %o', (options, message) => {
    expect(() => stage(options)).toThrow(`PrometheusExporter: ${message}`);
    const meterProvider = { getMeter() {} } as never;
    expect(() => otelMetrics(new Observatory(), { meterProvider, ...options })).toThrow(
      `otelMetrics: ${message}`,
    );
  });
});
