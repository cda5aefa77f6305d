import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { type ApiGateway, type Authenticator, apiKeys, hashApiKey } from '../../../src/gateway.js';
import { ask, engine, gatewayTo, isWhole, RawUpstream } from './wire.js';

let upstream: RawUpstream;
let gateway: ApiGateway;
let port: number;

beforeAll(async () => {
  upstream = await RawUpstream.start();
  const identity = { subject: 'shop' };
  const keys = apiKeys({ field: 'api_key', keys: [{ hash: await hashApiKey('k'), identity }] });
  const token: Authenticator = {
    ...{ name: 'token', challenge: 'Bearer', credentialFields: ['authorization'] },
    authenticate: request =>
      request.header('authorization') === 'Bearer good' ? { identity: { subject: 'ada' } } : undefined,
  };
  const auth = [keys, token];
  const origin = upstream.origin;
  ({ gateway, port } = await gatewayTo(upstream, {
    cors: { origins: ['https://shop.example'] },
    routes: [
      { path: '/*', upstream: origin },
      { path: '/auth', upstream: origin, auth },
      { path: '/both', upstream: origin, auth, forwardCredentials: true },
      { path: '/set', upstream: origin, requestHeaders: { 'X-Tenant': 'own', 'x-secret': null } },
      { path: '/answer', upstream: origin, answerHeaders: { 'x-internal': null } },
      { path: '/options', upstream: origin, methods: ['GET', 'OPTIONS'] },
      { path: '/get', upstream: origin, methods: ['GET', 'POST'] },
      { path: '/out/*rest', allow: ['empty-segment'], redirect: { to: '/*rest' } },
    ],
  }));
});
afterEach(() => upstream.reset());
afterAll(async () => {
  await gateway.close({ graceMs: 0 });
  await upstream[Symbol.asyncDispose]();
});

const get = (path: string, fields: string, method = 'GET') =>
  ask(port, `${method} ${path} HTTP/1.1\r\nHost: h\r\n${fields}\r\n`);
const chunked = (path: string, trailers: string) =>
  get(path, `Transfer-Encoding: chunked\r\n\r\n2\r\nab\r\n0\r\n${trailers}`, 'POST');
const say = (bytes: string) => {
  upstream.script = (heard, socket) => {
    if (isWhole(heard)) socket.write(bytes);
  };
};

describe('fields that said who asks', () => {
  it('are not handed on, however they are spelt', async () => {
    expect((await get('/auth', 'API_Key: k\r\n')).status).toBe(200);
    expect((await get('/auth', 'api_key: k\r\nApi-Key: k\r\n')).status).toBe(200);
    expect(upstream.all).not.toMatch(/api.key/i);
  });

  it('are not handed on where another one was believed, for nobody has looked at them', async () => {
    await get('/auth', 'api_key: k\r\nAuthorization: Bearer of somebody else\r\n');
    await get('/both', 'api_key: k\r\nAuthorization: Bearer of somebody else\r\n');
    expect(upstream.all).not.toContain('somebody else');
    expect(upstream.all.match(/api_key: k/g)).toHaveLength(1);
    upstream.reset();
    await get('/both', 'Authorization: Bearer good\r\n');
    expect(upstream.all).toContain('Bearer good');
  });
});

describe('what a route sets or takes away', () => {
  it('is not said by a client in another spelling', async () => {
    await get('/set', 'X_Tenant: evil\r\nx-tenant: evil\r\nX_Secret: 1\r\nX-Other: 2\r\n');
    expect(upstream.all).toContain('X-Tenant: own\r\n');
    expect(upstream.all).toContain('X-Other: 2\r\n');
    expect(upstream.all).not.toMatch(/evil|secret/i);
  });

  it('is not said by a client in its trailers, nor by an upstream', async () => {
    await chunked('/set', 'X-Tenant: evil\r\nx_secret: 1\r\nX-Sum: 3\r\n');
    expect(upstream.all).not.toMatch(/evil|secret/i);
    if (engine.make === undefined) expect(upstream.all).toContain('X-Sum: 3\r\n');
    const trailers = 'X-Internal: 1\r\nX-Request-Id: evil\r\nAccess-Control-Allow-Origin: *\r\nX-Sum: 3\r\n';
    const named = 'Trailer: X-Internal, X-Sum';
    say(`HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n${named}\r\n\r\n2\r\nok\r\n0\r\n${trailers}\r\n`);
    const { text } = await get('/answer', 'TE: trailers\r\nConnection: TE\r\n');
    expect(text).toContain('X-Sum: 3\r\n');
    expect(text).not.toMatch(/X-Internal: 1|evil|Access-Control-Allow-Origin: \*/);
  });
});

describe('what an upstream says of other origins', () => {
  it.each(['https://evil.example', 'https://shop.example'])(
    'does not count where the route says it: %s',
    async origin => {
      say(
        `HTTP/1.1 200 OK\r\nContent-Length: 0\r\nAccess-Control-Allow-Origin: ${origin}\r\n` +
          'Access-Control-Allow-Credentials: true\r\n\r\n',
      );
      const { text } = await get('/a', `Origin: ${origin}\r\n`);
      expect(text).not.toContain('Allow-Credentials');
      expect(/^Access-Control-Allow-Origin: (.*)\r$/m.exec(text)?.[1]).toBe(
        origin === 'https://shop.example' ? origin : undefined,
      );
    },
  );
});

describe('a redirect', () => {
  it('never leads to another host by the path', async () => {
    const { text } = await get('/out//evil.example/a?b', '');
    expect(/^Location: (.*)\r$/m.exec(text)?.[1]).toBe('/.//evil.example/a?b');
  });
});

describe('Connection', () => {
  it.each(['content-digest', 'Repr-Digest', 'content_encoding', 'signature', 'signature-input'])(
    'does not name %s, by which a body is known',
    async name => {
      expect((await get('/a', `Connection: ${name}\r\n`)).status).toBe(400);
      expect(upstream.all).toBe('');
    },
  );
});

describe('Max-Forwards', () => {
  it('of OPTIONS is counted down, and answered here at 0', async () => {
    await get('/a', 'Max-Forwards: 5\r\n', 'OPTIONS');
    expect(upstream.all).toContain('Max-Forwards: 4\r\n');
    upstream.reset();
    const { status, text } = await get('/a', 'Max-Forwards: 0\r\n', 'OPTIONS');
    expect([status, /^Allow: (.*)\r$/m.exec(text)?.[1]]).toEqual([
      204,
      'GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS',
    ]);
    const named = await get('/options', 'Max-Forwards: 0\r\n', 'OPTIONS');
    expect(/^Allow: (.*)\r$/m.exec(named.text)?.[1]).toBe('GET, OPTIONS, HEAD');
    expect(upstream.all).toBe('');
  });

  it.each(['a', '-1', '1, 2', '99999999999'])('that is no number, as %s, is handed on', async said => {
    await get('/a', `Max-Forwards: ${said}\r\n`, 'OPTIONS');
    expect(upstream.all).toContain(`Max-Forwards: ${said}\r\n`);
  });

  it('of another method is handed on', async () => {
    await get('/a', 'Max-Forwards: 0\r\n');
    expect(upstream.all).toContain('Max-Forwards: 0\r\n');
  });
});

describe('a client that waits no more', () => {
  it('is answered, and the upstream is not asked', async () => {
    // A connection that is there would be used at once.
    await get('/a', '');
    expect((await get('/a', 'X-Request-Timeout-Ms: 0\r\n', 'DELETE')).status).toBe(504);
    expect(upstream.all).not.toContain('DELETE');
  });

  it.each(['-5', 'NaN', '1e3', '9'.repeat(30), '0x0', '1, 2'])(
    'and one that says %s waits as long as the route',
    async said => {
      expect((await get('/a', `X-Request-Timeout-Ms: ${said}\r\n`)).status).toBe(200);
      expect(upstream.all).toMatch(/x-request-timeout-ms: (29\d{3}|30000)\r\n/);
    },
  );
});

describe('another method in a field', () => {
  it.each(['X-HTTP-Method-Override', 'x_http_method', 'X-Method-Override'])(
    'has to be one of the route: %s',
    async name => {
      expect((await get('/get', `${name}: DELETE\r\n`)).status).toBe(405);
      expect((await get('/get', `${name}: POST\r\n${name}: delete\r\n`)).status).toBe(405);
      expect((await get('/get', `${name}: a b\r\n`)).status).toBe(405);
      expect(upstream.all).toBe('');
      expect((await get('/get', `${name}: head\r\n`)).status).toBe(200);
      expect((await get('/a', `${name}: DELETE\r\n`)).status).toBe(200);
    },
  );
});
