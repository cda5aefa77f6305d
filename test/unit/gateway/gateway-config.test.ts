import * as jose from 'jose';
import { describe, expect, it } from 'vitest';
import { type ApiGatewayConfig, type ApiGatewayExtras, gatewayFrom } from '../../../src/gateway.js';

const config: ApiGatewayConfig = {
  name: 'edge',
  listen: { port: 0, host: '127.0.0.1' },
  limits: { maxConnections: 10 },
  trustedPeers: ['10.0.0.0/8'],
  health: { live: '/livez', ready: '/readyz' },
  maxBodyBytes: null,
  auth: ['keys', 'tokens'],
  cors: { origins: ['https://app.example'] },
  services: {
    stock: {
      instances: ['http://10.0.0.5:8080', { url: 'http://10.0.0.6:8080', id: 'b', weight: 2, zone: 'z' }],
      by: 'peak-ewma',
      outliers: { consecutiveFailures: 3 },
    },
  },
  authenticators: {
    keys: { kind: 'api-keys', keys: [{ key: `\${SHOP_KEY}`, subject: 'shop', scopes: ['read'] }] },
    tokens: {
      kind: 'jwt',
      issuer: 'me',
      audience: 'us',
      algorithms: ['HS256'],
      secret: `\${JWT_SECRET}`,
    },
    signed: { kind: 'signed-requests', keys: { a: { secret: `\${JWT_SECRET}`, subject: 'b' } } },
  },
  pipelines: { reads: [{ kind: 'retry', attempts: 2, budget: 'reads' }, { kind: 'circuit-breaker' }] },
  budgets: { reads: { retryRatio: 0.1 } },
  routes: [
    { path: '/stock/*rest', upstream: { service: 'stock', basePath: '/v1' }, policy: 'reads' },
    {
      path: '/orders/:id',
      upstream: 'http://10.0.0.7',
      policy: [{ kind: 'bulkhead', slots: 5 }],
      timeoutMs: null,
    },
    { path: '/own', upstream: { function: 'own' }, auth: 'signed', authorize: 'admins', scopes: ['x'] },
    { path: '/old/*rest', redirect: { to: '/stock/*rest', status: 301 } },
    { path: '/ping', reply: { json: { ok: true } }, auth: false, cors: false },
    {
      path: '/pages/:id',
      limits: [{ name: 'pages', limit: 5, perMs: 1_000, by: 'tenant' }],
      upstream: {
        aggregate: {
          parts: {
            stock: { upstream: { service: 'stock' }, path: '/items/:id', policy: 'reads' },
            tips: { upstream: 'http://10.0.0.8', path: '/tips', optional: true, otherwise: [] },
          },
        },
      },
    },
  ],
};

const extras: ApiGatewayExtras = {
  jose,
  env: { SHOP_KEY: 'a long and random key', JWT_SECRET: 's'.repeat(32) },
  functions: { own: () => ({ body: 'own' }) },
  authorize: { admins: () => true },
  limitBy: { tenant: () => 'one' },
};

describe('a config of a gateway', () => {
  it('has all that a gateway in code can have', () => {
    const gateway = gatewayFrom(config, extras);
    const { routes: told } = gateway.describe() as { routes: { path: string; end: string }[] };
    expect(told.map(({ path, end }) => `${path} ${end}`).sort()).toEqual([
      '/old/*rest redirect',
      '/orders/:id origin',
      '/own function',
      '/pages/:id aggregate',
      '/ping reply',
      '/stock/*rest service',
    ]);
    expect(gateway.describe()).toMatchObject({ name: 'edge' });
  });
});
