import { X509Certificate } from 'node:crypto';
import { connect as connectHttp2 } from 'node:http2';
import { createServer, request } from 'node:https';
import { type AddressInfo, connect as connectTcp } from 'node:net';
import type { TLSSocket } from 'node:tls';
import * as undici from 'undici';
import { afterEach, beforeAll, describe, expect, it } from 'vitest';
import { ApiGateway, type ApiGatewayOptions, HttpEngine, type UpstreamTls } from '../../../src/gateway.js';
import { UndiciEngine } from '../../../src/undici.js';
import { Begun } from '../gateway/begun.js';
import { type Certificates, makeCertificates, type Pair } from './certificates.js';
import { ask as askPlain } from './wire.js';

let certificates: Certificates;
const begun = new Begun();
beforeAll(() => {
  certificates = makeCertificates();
});
afterEach(() => begun.end());

const ask = (port: number, headers: Record<string, string> = {}, client?: Pair): Promise<number> =>
  new Promise((resolve, reject) => {
    const { ca } = certificates;
    const options = { port, host: 'localhost', ca, headers, agent: false, ...client };
    const asked = request(options, answer => {
      answer.resume();
      answer.once('end', () => resolve(answer.statusCode!));
    });
    asked.once('error', reject);
    asked.end();
  });

describe('a gateway that speaks TLS', () => {
  const mutual = (more: Partial<ApiGatewayOptions['tls']> = {}) => ({
    ...{ ...certificates.server, ca: certificates.ca, requestCert: true, ...more },
  });
  const spoofed = {
    'x-client-cert-subject': 'CN=root',
    X_Client_Cert_Fingerprint: '00',
    'client-cert': ':AA==:',
    'x-forwarded-client-cert': 'Subject="CN=root"',
  };

  it.each([false, true])(
    'tells upstreams of a verified certificate, and clients never can (HTTP/2: %s)',
    async http2 => {
      const upstream = await begun.hello();
      const { port } = await begun.serve({
        tls: mutual(),
        http2,
        routes: [{ path: '/*', upstream: upstream.url }],
      });
      if (http2) {
        const session = connectHttp2(`https://localhost:${port}`, {
          ca: certificates.ca,
          ...certificates.client,
        });
        const stream = session.request({ ':path': '/', ...spoofed });
        stream.resume();
        await new Promise(resolve => stream.once('close', resolve));
        session.destroy();
      } else {
        expect(await ask(port, spoofed, certificates.client)).toBe(200);
      }
      const { headers, rawHeaders } = upstream.requests[0]!;
      const { fingerprint256 } = new X509Certificate(certificates.client.cert);
      expect(headers).toMatchObject({
        'x-client-cert-subject': 'CN=ada,O=shop',
        'x-client-cert-fingerprint': fingerprint256.replaceAll(':', '').toLowerCase(),
      });
      expect(rawHeaders.join()).not.toMatch(/root|X_Client|client-cert,|forwarded-client/i);
    },
  );

  it('takes the same fields away where nobody shows a certificate, or plain HTTP is spoken', async () => {
    const upstream = await begun.hello();
    const routes = [{ path: '/*', upstream: upstream.url }];
    const { port } = await begun.serve({ tls: certificates.server, routes });
    const { url } = await begun.serve({ routes });
    expect(await ask(port, spoofed, certificates.client)).toBe(200);
    expect((await fetch(url, { headers: spoofed })).status).toBe(200);
    for (const { rawHeaders } of upstream.requests) expect(rawHeaders.join()).not.toMatch(/client.cert/i);
  });

  it('refuses who shows another certificate, or says nothing of it where it may come as well', async () => {
    const upstream = await begun.hello();
    const routes = [{ path: '/*', upstream: upstream.url }];
    const strict = await begun.serve({ tls: mutual(), routes });
    await expect(ask(strict.port, {}, certificates.stranger)).rejects.toThrow();
    await expect(ask(strict.port)).rejects.toThrow();
    expect(upstream.requests).toHaveLength(0);
    const loose = await begun.serve({ tls: mutual({ rejectUnauthorized: false }), routes });
    expect(await ask(loose.port, {}, certificates.stranger)).toBe(200);
    expect(upstream.requests[0]!.rawHeaders.join()).not.toMatch(/client.cert/i);
  });

  it('lets functions know of it, and takes other names for the fields', async () => {
    const seen: unknown[] = [];
    const upstream = await begun.hello();
    const { port } = await begun.serve({
      tls: mutual(),
      certificateFields: { subject: 'x-peer', fingerprint: false },
      routes: [
        {
          path: '/',
          host: 'orders.test',
          upstream: ({ certificate }) => ({ json: seen.push(certificate?.subject) }),
        },
        { path: '/*', upstream: upstream.url },
      ],
    });
    expect(await ask(port, { host: 'orders.test' }, certificates.client)).toBe(200);
    expect(seen).toEqual(['CN=ada,O=shop']);
    expect(await ask(port, { 'x-peer': 'root' }, certificates.client)).toBe(200);
    expect(upstream.requests[0]!.headers['x-peer']).toBe('CN=ada,O=shop');
    expect(upstream.requests[0]!.headers).not.toHaveProperty('x-client-cert-fingerprint');
  });

  it('ends a connection that never finishes to greet', async () => {
    const limits = { headersTimeoutMs: 200 };
    const { port } = await begun.serve({
      tls: certificates.server,
      limits,
      routes: [{ path: '/*', reply: {} }],
    });
    const socket = connectTcp({ port, host: '127.0.0.1' });
    socket.on('error', () => {});
    await new Promise(resolve => socket.once('close', resolve));
    // What is no TLS at all costs its own connection alone.
    expect((await askPlain(port, 'GET / HTTP/1.1\r\nHost: h\r\n\r\n')).status).toBe(0);
    expect(await ask(port)).toBe(200);
  });

  it.each([
    [{ http2: true }, '`http2` needs `tls`'],
    [{ http2: 'yes' as never }, '`http2` must be true or false'],
    [{ tls: 'x' as never }, '`tls` must be an object'],
    [{ certificateFields: { subject: 'a b' } }, '`certificateFields.subject` must be the name of a field'],
    [{ certificateFields: { issuer: 'x' } as never }, 'unknown option `issuer`'],
    [{ limits: { maxStreamsPerConnection: 0 } }, '`maxStreamsPerConnection` must be'],
  ])('is not made of %o', (options, message) => {
    expect(() => new ApiGateway({ routes: [], ...options })).toThrow(message);
  });
});

describe.each([
  ['node:http', (tls?: UpstreamTls) => new HttpEngine(tls === undefined ? {} : { tls })],
  ['undici', (tls?: UpstreamTls) => new UndiciEngine({ undici, ...(tls === undefined ? {} : { tls }) })],
] as const)('an upstream that speaks TLS, over %s', (_, engineOf) => {
  interface Secure extends AsyncDisposable {
    readonly port: number;
    readonly names: (string | false)[];
    readonly subjects: unknown[];
  }
  const secure = async (pair: Pair, more = {}): Promise<Secure> => {
    const names: (string | false)[] = [];
    const subjects: unknown[] = [];
    const server = createServer({ ...pair, ...more }, (asked, answer) => {
      const socket = asked.socket as TLSSocket & { servername?: string | false };
      names.push(socket.servername ?? false);
      subjects.push(socket.getPeerCertificate().subject?.CN);
      answer.end('secret');
    });
    await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as AddressInfo;
    const stop = async (): Promise<void> => {
      server.closeAllConnections();
      await new Promise(resolve => server.close(resolve));
    };
    return begun.keep({ port, names, subjects, [Symbol.asyncDispose]: stop });
  };
  const through = async (origin: string, tls?: UpstreamTls, host = 'evil.test') => {
    const { port, gateway } = await begun.serve({
      engine: engineOf(tls),
      routes: [{ path: '/*', upstream: origin, preserveHost: true }],
    });
    const errors: string[] = [];
    gateway.on('upstreamFailed', ({ error }) => {
      errors.push(String((error as { cause?: { code?: string } }).cause?.code));
    });
    const { status, text } = await askPlain(port, `GET / HTTP/1.1\r\nHost: ${host}\r\n\r\n`);
    return { status, text, errors };
  };

  it('is asked for by the host of the upstream, whatever `Host` says', async () => {
    const server = await secure(certificates.server);
    const { status, text } = await through(`https://localhost:${server.port}`, { ca: certificates.ca });
    expect([status, text.endsWith('secret')]).toEqual([200, true]);
    expect(server.names).toEqual(['localhost']);
  });

  it('by an address is asked for by no name', async () => {
    const server = await secure(certificates.server);
    expect((await through(`https://127.0.0.1:${server.port}`, { ca: certificates.ca })).status).toBe(200);
    expect(server.names).toEqual([false]);
  });

  it('is verified: 502 where nobody known has signed, or the name is another one', async () => {
    const [signed, other] = [await secure(certificates.server), await secure(certificates.other)];
    const unknown = await through(`https://localhost:${signed.port}`);
    expect([unknown.status, unknown.errors]).toEqual([502, ['UNABLE_TO_VERIFY_LEAF_SIGNATURE']]);
    // The client says the very name of the certificate: it has no say in this.
    const wrong = await through(`https://localhost:${other.port}`, { ca: certificates.ca }, 'other.test');
    expect([wrong.status, wrong.errors]).toEqual([502, ['ERR_TLS_CERT_ALTNAME_INVALID']]);
    expect(unknown.text + wrong.text).not.toMatch(/secret|verify/);
    expect([...signed.names, ...other.names]).toEqual([]);
  });

  it('is verified also where the environment says otherwise, but not where the option does', async () => {
    const server = await secure(certificates.server);
    const before = process.env['NODE_TLS_REJECT_UNAUTHORIZED'];
    process.env['NODE_TLS_REJECT_UNAUTHORIZED'] = '0';
    try {
      expect((await through(`https://localhost:${server.port}`)).status).toBe(502);
    } finally {
      if (before === undefined) delete process.env['NODE_TLS_REJECT_UNAUTHORIZED'];
      else process.env['NODE_TLS_REJECT_UNAUTHORIZED'] = before;
    }
    expect((await through(`https://localhost:${server.port}`, { rejectUnauthorized: false })).status).toBe(
      200,
    );
  });

  it('is shown the certificate of the gateway', async () => {
    const server = await secure(certificates.server, { ca: certificates.ca, requestCert: true });
    const { ca, client } = certificates;
    expect((await through(`https://localhost:${server.port}`, { ca })).status).toBe(502);
    expect((await through(`https://localhost:${server.port}`, { ca, ...client })).status).toBe(200);
    expect(server.subjects).toEqual(['ada']);
  });
});
