import type { Server } from 'node:http';
import { createServer } from 'node:http';
import { createRequire } from 'node:module';
import type { AddressInfo } from 'node:net';
import { serve } from '@hono/node-server';
import { fastify } from 'fastify';
import { Hono } from 'hono';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { ApiGateway, fastifyGateway, gatewayMiddleware, honoGateway } from '../../../src/gateway.js';
import { Begun } from './begun.js';

const begun = new Begun();
afterEach(() => begun.end());

async function urlOf(server: Server): Promise<string> {
  if (!server.listening) await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve));
  begun.keep({
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise(resolve => server.close(resolve));
    },
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

/** A gateway before an upstream that says what it was asked. */
async function echo(path = '/api/*rest') {
  const upstream = await begun.server((request, response) => {
    let body = '';
    request.on('data', chunk => {
      body += String(chunk);
    });
    request.on('end', () => {
      response.end(`${request.method} ${request.url} ${request.headers['x-forwarded-for']} ${body}`);
    });
  });
  const gateway = begun.keep(
    new ApiGateway({ routes: [{ path, methods: ['GET', 'POST'], upstream: upstream.url }] }),
  );
  return { gateway, upstream };
}

const json = { method: 'POST', body: '{"a":1}', headers: { 'content-type': 'application/json' } };
const text = async (url: string, init?: RequestInit): Promise<string> => {
  const found = await fetch(url, { ...init, signal: AbortSignal.timeout(20_000) });
  return `${found.status} ${await found.text()}`;
};

interface ExpressApp {
  (request: unknown, response: unknown): void;
  use(...handlers: unknown[]): void;
  all(path: string | RegExp, handler: unknown): void;
}
type Express = { (): ExpressApp; json(): unknown };
const require = createRequire(import.meta.url);

describe.each(['express4', 'express'])('%s', name => {
  const express = require(name) as Express;
  const ends = (_: unknown, response: { statusCode: number; end(text: string): void }): void => {
    response.statusCode = 299;
    response.end('the application');
  };

  it('hands on what no route takes', async () => {
    const { gateway } = await echo();
    const app = express();
    app.use(gatewayMiddleware(gateway));
    app.use(express.json());
    app.use(ends);
    const url = await urlOf(createServer(app));
    expect(await text(`${url}/api/x?y=1`, json)).toBe('200 POST /api/x?y=1 127.0.0.1 {"a":1}');
    expect(await text(`${url}/other`, json)).toBe('299 the application');
    expect(await text(`${url}/api/x`, { method: 'DELETE' })).toBe('299 the application');
    expect(await text(`${url}/api/..%2fx`)).toMatch(/^(299|400) /);
  });

  it('mounts it below a path, which the gateway does not see', async () => {
    const { gateway } = await echo('/v1/*');
    const app = express();
    app.use('/shop', gatewayMiddleware(gateway));
    app.use(ends);
    const url = await urlOf(createServer(app));
    expect(await text(`${url}/shop/v1/x`)).toBe('200 GET /v1/x 127.0.0.1 ');
    expect(await text(`${url}/v1/x`)).toBe('299 the application');
  });

  it('has read a body before: that is said, and nothing hangs', async () => {
    const error = vi.spyOn(console, 'error').mockImplementation(() => {});
    const { gateway, upstream } = await echo();
    const app = express();
    app.use(express.json());
    app.use(gatewayMiddleware(gateway));
    const url = await urlOf(createServer(app));
    expect(await text(`${url}/api/x`, json)).toMatch(/^500 .*the body was read before the gateway got/);
    expect(error).toHaveBeenCalledOnce();
    error.mockRestore();
    expect(upstream.requests).toHaveLength(0);
    // What was not parsed is still there.
    expect(await text(`${url}/api/x`, { method: 'POST', body: 'plain' })).toMatch(/^200 .*plain$/);
    expect(await text(`${url}/api/x`)).toMatch(/^200 GET/);
  });
});

describe('fastify', () => {
  it('registers it below a prefix, and parses bodies elsewhere as before', async () => {
    const { gateway } = await echo();
    const app = fastify();
    app.post('/own', async request => request.body);
    await app.register(fastifyGateway(gateway), { prefix: '/api' });
    await app.listen({ port: 0, host: '127.0.0.1' });
    const url = await urlOf(app.server);
    expect(await text(`${url}/api/x?y=1`, json)).toBe('200 POST /api/x?y=1 127.0.0.1 {"a":1}');
    const large = { method: 'POST', body: 'x'.repeat(200_000), headers: { 'content-type': 'text/odd' } };
    expect((await text(`${url}/api/x`, large)).length).toBeGreaterThan(200_000);
    expect(await text(`${url}/own`, json)).toBe('200 {"a":1}');
    expect(await text(`${url}/api/x`, { method: 'PUT', body: 'a' })).toMatch(/^404 /);
    expect(await text(`${url}/other`)).toMatch(/^404 /);
    await app.close();
  });
});

describe('hono', () => {
  it('hands on what no route takes, and knows the address of the client', async () => {
    const { gateway } = await echo();
    const app = new Hono();
    app.use(honoGateway(gateway));
    app.post('/own', async context => context.json(await context.req.json()));
    const server = await new Promise<Server>(resolve => {
      const made = serve({ fetch: app.fetch, port: 0, hostname: '127.0.0.1' }, () => resolve(made as Server));
    });
    const url = await urlOf(server);
    expect(await text(`${url}/api/x?y=1`, json)).toBe('200 POST /api/x?y=1 127.0.0.1 {"a":1}');
    expect(await text(`${url}/own`, json)).toBe('200 {"a":1}');
    expect(await text(`${url}/api/..%2fx`)).toMatch(/^404 /);
    expect(await text(`${url}/other`)).toMatch(/^404 /);
  });

  it('takes the address that it is told', async () => {
    const { gateway } = await echo();
    const app = new Hono();
    app.use('/api/*', honoGateway(gateway, { address: () => '192.0.2.7' }));
    const found = await app.request('/api/x');
    expect(await found.text()).toBe('GET /api/x 192.0.2.7 ');
  });
});

describe('what is no gateway', () => {
  it.each([gatewayMiddleware, fastifyGateway, honoGateway])('is refused by %o', make => {
    expect(() => make({} as ApiGateway)).toThrow('`gateway` must be an ApiGateway');
  });
});
