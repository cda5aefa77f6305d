import {
  type ChannelOptions,
  type Client,
  type ClientDuplexStream,
  type ClientReadableStream,
  type ClientWritableStream,
  credentials,
  type Interceptor,
  type Metadata,
  makeGenericClientConstructor,
  Server,
  ServerCredentials,
  type ServerDuplexStream,
  type ServiceError,
  status,
} from '@grpc/grpc-js';
import { afterEach, beforeEach } from 'vitest';

const json = {
  requestSerialize: (value: unknown) => Buffer.from(JSON.stringify(value)),
  requestDeserialize: (bytes: Buffer): unknown => JSON.parse(String(bytes)),
  responseSerialize: (value: unknown) => Buffer.from(JSON.stringify(value)),
  responseDeserialize: (bytes: Buffer): unknown => JSON.parse(String(bytes)),
};
const method = (name: string, requestStream: boolean, responseStream: boolean) => ({
  path: `/stock.Stock/${name}`,
  requestStream,
  responseStream,
  ...json,
});

/** A service with a method of each kind. */
export const stockService = {
  count: method('Count', false, false),
  list: method('List', false, true),
  add: method('Add', true, false),
  talk: method('Talk', true, true),
};

/** What answers a call with one answer. */
export type Reply = (error: Partial<ServiceError> | null, answer?: unknown, trailing?: Metadata) => void;

/** A call of whatever kind, as the server gets it. */
export type ServedCall = ServerDuplexStream<unknown, unknown> & { readonly request: unknown };

/** What a client of it can do. */
export interface StockClient extends Client {
  count(request: unknown, ...rest: unknown[]): { cancel(): void; getPeer(): string } & NodeJS.EventEmitter;
  list(request: unknown, ...rest: unknown[]): ClientReadableStream<unknown>;
  add(...rest: unknown[]): ClientWritableStream<unknown>;
  talk(...rest: unknown[]): ClientDuplexStream<unknown, unknown>;
}

const StockClient = makeGenericClientConstructor(stockService, 'Stock');

/** A server of that service, which answers as a test likes. */
export interface StockStage {
  server: Server;
  address: string;
  /** What each call came with. */
  seen: Metadata[];
  serve: Record<string, (call: ServedCall, reply: Reply) => unknown>;
  client(interceptors: readonly Interceptor[], options?: ChannelOptions): StockClient;
}

/** Sets up a server for each test of a file. */
export function stockOfEach(): StockStage {
  const clients: Client[] = [];
  const stage = {
    client(interceptors: readonly Interceptor[], options: ChannelOptions = {}) {
      const client = new StockClient(stage.address, credentials.createInsecure(), {
        ...options,
        interceptors: [...interceptors],
      });
      clients.push(client);
      return client as unknown as StockClient;
    },
  } as StockStage;

  beforeEach(async () => {
    stage.seen = [];
    stage.serve = {};
    stage.server = new Server();
    const served = Object.keys(stockService).map(name => [
      name,
      (call: ServedCall, reply: Reply) => {
        stage.seen.push(call.metadata);
        stage.serve[name]!(call, reply);
      },
    ]);
    stage.server.addService(stockService, Object.fromEntries(served));
    const port = await new Promise<number>((resolve, reject) => {
      stage.server.bindAsync('127.0.0.1:0', ServerCredentials.createInsecure(), (error, bound) =>
        error === null ? resolve(bound) : reject(error),
      );
    });
    stage.address = `127.0.0.1:${port}`;
  });

  afterEach(() => {
    for (const client of clients.splice(0)) client.close();
    stage.server.forceShutdown();
  });
  return stage;
}

/** The answer to one request, or the error. */
export function ask(client: StockClient, request: unknown, ...rest: unknown[]): Promise<unknown> {
  return new Promise((resolve, reject) => {
    client.count(request, ...rest, (error: ServiceError | null, answer: unknown) =>
      error === null ? resolve(answer) : reject(error),
    );
  });
}

/** Fails so many times with `code`, then answers. */
export function failing(times: number, code: status, extra: object = {}) {
  let failed = 0;
  return (call: ServedCall, reply: Reply) => {
    if (failed++ < times) reply({ code, details: `no ${failed}`, ...extra });
    else reply(null, { answer: call.request });
  };
}

/** The name of the code of an error, or `answered`. */
export function codeOf(promise: Promise<unknown>): Promise<string | undefined> {
  return promise.then(
    () => 'answered',
    (error: { code: number }) => status[error.code],
  );
}
