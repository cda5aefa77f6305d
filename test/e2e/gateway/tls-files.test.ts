import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { connect as connectHttp2 } from 'node:http2';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type ConnectionOptions, connect, type TLSSocket } from 'node:tls';
import { afterEach, beforeAll, describe, expect, it } from 'vitest';
import { ApiGateway, GatewayFile, type GatewayFileOptions } from '../../../src/gateway.js';
import { type Certificates, makeCertificates } from '../gateway-wire/certificates.js';
import { eventually } from '../gateway-wire/wire.js';
import { Begun } from './begun.js';

const begun = new Begun();
let certificates: Certificates;
beforeAll(() => {
  certificates = makeCertificates();
});
afterEach(() => begun.end());

const routes = [{ path: '/', reply: { body: 'safe' } }];

async function opened(listen: object, options: GatewayFileOptions = { pollMs: 0 }) {
  const folder = await mkdtemp(join(tmpdir(), 'keelson-tls-files-'));
  begun.keep({ [Symbol.asyncDispose]: () => rm(folder, { recursive: true }) });
  const write = (name: string, text: string): Promise<void> => writeFile(join(folder, name), text);
  const put = async ({ cert, key }: { cert: string; key: string }): Promise<void> => {
    await write('edge.pem', cert);
    await write('edge.key', key);
  };
  await put(certificates.server);
  await write('clients.pem', certificates.ca);
  await write('gateway.json', JSON.stringify({ listen: { port: 0, ...listen }, routes }));
  const file = begun.keep(await GatewayFile.open(join(folder, 'gateway.json'), options));
  const { port, url } = await file.gateway.listen({ port: 0, host: '127.0.0.1' });
  return { file, port, url, write, put };
}

async function dial(port: number, more: ConnectionOptions = {}): Promise<TLSSocket> {
  const given = { port, ca: certificates.ca, checkServerIdentity: () => undefined, ...more };
  const socket = connect(given);
  begun.keep({ [Symbol.asyncDispose]: async () => void socket.destroy() });
  await once(socket, 'secureConnect');
  return socket;
}
const nameOf = async (port: number): Promise<unknown> => (await dial(port)).getPeerCertificate().subject.CN;
async function ask(socket: TLSSocket): Promise<string> {
  let text = '';
  socket.on('data', chunk => {
    text += String(chunk);
  });
  socket.write('GET / HTTP/1.1\r\nHost: h\r\n\r\n');
  await eventually(() => text.endsWith('safe'), 'the answer');
  return text;
}

const tls = { certFile: 'edge.pem', keyFile: 'edge.key' };

describe('key and certificate in files', () => {
  it('may change: new connections get the new one, and those that are there go on', async () => {
    const { file, port, url, put } = await opened({ tls }, { pollMs: 20 });
    expect(url).toMatch(/^https:/);
    const before = await dial(port);
    expect(before.getPeerCertificate().subject.CN).toBe('orders.test');
    let told = 0;
    file.on('certificateReloaded', () => told++);
    await put(certificates.other);
    await eventually(() => told > 0, 'the new certificate');
    expect(await nameOf(port)).toBe('other.test');
    expect(await ask(before)).toContain('HTTP/1.1 200 OK');
    expect(await ask(await dial(port))).toContain('HTTP/1.1 200 OK');
  });

  it('stay what they were while the two do not belong together, or one is gone; told once', async () => {
    const { file, port, write } = await opened({ tls });
    const refused: string[] = [];
    file.on('refused', ({ error }) => refused.push((error as Error).message));
    await write('edge.pem', certificates.other.cert);
    await expect(file.reload()).rejects.toThrow('edge.pem, edge.key: no server can be made of them');
    await expect(file.reload()).rejects.toThrow('no server can be made');
    expect(refused).toHaveLength(1);
    expect(await nameOf(port)).toBe('orders.test');
    await write('edge.key', certificates.other.key);
    expect(await file.reload()).toBe(true);
    expect(await file.reload()).toBe(false);
    expect(await nameOf(port)).toBe('other.test');
  });

  it.each([
    ['all are empty', ['edge.pem', 'edge.key'], ''],
    ['the key is empty', ['edge.key'], ''],
    ['the authorities of clients are empty', ['clients.pem'], ''],
    ['the authorities of clients are none', ['clients.pem'], 'none'],
  ])('stay what they were while %s, as a file is that is being written', async (_what, names, text) => {
    const { file, port, write } = await opened({ tls: { ...tls, clientCaFile: 'clients.pem' } });
    for (const name of names) await write(name, text);
    await expect(file.reload()).rejects.toThrow('no server can be made of them');
    expect(await ask(await dial(port, certificates.client))).toContain('HTTP/1.1 200 OK');
    // A server that no longer asks for certificates would let this one in.
    const [error] = await once(await dial(port), 'error');
    expect(String(error)).toMatch(/certificate required|reset/);
  });

  it('speak HTTP/2 where that is wanted, and ask for certificates of clients', async () => {
    const { port } = await opened({ tls: { ...tls, clientCaFile: 'clients.pem' }, http2: true });
    const refused = await dial(port);
    const [error] = await once(refused, 'error');
    expect(String(error)).toMatch(/certificate required|reset/);
    const session = connectHttp2(`https://localhost:${port}`, {
      ca: certificates.ca,
      ...certificates.client,
    });
    begun.keep({ [Symbol.asyncDispose]: async () => session.destroy() });
    const stream = session.request({ ':path': '/' });
    const [headers] = await once(stream, 'response');
    expect(headers[':status']).toBe(200);
  });

  it.each([
    [{ tls: { ...tls, certFile: 'none.pem' } }, 'ENOENT'],
    [{ tls: { ...tls, keyFile: 'clients.pem' } }, 'no server can be made of them'],
    [{ tls: { ...tls, ciphers: 'a' } }, 'listen.tls.ciphers is unknown'],
    [{ tls: { keyFile: 'edge.key' } }, 'listen.tls.certFile must be the path of a file'],
    [{ http2: true }, '`listen.http2` needs `listen.tls`'],
    [{ http2: 1 }, 'listen.http2 must be true or false'],
  ])('are refused in the beginning: %j', async (listen, message) => {
    await expect(opened(listen)).rejects.toThrow(message);
  });

  it('are not those of a gateway without TLS', () => {
    const gateway = begun.keep(new ApiGateway({ routes: [] }));
    expect(() => gateway.replaceTls({})).toThrow('no `tls` that could be replaced');
  });
});
