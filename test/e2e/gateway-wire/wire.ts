import type { AddressInfo } from 'node:net';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { ApiGateway, type ApiGatewayOptions, type UpstreamEngine } from '../../../src/gateway.js';

/** How a raw upstream answers what it has heard on one connection. */
export type Script = (heard: string, socket: Socket, connection: number) => void;

const answer = (body: string): string =>
  `HTTP/1.1 200 OK\r\nContent-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}`;

/** Whether `heard` ends with a whole request, by its own framing. */
export function isWhole(heard: string): boolean {
  const end = heard.indexOf('\r\n\r\n');
  if (end < 0) return false;
  const head = heard.slice(0, end).toLowerCase();
  const body = heard.slice(end + 4);
  if (head.includes('transfer-encoding: chunked'))
    return body.endsWith('0\r\n\r\n') || /\r\n\r\n$/.test(body);
  const length = Number(/content-length: (\d+)/.exec(head)?.[1] ?? 0);
  return body.length >= length;
}

/** Answers `ok` to each request, once it is there as a whole. */
export const polite: Script = (heard, socket) => {
  if (isWhole(heard)) socket.write(answer('ok'));
};

/** An upstream that writes down each byte it gets. */
export class RawUpstream implements AsyncDisposable {
  /** What came, by connection. */
  readonly heard: string[] = [];
  readonly sockets = new Set<Socket>();
  /** Connections that the other side has closed. */
  closed = 0;
  script: Script = polite;
  readonly #server: Server;

  private constructor(server: Server) {
    this.#server = server;
  }

  static async start(): Promise<RawUpstream> {
    const server = createServer({ allowHalfOpen: false });
    const upstream = new RawUpstream(server);
    server.on('connection', socket => upstream.#take(socket));
    await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve));
    return upstream;
  }

  #take(socket: Socket): void {
    const at = this.heard.push('') - 1;
    this.sockets.add(socket);
    let since = 0;
    socket.on('error', () => {});
    socket.on('close', () => {
      this.closed++;
      this.sockets.delete(socket);
    });
    socket.on('data', chunk => {
      this.heard[at] += chunk.toString('latin1');
      const part = this.heard[at]!.slice(since);
      if (isWhole(part)) since = this.heard[at]!.length;
      this.script(part, socket, at);
    });
  }

  get origin(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  get all(): string {
    return this.heard.join('');
  }

  reset(): void {
    this.script = polite;
    for (const socket of this.sockets) socket.destroy();
    this.heard.length = 0;
    this.closed = 0;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const socket of this.sockets) socket.destroy();
    await new Promise(resolve => this.#server.close(resolve));
  }
}

/** What the gateways below speak to upstreams with, where it is not what they have by themselves. */
export const engine: { make: (() => UpstreamEngine) | undefined } = { make: undefined };

/** A gateway before a raw upstream. */
export async function gatewayTo(
  upstream: RawUpstream,
  options: Partial<ApiGatewayOptions> = {},
): Promise<{ readonly gateway: ApiGateway; readonly port: number }> {
  const made = engine.make === undefined ? {} : { engine: engine.make() };
  const gateway = new ApiGateway({
    routes: [{ path: '/*', upstream: upstream.origin }],
    ...made,
    ...options,
  });
  const { port } = await gateway.listen({ port: 0, host: '127.0.0.1' });
  return { gateway, port };
}

/** A raw client: what it sends is what goes over the wire. */
export class RawClient {
  readonly socket: Socket;
  text = '';
  ended = false;
  broken = false;
  readonly #waiting = new Set<() => void>();

  constructor(port: number, allowHalfOpen = false) {
    this.socket = connect({ port, host: '127.0.0.1', allowHalfOpen });
    this.socket.on('data', chunk => {
      this.text += chunk.toString('latin1');
      this.#wake();
    });
    this.socket.on('error', () => {
      this.broken = true;
    });
    this.socket.on('close', () => {
      this.ended = true;
      this.#wake();
    });
  }

  send(bytes: string): this {
    this.socket.write(bytes, 'latin1');
    return this;
  }

  /** Resolves as soon as the condition holds, or the connection is over; fails when neither comes. */
  async until(holds: (text: string) => boolean, ms = 30_000): Promise<string> {
    const limit = Date.now() + ms;
    while (!holds(this.text) && !this.ended) {
      if (Date.now() > limit) throw new Error(`nothing came after ${JSON.stringify(this.text)}`);
      await new Promise<void>(resolve => {
        const timer = setTimeout(done, 200);
        const set = this.#waiting;
        function done(): void {
          clearTimeout(timer);
          set.delete(done);
          resolve();
        }
        set.add(done);
      });
    }
    return this.text;
  }

  /** Waits for the end of the connection. */
  end(): Promise<string> {
    return this.until(() => false);
  }

  close(): void {
    this.socket.destroy();
  }

  #wake(): void {
    for (const done of [...this.#waiting]) done();
  }
}

/** Whether a whole answer has come, by its framing. */
export function isAnswer(text: string): boolean {
  const end = text.indexOf('\r\n\r\n');
  if (end < 0) return false;
  const head = text.slice(0, end).toLowerCase();
  const rest = text.slice(end + 4);
  if (/^http\/1\.1 1\d\d/.test(head)) return isAnswer(rest);
  if (/^http\/1\.1 (204|304)/.test(head)) return true;
  if (head.includes('transfer-encoding: chunked')) return /(^|\r\n)0\r\n(.*\r\n)*\r\n$/.test(rest);
  const length = /content-length: (\d+)/.exec(head)?.[1];
  return length !== undefined && rest.length >= Number(length);
}

/** Sends bytes on a connection of their own; the status of the first answer, or 0 where there was none. */
export async function ask(port: number, bytes: string): Promise<{ status: number; text: string }> {
  const client = new RawClient(port).send(bytes);
  try {
    const text = await client.until(isAnswer);
    return { status: Number(/^HTTP\/1\.1 (\d{3})/.exec(text)?.[1] ?? 0), text };
  } finally {
    client.close();
  }
}

/** Waits for something that is to come. */
export async function eventually(holds: () => boolean, what: string, ms = 30_000): Promise<void> {
  const limit = Date.now() + ms;
  while (!holds()) {
    if (Date.now() > limit) throw new Error(`it never came: ${what}`);
    await new Promise(resolve => setTimeout(resolve, 10));
  }
}
