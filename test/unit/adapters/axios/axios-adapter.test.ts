import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Readable } from 'node:stream';
import axios, { AxiosError } from 'axios';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { axiosAdapter, axiosVerdict } from '../../../../src/adapters/axios/axios-adapter.js';
import { pipeline } from '../../../../src/kernel/pipeline.js';
import { Meter } from '../../../../src/observe/meter.js';
import { CircuitBreaker } from '../../../../src/resilience/circuit-breaker.js';
import { keyed } from '../../../../src/resilience/keyed.js';
import { Retry } from '../../../../src/resilience/retry.js';
import { Timeout } from '../../../../src/resilience/timeout.js';

let server: Server;
let origin: string;
let seen: string[];
let answer: (request: IncomingMessage, response: ServerResponse, count: number) => void;

beforeEach(async () => {
  seen = [];
  server = createServer((request, response) => {
    seen.push(`${request.method} ${request.url}`);
    let body = '';
    request.on('data', part => {
      body += part;
    });
    request.on('end', () => {
      if (body !== '') seen.push(body);
      answer(request, response, seen.length);
    });
  }).listen(0, '127.0.0.1');
  await new Promise(resolve => server.once('listening', resolve));
  origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});

afterEach(async () => {
  server.closeAllConnections();
  await new Promise(resolve => server.close(resolve));
});

const sending = axios.getAdapter('http');
const retry = () =>
  new Retry({ attempts: 3, backoff: { kind: 'constant', delayMs: 1 }, classify: axiosVerdict });
const status = (code: number) => (_: IncomingMessage, response: ServerResponse) => {
  response.writeHead(code).end(String(code));
};

describe('requests of axios', () => {
  it('are sent again when the server may do better, and answered as ever', async () => {
    answer = (_, response, count) => status(count < 3 ? 503 : 200)(_, response);
    const client = axios.create({ adapter: axiosAdapter({ adapter: sending, policy: retry() }) });
    const reply = await client.get(`${origin}/stock`, { params: { sku: 'tea' } });
    expect([reply.status, reply.data]).toEqual([200, 200]);
    expect(seen).toEqual(Array.from({ length: 3 }, () => 'GET /stock?sku=tea'));
  });

  it('fail with the error of axios, the last one', async () => {
    answer = status(503);
    const client = axios.create({ adapter: axiosAdapter({ adapter: sending, policy: retry() }) });
    const error = await client.get(origin).catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(AxiosError);
    expect((error as AxiosError).response!.status).toBe(503);
    expect(seen).toHaveLength(3);
  });

  it('are not sent again when the server will not change its mind', async () => {
    answer = status(404);
    const breaker = new CircuitBreaker({ consecutiveFailures: 1, classify: axiosVerdict });
    const policy = pipeline(retry(), breaker);
    const client = axios.create({ adapter: axiosAdapter({ adapter: sending, policy }) });
    await client.get(origin).catch(() => {});
    expect(seen).toHaveLength(1);
    expect(breaker.state).toBe('closed');
  });

  it('that may not happen twice run through `once`, also with a stream for a body', async () => {
    answer = status(503);
    const meter = new Meter();
    const client = axios.create({
      adapter: axiosAdapter({ adapter: sending, policy: retry(), once: meter }),
    });
    await client.post(`${origin}/orders`, { sku: 'tea' }).catch(() => {});
    await client.put(`${origin}/orders`, Readable.from(['tea'])).catch(() => {});
    expect(seen).toEqual(['POST /orders', '{"sku":"tea"}', 'PUT /orders', 'tea']);
    expect(meter.snapshot().outcomes.failure).toBe(2);
  });

  it('with an idempotency key are sent again, with the same body', async () => {
    answer = (_, response, count) => status(count < 4 ? 503 : 200)(_, response);
    const client = axios.create({ adapter: axiosAdapter({ adapter: sending, policy: retry() }) });
    await client.post(`${origin}/orders`, { sku: 'tea' }, { headers: { 'Idempotency-Key': 'a' } });
    expect(seen).toEqual(['POST /orders', '{"sku":"tea"}', 'POST /orders', '{"sku":"tea"}']);
  });

  it('end when a timeout gives up, and the socket with them', async () => {
    const gone = new Promise<void>(resolve => {
      answer = request => request.socket.once('close', () => resolve());
    });
    const policy = new Timeout({ timeoutMs: 50 });
    const client = axios.create({ adapter: axiosAdapter({ adapter: sending, policy }) });
    await expect(client.get(origin)).rejects.toMatchObject({ code: 'ERR_TIMEOUT' });
    await gone;
  });

  it('end when their caller gives up, which counts against nobody', async () => {
    const leaving = new AbortController();
    answer = () => leaving.abort();
    const breaker = new CircuitBreaker({ consecutiveFailures: 1, classify: axiosVerdict });
    const client = axios.create({ adapter: axiosAdapter({ adapter: sending, policy: breaker }) });
    const call = client.get(origin, { signal: leaving.signal });
    await expect(call).rejects.toMatchObject({ name: 'CanceledError' });
    expect(breaker.state).toBe('closed');
  });

  it('of each origin have what is kept for a key', async () => {
    answer = status(503);
    const breakers = keyed(() => new CircuitBreaker({ consecutiveFailures: 1, classify: axiosVerdict }), {
      maxKeys: 10,
    });
    const client = axios.create({
      baseURL: `${origin}/v1`,
      adapter: axiosAdapter({ adapter: sending, policy: breakers }),
    });
    await client.get('/stock').catch(() => {});
    expect(seen).toEqual(['GET /v1/stock']);
    expect([...breakers].map(([key, breaker]) => [key, breaker.state])).toEqual([[origin, 'open']]);
  });

  it('go straight on where nothing stands in their way', async () => {
    answer = status(200);
    const client = axios.create({ adapter: axiosAdapter({ adapter: sending, policy: retry() }) });
    expect((await client.post(origin, 'x')).status).toBe(200);
  });
});

describe('the verdict on an answer of axios', () => {
  it.each([
    [{ ok: true, value: { status: 200 } }, undefined],
    [{ ok: true, value: { status: 503 } }, 'failure'],
    [{ ok: true, value: null }, undefined],
    [{ ok: false, error: { response: { status: 429 } } }, 'failure'],
    [{ ok: false, error: { response: { status: 501 } } }, 'success'],
    [{ ok: false, error: { code: 'ECONNREFUSED' } }, undefined],
    [{ ok: false, error: { code: 'ERR_CANCELED', response: { status: 503 } } }, undefined],
    [{ ok: false, error: undefined }, undefined],
  ] as const)('%o is %s', (outcome, verdict) => {
    expect(axiosVerdict(outcome)).toBe(verdict);
  });
});

describe('what is no adapter', () => {
  const policy = new Timeout({ timeoutMs: 1 });
  it.each([
    [{}, '`adapter` must be a function, got undefined'],
    [{ adapter: sending, policy: {} }, '`policy` must be a policy, got an object'],
    [{ adapter: sending, policy, once: 1 }, '`once` must be a policy, got 1'],
    [{ adapter: sending, policy, retry: 1 }, 'unknown option `retry`'],
  ])('%o is refused', (options, message) => {
    expect(() => axiosAdapter(options as never)).toThrow(`axiosAdapter: ${message}`);
  });
});
