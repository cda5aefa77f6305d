import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { ApiGateway } from '../../../src/gateway.js';
import { ask, gatewayTo, RawUpstream } from './wire.js';

let upstream: RawUpstream;
let gateway: ApiGateway;
let port: number;
let trusting: ApiGateway;
let trustingPort: number;

beforeAll(async () => {
  upstream = await RawUpstream.start();
  ({ gateway, port } = await gatewayTo(upstream, { via: 'edge', stripFields: ['X-Internal'] }));
  ({ gateway: trusting, port: trustingPort } = await gatewayTo(upstream, {
    via: 'inner',
    trustedPeers: ['127.0.0.0/8', '10.0.0.0/8'],
  }));
});
afterEach(() => upstream.reset());
afterAll(async () => {
  await gateway.close({ graceMs: 0 });
  await trusting.close({ graceMs: 0 });
  await upstream[Symbol.asyncDispose]();
});

const get = (fields: string, to = port) => ask(to, `GET /a HTTP/1.1\r\nHost: h\r\n${fields}\r\n`);
/** The fields that the upstream got, in lower case. */
const got = () =>
  upstream.all
    .split('\r\n')
    .slice(1)
    .filter(Boolean)
    .map(line => line.replace(/^[^:]*/, name => name.toLowerCase()));

describe('fields of a request', () => {
  it.each([
    ['Connection: close, X-Secret\r\nX-Secret: 1\r\n', 'x-secret'],
    ['Connection: X-A\r\nConnection: X-B\r\nX-A: 1\r\nX-B: 1\r\n', 'x-b'],
    ['Connection: x_c\r\nX-C: 1\r\n', 'x-c'],
    ['Keep-Alive: timeout=9\r\n', 'keep-alive'],
    ['Proxy-Connection: keep-alive\r\n', 'proxy-connection'],
    ['Proxy-Authorization: Basic eDp5\r\n', 'proxy-authorization'],
    ['TE: gzip\r\n', 'te'],
    ['Trailer: X-T\r\n', 'trailer'],
    ['Upgrade: h2c\r\n', 'upgrade'],
    [
      'Upgrade: h2c\r\nConnection: Upgrade, HTTP2-Settings\r\nHTTP2-Settings: AAMAAABkAAQAAP__\r\n',
      'http2-settings',
    ],
    ['X-Internal: 1\r\n', 'x-internal'],
    ['X_Internal: 1\r\n', 'x_internal'],
    ['X-Auth-Subject: root\r\n', 'x-auth-subject'],
    ['x_auth_subject: root\r\n', 'x_auth_subject'],
    ['X-Auth_Scopes: all\r\n', 'x-auth_scopes'],
    ['X-Original-URL: /admin\r\n', 'x-original-url'],
    ['X-Rewrite-URL: /admin\r\n', 'x-rewrite-url'],
    ['X-Real-IP: 1.2.3.4\r\n', 'x-real-ip'],
    ['X-Forwarded-Prefix: /x\r\n', 'x-forwarded-prefix'],
    ['Expect: 100-continue\r\n', 'expect'],
  ])('%j: the upstream gets no %s', async (fields, name) => {
    expect((await get(fields)).status).toBe(200);
    expect(got().filter(line => line.startsWith(`${name}:`))).toEqual([]);
  });

  it.each([
    ['Connection: Host', 400],
    ['Connection: Authorization', 400],
    ['Connection: close, Content-Length', 400],
    ['Connection: Transfer-Encoding', 400],
    ['Connection: Cookie', 400],
    ['Connection: X-Forwarded-For', 400],
    ['Connection: Via', 400],
    ['Connection: X-Auth-Subject', 400],
    ['Connection: X-Request-Id', 400],
    ['Connection: a b', 400],
    ['Expect: 200-ok', 417],
    ['Expect: 100-continue, x', 417],
    ['Via: 1.1 edge', 508],
    ['Via: 1.0 a, 1.1 edge (x), 2 b', 508],
  ])('%s is answered with %i', async (field, status) => {
    expect((await get(`${field}\r\n`)).status).toBe(status);
    expect(upstream.all).toBe('');
  });

  it('too many of them, or too large ones, are answered with 431', async () => {
    expect((await get(Array.from({ length: 101 }, (_, at) => `X-${at}: 1\r\n`).join(''))).status).toBe(431);
    expect((await get(`X-A: ${'a'.repeat(17_000)}\r\n`)).status).toBe(431);
    expect((await get(`X-A: ${'a'.repeat(70_000)}\r\n`)).status).toBe(431);
    expect((await get(`${'X'.repeat(70_000)}: a\r\n`)).status).toBe(431);
    expect((await get(Array.from({ length: 10_000 }, () => 'X-A: 1\r\n').join(''))).status).toBe(431);
    expect(upstream.all).toBe('');
  });

  it('say where it came from, whatever the client said', async () => {
    await get(
      'X-Forwarded-For: 6.6.6.6\r\nForwarded: for=6.6.6.6\r\n' +
        'X-Forwarded-Proto: https\r\nX-Forwarded-Host: e\r\n',
    );
    const lines = got();
    expect(lines).toContain('x-forwarded-for: 127.0.0.1');
    expect(lines).toContain('x-forwarded-proto: http');
    expect(lines).toContain('x-forwarded-host: h');
    expect(lines).toContain('forwarded: for=127.0.0.1;host=h;proto=http');
    expect(lines).toContain('via: 1.1 edge');
    expect(lines.filter(line => line.startsWith('host:'))).toEqual([`host: ${upstream.origin.slice(7)}`]);
    expect(upstream.all).not.toContain('6.6.6.6');
  });

  it('add to what a trusted peer says', async () => {
    const said =
      'X-Forwarded-For: 6.6.6.6, 10.0.0.9\r\nX-Forwarded-Proto: https\r\nX-Forwarded-Host: shop\r\n';
    await get(`${said}Via: 1.0 cdn\r\nX-Request-Id: abc-1\r\n`, trustingPort);
    const lines = got();
    expect(lines).toContain('x-forwarded-for: 6.6.6.6, 10.0.0.9, 127.0.0.1');
    expect(lines).toContain('x-forwarded-proto: https');
    expect(lines).toContain('x-forwarded-host: shop');
    expect(lines).toContain('via: 1.0 cdn, 1.1 inner');
    expect(lines).toContain('x-request-id: abc-1');
  });

  it('have an id of ours where no trusted peer gave one', async () => {
    const { text } = await get('X-Request-Id: mine\r\n');
    const id = /x-request-id: (\S+)/i.exec(text)?.[1];
    expect(id).toMatch(/^[\da-f-]{36}$/);
    expect(got()).toContain(`x-request-id: ${id}`);
  });

  it('keep their order, their number and their case', async () => {
    await get('X-B: 1\r\nx-a: 2\r\nX-B: 3\r\nCookie: a=1\r\nCookie: b=2\r\n');
    expect(upstream.all).toMatch(/X-B: 1\r\nx-a: 2\r\nX-B: 3\r\nCookie: a=1\r\nCookie: b=2\r\n/);
  });

  it('tell how long the client waits, never longer than the route', async () => {
    await get('X-Request-Timeout-Ms: 5000\r\n');
    expect(Number(/x-request-timeout-ms: (\d+)/.exec(upstream.all)![1])).toBeLessThanOrEqual(5_000);
    upstream.reset();
    await get('X-Request-Timeout-Ms: 9999999\r\n');
    expect(Number(/x-request-timeout-ms: (\d+)/.exec(upstream.all)![1])).toBeLessThanOrEqual(30_000);
  });

  it('say TE: trailers to an upstream when the client does', async () => {
    await get('TE: trailers\r\nConnection: TE\r\n');
    expect(got()).toContain('te: trailers');
  });
});

describe('fields of an answer', () => {
  const answering = (fields: string, rest = 'Content-Length: 2\r\n\r\nok') => {
    upstream.script = (_, socket) => socket.write(`HTTP/1.1 200 OK\r\n${fields}${rest}`);
  };

  it.each([
    ['Connection: X-Hop\r\nX-Hop: 1\r\n', /x-hop/i],
    ['Keep-Alive: timeout=3\r\n', /timeout=3/],
    ['Proxy-Authenticate: Basic\r\n', /proxy-authenticate/i],
    ['Upgrade: h2c\r\n', /h2c/],
    ['x-request-id: theirs\r\n', /theirs/],
  ])('%j: the client does not get it', async (fields, pattern) => {
    answering(fields);
    const { status, text } = await get('');
    expect(status).toBe(200);
    expect(text).not.toMatch(pattern);
  });

  it('are all there, or none is: the last of many as well', async () => {
    answering(`${'x: y\r\n'.repeat(3_000)}Cache-Control: private\r\n`);
    expect((await get('')).text).toContain('Cache-Control: private\r\n');
  });

  it('keep each Set-Cookie, and the order', async () => {
    answering('Set-Cookie: a=1\r\nX: y\r\nSet-Cookie: b=2\r\n');
    expect((await get('')).text).toMatch(/Set-Cookie: a=1\r\nX: y\r\nSet-Cookie: b=2\r\n/);
  });

  it.each([
    ['no HTTP', 'SSH-2.0-x\r\n'],
    ['a status of four digits', 'HTTP/1.1 1000 X\r\n\r\n'],
    ['a status above 599', 'HTTP/1.1 777 X\r\nContent-Length: 0\r\n\r\n'],
    ['a status below 100', 'HTTP/1.1 42 X\r\n\r\n'],
    [
      'both framings',
      'HTTP/1.1 200 OK\r\nContent-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n',
    ],
    ['two lengths', 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\nok'],
    ['a folded field', 'HTTP/1.1 200 OK\r\nX: 1\r\n 2\r\nContent-Length: 0\r\n\r\n'],
    ['a bare CR in a field', 'HTTP/1.1 200 OK\r\nX: 1\rY: 2\r\nContent-Length: 0\r\n\r\n'],
    ['a NUL in a field', 'HTTP/1.1 200 OK\r\nX: 1\0\r\nContent-Length: 0\r\n\r\n'],
    ['a head without end', `HTTP/1.1 200 OK\r\nX: ${'a'.repeat(80_000)}\r\n`],
    [
      'another protocol, unasked',
      'HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: Upgrade\r\n\r\n',
    ],
  ])('%s is answered with 502', async (_, bytes) => {
    upstream.script = (__, socket) => socket.write(bytes);
    const { status, text } = await get('');
    expect(status).toBe(502);
    expect(text).toContain('application/problem+json');
    expect(text).not.toContain('127.0.0.1');
  });
});
