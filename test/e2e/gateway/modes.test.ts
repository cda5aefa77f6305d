import { afterEach, describe, expect, it } from 'vitest';
import {
  ApiGateway,
  type GatewayEvents,
  type GatewayRoute,
  maintenanceSwitch,
} from '../../../src/gateway.js';
import { AdaptiveLimiter } from '../../../src/index.js';
import { eventually } from '../gateway-wire/wire.js';
import { Begun } from './begun.js';

const begun = new Begun();
afterEach(() => begun.end());

describe('what a route changes', () => {
  it('are names and values of fields, both ways, and statuses', async () => {
    const upstream = await begun.server((request, response) => {
      const status = Number(request.url!.slice(1));
      response
        .writeHead(status, { 'X-Internal': 'a', 'X-Old': 'b', 'X-Gone': 'c' })
        .end(request.headers['x-new'] as string);
    });
    const { gateway, url } = await begun.serve({
      routes: [
        {
          path: '/*',
          upstream: upstream.url,
          renameRequestHeaders: { 'X-Client': 'X-New' },
          requestHeaders: { 'x-more': '1' },
          renameAnswerHeaders: { 'x-internal': 'X-Public', 'x-old': 'X-Set' },
          answerHeaders: { 'x-gone': null, 'x-set': 'd' },
          answerStatus: { 410: 404, 503: 429 },
        },
      ],
    });
    const log: GatewayEvents['completed'][] = [];
    gateway.on('completed', event => log.push(event));
    const found = await fetch(`${url}/410`, { headers: { 'x-client': 'me' } });
    expect([found.status, found.statusText, await found.text()]).toEqual([404, 'Not Found', 'me']);
    expect(Object.fromEntries(found.headers)).toMatchObject({ 'x-public': 'a', 'x-set': 'd' });
    for (const name of ['x-internal', 'x-old', 'x-gone']) expect(found.headers.has(name)).toBe(false);
    expect(upstream.requests[0]!.headers).toMatchObject({ 'x-new': 'me', 'x-more': '1' });
    expect(upstream.requests[0]!.headers).not.toHaveProperty('x-client');
    expect((await fetch(`${url}/503`)).status).toBe(429);
    expect((await fetch(`${url}/418`)).status).toBe(418);
    await eventually(() => log.length === 3, 'the lines');
    expect(log.map(({ status }) => status)).toEqual([404, 429, 418]);
  });

  it.each<[Partial<GatewayRoute>, string]>([
    [{ renameRequestHeaders: { 'a b': 'c' } }, '`renameRequestHeaders` must be of names of fields'],
    [{ renameAnswerHeaders: { a: 'Content-Length' } }, '`renameAnswerHeaders` must be of names of fields'],
    [{ answerStatus: { 200: 204 } }, '`answerStatus` must be of statuses'],
    [{ answerStatus: { 100: 200 } }, '`answerStatus` must be of statuses'],
    [{ priority: Number.NaN }, '`priority` must be a number'],
    [{ maintenance: true as never }, '`maintenance` must be made by maintenanceSwitch'],
  ])('are refused as %j', (route, message) => {
    expect(() => new ApiGateway({ routes: [{ path: '/', upstream: 'http://a', ...route }] })).toThrow(
      message,
    );
  });
});

describe('maintenance', () => {
  it('turns clients away while it is on, but for those that are allowed, and for health', async () => {
    const all = maintenanceSwitch({ allow: ['10.0.0.0/8'], retryAfterMs: 120_000, detail: 'back at noon' });
    const one = maintenanceSwitch({ active: true });
    const { url, gateway } = await begun.serve({
      maintenance: all,
      trustedPeers: ['127.0.0.1'],
      health: { live: '/livez', ready: '/readyz' },
      routes: [
        { path: '/*', reply: { body: 'ok' } },
        { path: '/one', reply: { body: 'one' }, maintenance: one },
      ],
    });
    const ask = async (path = '/', ip = '192.0.2.1') =>
      (await fetch(url + path, { headers: { 'x-forwarded-for': ip } })).status;
    expect([await ask(), await ask('/one')]).toEqual([200, 503]);
    all.active = true;
    one.active = false;
    const found = await fetch(url);
    expect([found.status, found.headers.get('retry-after'), await found.json()]).toEqual([
      503,
      '120',
      { title: 'Service Unavailable', status: 503, detail: 'back at noon' },
    ]);
    expect([await ask(), await ask('/one')]).toEqual([503, 503]);
    expect([await ask('/', '10.1.2.3'), await ask('/livez'), await ask('/readyz')]).toEqual([200, 200, 200]);
    all.active = false;
    expect([await ask(), await ask('/one')]).toEqual([200, 200]);
    expect(gateway.snapshot().inFlight).toBe(0);
  });

  it.each([
    [{ active: 1 }, '`active` must be true or false'],
    [{ allow: ['x'] }, '`allow` must be a list of addresses'],
    [{ retryAfterMs: -1 }, '`retryAfterMs` must be'],
    [{ detail: 7 }, '`detail` must be a text'],
    [{ on: true }, 'unknown option `on`'],
  ])('is not made of %j', (options, message) => {
    expect(() => maintenanceSwitch(options as never)).toThrow(message);
    expect(() => {
      maintenanceSwitch().active = 1 as never;
    }).toThrow('`active` must be');
  });
});

describe('priorities of routes', () => {
  it('that share a limiter: the lesser is refused first, and the limit is for all (GW12)', async () => {
    const limiter = new AdaptiveLimiter({
      name: 'shared',
      initialLimit: 4,
      minLimit: 4,
      maxLimit: 4,
      shedRatio: 0.5,
    });
    let open: (() => void)[] = [];
    const upstream = await begun.server((_, response) => void open.push(() => response.end()));
    const route = { upstream: upstream.url, policy: limiter };
    const { url } = await begun.serve({
      routes: [
        { path: '/shop', ...route },
        { path: '/report', ...route, priority: -1 },
      ],
    });
    const ask = async (path: string) => (await fetch(url + path)).status;
    const first = [ask('/shop'), ask('/shop')];
    await eventually(() => open.length === 2, 'two of four');
    const refused = await fetch(`${url}/report`);
    expect([refused.status, refused.headers.has('retry-after')]).toEqual([503, true]);
    const more = [ask('/shop'), ask('/shop')];
    await eventually(() => open.length === 4, 'all four');
    expect(await ask('/shop')).toBe(503);
    for (const end of open) end();
    expect(await Promise.all([...first, ...more])).toEqual([200, 200, 200, 200]);
    open = [];
    const last = ask('/report');
    await eventually(() => open.length === 1, 'room again');
    open[0]!();
    expect(await last).toBe(200);
  });
});
