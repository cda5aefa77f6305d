import { expectTypeOf, it } from 'vitest';
import type { Policy } from '../../src/kernel/policy.js';
import { ServiceProxy } from '../../src/proxy/service-proxy.js';

interface Instance {
  readonly id: string;
  readonly port: number;
}

interface Stock {
  count(sku: string, at: number): number;
  find(sku: string): Promise<{ readonly name: string }>;
  readonly version: string;
}

declare const instances: readonly Instance[];
declare const watcher: {
  readonly instances: readonly Instance[];
  on(
    event: 'changed' | 'stale',
    listener: (change: { instances: readonly Instance[]; at: number }) => void,
  ): () => void;
};
declare const stockAt: (instance: Instance) => Stock;
declare const orNull: Policy<unknown, null>;

it('a proxy hands on the instances that it was given, from a list or a watcher', async () => {
  const listed = new ServiceProxy({ service: 'stock', instances });
  expectTypeOf(await listed.call((_, { port }) => port)).toEqualTypeOf<number>();
  const watched = new ServiceProxy({ service: 'stock', instances: watcher });
  expectTypeOf(await watched.call(async (_, { id }) => id)).toEqualTypeOf<string>();
  expectTypeOf(await watched.fetch('/x')).toEqualTypeOf<Response>();
  // @ts-expect-error an instance has a name
  new ServiceProxy({ service: 'stock', instances: [{ port: 7 }] });
  // @ts-expect-error what is answered in the stead of a call belongs around the proxy
  new ServiceProxy({ service: 'stock', instances, policy: orNull });
});

it('a client has the methods of its service, and nothing else', async () => {
  const stock = new ServiceProxy({ service: 'stock', instances }).client((_, instance) => stockAt(instance));
  expectTypeOf(stock.count).toEqualTypeOf<(sku: string, at: number) => Promise<number>>();
  expectTypeOf(await stock.find('x')).toEqualTypeOf<{ readonly name: string }>();
  // @ts-expect-error a text is no method
  void stock.version;
});
