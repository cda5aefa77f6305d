import * as api from '@opentelemetry/api';
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks';
import {
  BasicTracerProvider,
  InMemorySpanExporter,
  SimpleSpanProcessor,
} from '@opentelemetry/sdk-trace-base';
import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { pipeline } from '../../../src/kernel/pipeline.js';
import { Traced } from '../../../src/observe/traced.js';
import { Bulkhead } from '../../../src/resilience/bulkhead.js';
import { CircuitBreaker } from '../../../src/resilience/circuit-breaker.js';
import { Retry } from '../../../src/resilience/retry.js';

const exporter = new InMemorySpanExporter();
const tracer = new BasicTracerProvider({ spanProcessors: [new SimpleSpanProcessor(exporter)] }).getTracer(
  't',
);
const fails = (error: unknown) => () => Promise.reject(error);

/** The spans that have ended, and what each is a child of. */
function spans() {
  const ended = exporter.getFinishedSpans();
  const nameOf = new Map(ended.map(span => [span.spanContext().spanId, span.name]));
  return ended.map(span => ({
    name: span.name,
    under: nameOf.get(span.parentSpanContext?.spanId ?? ''),
    attributes: span.attributes,
    status: span.status,
    events: span.events,
    kind: span.kind,
  }));
}

describe('a traced call', () => {
  beforeAll(() => {
    api.context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable());
  });
  afterAll(() => {
    api.context.disable();
  });
  beforeEach(() => exporter.reset());

  it('is a span of its own, and each attempt one below it', async () => {
    const call = new Traced({ api, tracer, name: 'charge', attributes: { tenant: 'a' } });
    const attempt = new Traced({ api, tracer, name: 'try', kind: 'client' });
    const policy = pipeline(
      call,
      new Retry({ attempts: 2, backoff: { kind: 'constant', delayMs: 1 } }),
      attempt,
    );
    let tries = 0;
    const outer = tracer.startSpan('request');
    const answer = await api.context.with(api.trace.setSpan(api.context.active(), outer), () =>
      policy.execute(() => {
        tracer.startSpan('inside').end();
        return tries++ === 0 ? Promise.reject(new TypeError('no')) : 7;
      }),
    );
    outer.end();
    expect(answer).toBe(7);
    expect(spans().map(({ name, under }) => [name, under])).toEqual([
      ['inside', 'try'],
      ['try', 'charge'],
      ['inside', 'try'],
      ['try', 'charge'],
      ['charge', 'request'],
      ['request', undefined],
    ]);
    const [, first, , second, all] = spans();
    expect(first).toMatchObject({
      attributes: { 'keelson.attempt': 1, 'keelson.outcome': 'failure', 'error.type': 'TypeError' },
      status: { code: api.SpanStatusCode.ERROR, message: 'no' },
      kind: api.SpanKind.CLIENT,
    });
    expect(first!.events[0]).toMatchObject({ name: 'exception', attributes: { 'exception.message': 'no' } });
    expect(second!.attributes).toEqual({ 'keelson.attempt': 2, 'keelson.outcome': 'success' });
    expect(all).toMatchObject({ attributes: { tenant: 'a', 'keelson.outcome': 'success' }, kind: 0 });
  });

  it('keeps the context of its caller through the wait in a queue', async () => {
    const bulkhead = new Bulkhead({ slots: 1, queue: 5 });
    const policy = pipeline(new Traced({ api, tracer, name: 'call' }), bulkhead);
    let free: (value: unknown) => void = () => {};
    const first = policy.execute(() => new Promise(resolve => (free = resolve)));
    const outer = tracer.startSpan('request');
    const second = api.context.with(api.trace.setSpan(api.context.active(), outer), () =>
      policy.execute(() => tracer.startSpan('inside').end()),
    );
    free(1);
    await Promise.all([first, second]);
    outer.end();
    const [inside, call] = spans().filter(({ under }) => under !== undefined);
    expect([inside!.under, call!.under]).toEqual(['call', 'request']);
  });

  it('says that it was rejected, and by what', async () => {
    const breaker = new CircuitBreaker();
    breaker.isolate();
    const policy = pipeline(new Traced({ api, tracer, name: 'call' }), breaker);
    await policy.execute(() => 7).catch(() => {});
    expect(spans()[0]).toMatchObject({
      attributes: { 'keelson.outcome': 'rejected', 'error.type': 'ERR_CIRCUIT_OPEN' },
      status: { code: api.SpanStatusCode.ERROR },
    });
  });

  it('that its caller gave up is no error, and one that classify takes for a failure is', async () => {
    const leaving = new AbortController();
    const traced = new Traced({
      api,
      tracer,
      name: 'call',
      classify: ({ ok }) => (ok ? 'failure' : undefined),
    });
    leaving.abort(new Error('gone'));
    await traced.execute(() => 7, { signal: leaving.signal }).catch(() => {});
    const later = new AbortController();
    await traced
      .execute(
        () => {
          later.abort(new Error('gone'));
          throw later.signal.reason;
        },
        { signal: later.signal },
      )
      .catch(() => {});
    await traced.execute(() => 503);
    const told = spans().map(({ attributes, status }) => [attributes['keelson.outcome'], status.code]);
    expect(told).toEqual([
      ['neutral', api.SpanStatusCode.UNSET],
      ['neutral', api.SpanStatusCode.UNSET],
      ['failure', api.SpanStatusCode.ERROR],
    ]);
  });

  it('ends also when what judges it fails, and the caller does not feel it', async () => {
    const reported = vi.spyOn(console, 'error').mockImplementation(() => {});
    const traced = new Traced({ api, tracer, classify: () => 'well' as never });
    expect(await traced.execute(() => 7)).toBe(7);
    expect(spans()).toHaveLength(1);
    expect(reported).toHaveBeenCalledTimes(1);
    reported.mockRestore();
  });

  it('keeps what a remote says short', async () => {
    const traced = new Traced({ api, tracer });
    const wrong = Object.assign(new Error('<b>\n'.repeat(250_000)), { code: 'E'.repeat(10_000) });
    await traced.execute(fails(wrong)).catch(() => {});
    expect(JSON.stringify(spans()).length).toBeLessThan(10_000);
  });

  it('makes no span for what is no operation', async () => {
    await expect(new Traced({ api, tracer }).execute(7 as never)).rejects.toThrow('must be a function');
    expect(spans()).toEqual([]);
  });

  it.each([
    [{}, '`api` must be the module @opentelemetry/api, got undefined'],
    [{ api, kind: 'sub' }, "`kind` must be 'internal' or 'server'"],
    [{ api, classify: 1 }, '`classify` must be a function, got 1'],
    [{ api, attributes: 1 }, '`attributes` must be an object, got 1'],
    [{ api, span: 1 }, 'unknown option `span`'],
  ])('refuses %o', (options, message) => {
    expect(() => new Traced(options as never)).toThrow(`Traced: ${message}`);
  });
});
