import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { ApiGateway } from '../../../src/gateway.js';
import { ask, engine, gatewayTo, RawUpstream } from './wire.js';

let upstream: RawUpstream;
let gateway: ApiGateway;
let port: number;

beforeAll(async () => {
  upstream = await RawUpstream.start();
  const to = upstream.origin;
  ({ gateway, port } = await gatewayTo(upstream, {
    routes: [
      { path: '/api/*rest', upstream: to },
      { path: '/moved/*rest', upstream: `${to}/base/`, rewrite: '/v2/*rest' },
      { path: '/loose/*', upstream: to, allow: ['dots', 'encoded-slash', 'parameters', 'empty-segment'] },
      { path: '/files/:name', methods: ['GET'], upstream: to },
      { path: '/', host: 'tenant.example', upstream: to },
      { path: '/', host: '*.tenant.example', upstream: to },
      { path: '/elsewhere/*rest', redirect: { to: '/api/*rest' } },
    ],
  }));
});
afterEach(() => upstream.reset());
afterAll(async () => {
  await gateway.close({ graceMs: 0 });
  await upstream[Symbol.asyncDispose]();
});

const get = (target: string, host = 'Host: h\r\n', more = '') =>
  ask(port, `GET ${target} HTTP/1.1\r\n${host}${more}\r\n`);
const asked = () => upstream.heard.map(text => text.split('\r\n')[0]);

describe('targets', () => {
  it.each([
    ['/api', '/api'],
    ['/api/', '/api/'],
    ['/api/a/b?c=d', '/api/a/b?c=d'],
    ['/api/%61%7E', '/api/a~'],
    ['/api/caf%c3%a9', '/api/caf%C3%A9'],
    ['/api/a%20b', '/api/a%20b'],
    ['/api/a%3bb', '/api/a%3Bb'],
    ['/api/..a/b..', '/api/..a/b..'],
    ['/api?a=1&a=2&d[]=1&b=%20+x&c=%zz', '/api?a=1&a=2&d[]=1&b=%20+x&c=%zz'],
    ['/api?next=/../x', '/api?next=/../x'],
    ['http://h/api/x?y', '/api/x?y'],
    ['HTTP://other.example/api', '/api'],
    ['/moved', '/base/v2'],
    ['/moved/a/b?q', '/base/v2/a/b?q'],
    ['/loose/a/../b', '/loose/b'],
    ['/loose/a%2fb', '/loose/a%2Fb'],
    ['/loose/a;v=1', '/loose/a;v=1'],
    ['/loose//a', '/loose//a'],
    ['/files/a.txt', '/files/a.txt'],
  ])('%s reaches the upstream as %s', async (target, path) => {
    expect((await get(target)).status).toBe(200);
    expect(asked()).toEqual([`GET ${path} HTTP/1.1`]);
  });

  it.each([
    ['/api/../admin', 400],
    ['/api/./a', 400],
    ['/api/..', 400],
    ['/..', 400],
    ['/../../etc/passwd', 400],
    ['/api/%2e%2e/admin', 400],
    ['/api/%2E%2E/admin', 400],
    ['/api/.%2e/admin', 400],
    ['/api/%2e/admin', 400],
    ['/api/..%2fadmin', 400],
    ['/api/..%2Fadmin', 400],
    ['/api%2f..%2fadmin', 400],
    ['/api/..%5cadmin', 400],
    ['/api/a%2fb', 400],
    ['/api/a%5cb', 400],
    ['/api/a\\b', 400],
    ['/api\\..\\admin', 400],
    ['/api/a%00b', 400],
    ['/api/a%00.txt', 400],
    ['/api/a%0d%0aX:%201', 400],
    ['/api/a%0a', 400],
    ['/api/a%7f', 400],
    ['/api//a', 400],
    ['//api/a', 400],
    ['///', 400],
    ['//evil.example/api', 400],
    ['/api/a;b=c', 400],
    ['/api/..;/admin', 400],
    ['/loose/..;/admin', 400],
    ['/loose/..%2f..%2fadmin', 400],
    ['/loose/../admin', 400],
    ['/loose/../api/%2e', 400],
    ['/api/%252e%252e/admin', 400],
    ['/api/%252f', 400],
    ['/api/%25%32%65', 400],
    ['/api/%', 400],
    ['/api/%2', 400],
    ['/api/%zz', 400],
    ['/api/%u002e', 400],
    ['/api/%c0%ae%c0%ae/admin', 400],
    ['/api/%c0%af', 400],
    ['/api/%e0%80%af', 400],
    ['/api/%ff', 400],
    ['/api/%ed%a0%80', 400],
    ['/api/\xe9', 400],
    ['/api#fragment', 400],
    ['/api?a#b', 400],
    ['*', 400],
    ['api', 400],
    ['', 400],
    ['h:80', 400],
    ['ftp://h/api', 400],
    ['http:/api', 400],
    ['http://', 400],
    ['http://user:pass@h/api', 400],
    ['http://h@evil.example/api', 400],
    ['http://h:99999/api', 400],
    ['http://h\\@evil.example/api', 400],
    ['http://[::1/api', 400],
    ['/apix', 404],
    ['/API', 404],
    ['/files/a/b', 404],
    ['/files/', 404],
    [`/api/${'a'.repeat(9_000)}`, 414],
    [`/api?${'a'.repeat(9_000)}`, 414],
    [`/api/${'a'.repeat(70_000)}`, 431],
  ])('%s is answered here with %i', async (target, status) => {
    expect((await get(target)).status).toBe(status);
    expect(upstream.all).toBe('');
  });

  it.each([
    ['no host', ''],
    ['two hosts', 'Host: h\r\nHost: h\r\n'],
    ['two different hosts', 'Host: h\r\nhost: evil\r\n'],
    ['an empty host', 'Host: \r\n'],
    ['a host with a user', 'Host: u@h\r\n'],
    ['a host with a path', 'Host: h/x\r\n'],
    ['a host with a space', 'Host: a b\r\n'],
    ['two hosts in one', 'Host: a, b\r\n'],
    ['a host with a bad port', 'Host: h:99999\r\n'],
    ['a host with a word for a port', 'Host: h:x\r\n'],
    ['a host with two ports', 'Host: h:1:2\r\n'],
    ['a host with escapes', 'Host: %68\r\n'],
    ['IPv6 without brackets', 'Host: ::1\r\n'],
    ['an unclosed bracket', 'Host: [::1\r\n'],
    ['a host of dots', 'Host: ..\r\n'],
    ['a host of 300 characters', `Host: ${'a'.repeat(300)}\r\n`],
  ])('%s is answered with 400', async (_, host) => {
    const found = await get('/api', host);
    expect(found.status).toBe(400);
    expect(upstream.all).toBe('');
  });

  it.each([
    ['tenant.example', 200],
    ['TENANT.example:8080', 200],
    ['tenant.example.', 200],
    ['a.tenant.example', 200],
    ['eviltenant.example', 404],
    ['tenant.example.evil', 404],
    ['example', 404],
  ])('the host %s finds a route: %i', async (host, status) => {
    expect((await get('/', `Host: ${host}\r\n`)).status).toBe(status);
  });

  it('goes by the authority of an absolute target, and by no field', async () => {
    expect((await get('http://tenant.example/', 'Host: other\r\n')).status).toBe(200);
    expect((await get('http://other/', 'Host: tenant.example\r\n')).status).toBe(404);
    expect(upstream.all).toContain('X-Forwarded-Host: tenant.example\r\n');
    const host = engine.make === undefined ? 'Host' : 'host';
    expect(upstream.all).toContain(`${host}: ${upstream.origin.slice(7)}\r\n`);
  });

  it.each([
    ['CONNECT h:443', 405],
    ['CONNECT /api', 405],
    ['TRACE /api', 405],
    ['POST /files/a', 405],
  ])('%s is answered with %i', async (line, status) => {
    const found = await ask(port, `${line} HTTP/1.1\r\nHost: h\r\n\r\n`);
    expect(found.status).toBe(status);
    expect(upstream.all).toBe('');
  });

  it('answers by itself what is asked of the server as a whole', async () => {
    const { status, text } = await ask(port, 'OPTIONS * HTTP/1.1\r\nHost: h\r\n\r\n');
    expect(status).toBe(204);
    expect(text).toContain('Allow: GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS\r\n');
    expect((await ask(port, 'OPTIONS * HTTP/1.1\r\n\r\n')).status).toBe(400);
    expect(upstream.all).toBe('');
  });

  it('says which methods there are', async () => {
    expect((await ask(port, 'POST /files/a HTTP/1.1\r\nHost: h\r\n\r\n')).text).toContain(
      'Allow: GET, HEAD\r\n',
    );
  });

  it('sends elsewhere by the one form of the path, with the query', async () => {
    const { status, text } = await get('/elsewhere/a/%62?c=%64');
    expect(status).toBe(308);
    expect(text).toContain('Location: /api/a/b?c=%64\r\n');
  });
});
