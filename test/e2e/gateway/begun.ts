import { ApiGateway, type ApiGatewayOptions } from '../../../src/gateway.js';
import { TestServer } from '../../integration/http-server.js';

/** What a test has begun, and ends when it is over. */
export class Begun {
  readonly #open: AsyncDisposable[] = [];

  keep<T extends AsyncDisposable>(one: T): T {
    this.#open.push(one);
    return one;
  }

  async serve(options: ApiGatewayOptions): Promise<{ gateway: ApiGateway; url: string; port: number }> {
    const gateway = this.keep(new ApiGateway(options));
    const { url, port } = await gateway.listen({ port: 0, host: '127.0.0.1' });
    return { gateway, url, port };
  }

  async server(handle: Parameters<typeof TestServer.start>[0]): Promise<TestServer> {
    return this.keep(await TestServer.start(handle));
  }

  hello(): Promise<TestServer> {
    return this.server((_, response) => response.end('hello'));
  }

  async end(): Promise<void> {
    for (const one of this.#open.splice(0).reverse()) await one[Symbol.asyncDispose]();
  }
}
