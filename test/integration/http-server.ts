import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

type Handler = (request: IncomingMessage, response: ServerResponse, count: number) => void;

/** A server on a free port that remembers what it was asked, for as long as it is disposed of in time. */
export class TestServer implements AsyncDisposable {
  readonly #server: Server;
  /** Requests that arrived. */
  requests: IncomingMessage[] = [];
  /** Bodies of requests that were read. */
  readonly bodies: string[] = [];
  /** Connections that were ever made. */
  connections = 0;

  private constructor(server: Server) {
    this.#server = server;
  }

  static async start(handle: Handler): Promise<TestServer> {
    const server = createServer();
    const started = new TestServer(server);
    server.on('connection', () => started.connections++);
    server.on('request', (request, response) => {
      started.requests.push(request);
      let body = '';
      request.on('data', chunk => {
        body += String(chunk);
      });
      request.on('end', () => started.bodies.push(body));
      handle(request, response, started.requests.length);
    });
    await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve));
    return started;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise(resolve => this.#server.close(resolve));
  }
}
