import { type ClientHttp2Session, type ClientHttp2Stream, connect } from 'node:http2';
import type { ApiGateway, GatewayEvents, ServerLimits } from '../../../src/gateway.js';
import { type Certificates, makeCertificates } from './certificates.js';
import { gatewayTo, isWhole, RawUpstream } from './wire.js';

export interface Found {
  readonly headers: Record<string, unknown>;
  readonly informed: Record<string, unknown>[];
  readonly trailers: Record<string, unknown>;
  readonly body: string;
  readonly code: number;
}

/** All that comes of one request. */
export async function found(stream: ClientHttp2Stream): Promise<Found> {
  const informed: Record<string, unknown>[] = [];
  let [headers, trailers]: Record<string, unknown>[] = [{}, {}];
  let body = '';
  stream.on('headers', given => informed.push(given));
  stream.on('response', given => {
    headers = given;
  });
  stream.on('trailers', given => {
    trailers = given;
  });
  stream.on('data', chunk => {
    body += String(chunk);
  });
  stream.on('error', () => {});
  await new Promise(resolve => stream.once('close', resolve));
  return { headers: headers!, informed, trailers: trailers!, body, code: stream.rstCode ?? 0 };
}

/** A gateway that speaks HTTP/2 before a raw upstream, and a client of it. */
export class Http2Edge implements AsyncDisposable {
  readonly log: GatewayEvents['completed'][] = [];
  readonly certificates: Certificates;
  readonly upstream: RawUpstream;
  readonly gateway: ApiGateway;
  readonly port: number;
  readonly session: ClientHttp2Session;

  private constructor(
    certificates: Certificates,
    upstream: RawUpstream,
    made: { gateway: ApiGateway; port: number },
  ) {
    this.certificates = certificates;
    this.upstream = upstream;
    this.gateway = made.gateway;
    this.port = made.port;
    this.gateway.on('completed', event => this.log.push(event));
    this.session = this.dial();
  }

  static async start(limits: ServerLimits = {}): Promise<Http2Edge> {
    const certificates = makeCertificates();
    const upstream = await RawUpstream.start();
    const made = await gatewayTo(upstream, {
      ...{ tls: certificates.server, http2: true, via: 'edge', maxBodyBytes: 1_000 },
      limits: { requestTimeoutMs: 400, headersTimeoutMs: 400, maxStreamsPerConnection: 5, ...limits },
      routes: [
        { path: '/*', upstream: upstream.origin },
        { path: '/own', reply: { body: 'mine' } },
      ],
    });
    return new Http2Edge(certificates, upstream, made);
  }

  dial(to = this.port): ClientHttp2Session {
    const opened = connect(`https://localhost:${to}`, { ca: this.certificates.ca });
    opened.on('error', () => {});
    return opened;
  }

  readonly ask = (
    headers: Record<string, string | string[]>,
    body?: string,
    by = this.session,
  ): Promise<Found> => {
    const stream = by.request({ ':path': '/a', ...headers }, { endStream: body === undefined });
    if (body !== undefined) stream.end(body);
    return found(stream);
  };

  /** What the upstream answers from now on. */
  say(bytes: string): void {
    this.upstream.script = (heard, socket) => {
      if (isWhole(heard)) socket.write(bytes);
    };
  }

  reset(): void {
    this.upstream.reset();
    this.log.length = 0;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.session.destroy();
    await this.gateway.close({ graceMs: 0 });
    await this.upstream[Symbol.asyncDispose]();
  }
}
