import { createServer, get } from 'node:http';
import type { AddressInfo } from 'node:net';
import { describe, expect, it } from 'vitest';
import { Meter } from '../../../src/observe/meter.js';
import { Observatory } from '../../../src/observe/observatory.js';
import { PrometheusExporter } from '../../../src/observe/prometheus.js';
import { Bulkhead } from '../../../src/resilience/bulkhead.js';
import { openMetricsProblems } from './open-metrics-rules.js';

const OPEN = 'application/openmetrics-text; version=1.0.0';

function stage() {
  const observatory = new Observatory({ service: 'shop' });
  return { observatory, exporter: new PrometheusExporter(observatory) };
}

describe('the format', () => {
  it.each([
    [undefined, false],
    ['', false],
    ['*/*', false],
    ['text/plain', false],
    [`${OPEN};q=0.5,text/plain;q=0.4`, true],
    ['application/openmetrics-text;version=1.0.0;q=0.4,text/plain;version=0.0.4;q=0.5', false],
    ['application/openmetrics-text;version=0.0.1', false],
    ['application/openmetrics-text', true],
    ['application/openmetrics-text;q=0', false],
    ['application/openmetrics-text;q=lots', false],
    ['APPLICATION/OPENMETRICS-TEXT; version="1.0.0"; q=1, */*;q=0.1', true],
  ])('for an Accept of %s is OpenMetrics: %s', (accept, open) => {
    const { exporter } = stage();
    expect(exporter.text(accept).contentType.startsWith('application/openmetrics-text')).toBe(open);
  });

  it('of OpenMetrics names units and ends', async () => {
    const { observatory, exporter } = stage();
    const meter = new Meter({ name: 'pay' });
    observatory.watch(meter);
    await meter.execute(() => 7);
    const { body } = exporter.text(OPEN);
    expect(openMetricsProblems(body)).toEqual([]);
    expect(body).toContain('# TYPE keelson_calls counter\nkeelson_calls_total{');
    expect(body).toContain('# UNIT keelson_call_duration_seconds seconds\n');
    expect(body).toMatch(/\n# EOF\n$/);
  });

  it('is chosen, and the method checked, by the handler', async () => {
    const { exporter, observatory } = stage();
    observatory.watch(new Bulkhead({ slots: 1 }));
    const server = createServer(exporter.handler).listen(0, '127.0.0.1');
    await new Promise(resolve => server.once('listening', resolve));
    const { port } = server.address() as AddressInfo;
    const ask = (method: string, accept: string) =>
      new Promise<string[]>((resolve, reject) => {
        const request = get({ port, host: '127.0.0.1', method, headers: { accept }, agent: false }, reply => {
          let text = '';
          reply.setEncoding('utf8').on('data', part => {
            text += part;
          });
          reply.on('end', () => resolve([`${reply.statusCode} ${reply.headers['content-type']}`, text]));
        });
        request.on('error', reject);
      });
    const [plain, body] = await ask('GET', 'text/plain');
    expect(plain).toBe('200 text/plain; version=0.0.4; charset=utf-8');
    expect(body).toContain('keelson_bulkhead_slots{service="shop",name="bulkhead"} 1\n');
    expect((await ask('GET', OPEN))[0]).toBe(
      '200 application/openmetrics-text; version=1.0.0; charset=utf-8',
    );
    expect((await ask('HEAD', OPEN))[1]).toBe('');
    expect((await ask('POST', OPEN))[0]).toMatch(/^405/);
    await new Promise(resolve => server.close(resolve));
  });
});
