import { describe, expect, it } from 'vitest';
import { backgroundContext } from '../../../src/kernel/call-options.js';
import { systemClock } from '../../../src/kernel/clock.js';
import type { CallOptions } from '../../../src/kernel/context.js';
import type { Policy } from '../../../src/kernel/policy.js';
import { ServiceProxy } from '../../../src/proxy/service-proxy.js';
import type { ProxyFetch, ServiceProxyOptions } from '../../../src/proxy/service-proxy-options.js';
import { Timeout } from '../../../src/resilience/timeout.js';
import { countingSignal } from '../../../src/testing/counting-signal.js';
import { settle } from '../../../src/testing/settle.js';
import { VirtualClock } from '../../../src/testing/virtual-clock.js';

interface Instance {
  readonly id: string;
  readonly url?: string;
  readonly address?: string;
}

function setUp(options: Partial<ServiceProxyOptions<Instance>> = {}, status = 200) {
  const sent: { url: string; init: RequestInit }[] = [];
  const fetch: ProxyFetch = async (url, init) => {
    sent.push({ url, init });
    return new Response('text', { status });
  };
  const proxy = new ServiceProxy<Instance>({
    service: 'stock',
    instances: [{ id: 'a', url: 'https://10.0.0.1/' }],
    outliers: { consecutiveFailures: 1, maxEjectedRatio: 1 },
    fetch,
    ...options,
  });
  return { proxy, sent };
}

describe('fetch of a service', () => {
  it('sends the request to the origin of an instance, byte by byte as it was', async () => {
    const { proxy, sent } = setUp();
    const response = await proxy.fetch('/items/%2e?a=1&a=2', { method: 'POST', body: 'x' });
    expect(await response.text()).toBe('text');
    expect(sent[0]).toMatchObject({
      url: 'https://10.0.0.1/items/%2e?a=1&a=2',
      init: { method: 'POST', body: 'x' },
    });
  });

  it.each([
    [{ id: 'a', address: '10.0.0.1:80' }, 'http://10.0.0.1:80/x'],
    [{ id: 'a', address: 'https://10.0.0.1:80' }, 'https://10.0.0.1:80/x'],
    [{ id: 'a', address: '[::1]:80' }, 'http://[::1]:80/x'],
  ])('knows the origin of %j', async (instance, url) => {
    const { proxy, sent } = setUp({ instances: [instance] });
    await proxy.fetch('/x');
    expect(sent[0]!.url).toBe(url);
  });

  it('asks for an origin where it finds none, and takes one that it is told', async () => {
    const instances = [{ id: 'a' }];
    const { proxy } = setUp({ instances, outliers: false });
    await expect(proxy.fetch('/x')).rejects.toThrow('`url` must be given');
    const { proxy: told, sent } = setUp({ instances, url: ({ id }) => `http://${id}.example` });
    await told.fetch('/x');
    expect(sent[0]!.url).toBe('http://a.example/x');
  });

  it.each(['//evil.example/x', '/\\evil.example', '/@evil.example', '/../x'])(
    'goes to the origin of the instance whatever the path says: %s',
    async path => {
      const { proxy, sent } = setUp();
      await proxy.fetch(path);
      expect(new URL(sent[0]!.url).host).toBe('10.0.0.1');
    },
  );

  it.each(['x', 'http://evil.example/', '.evil.example/', '', 7 as never])(
    'refuses the path %j',
    async path => {
      const { proxy, sent } = setUp({ outliers: false });
      await expect(proxy.fetch(path)).rejects.toThrow('`path` must be begun with /');
      expect(sent).toEqual([]);
    },
  );

  it.each([
    [500, 1],
    [503, 1],
    [404, 0],
    [200, 0],
  ])('counts a status of %d against the instance %d times', async (status, ejected) => {
    const { proxy } = setUp({}, status);
    expect((await proxy.fetch('/x')).status).toBe(status);
    expect(proxy.outliers!.snapshot().ejected).toBe(ejected);
  });

  it('leaves the judgement to `classify` where that is given', async () => {
    const { proxy } = setUp({ classify: () => 'success' }, 500);
    await proxy.fetch('/x');
    expect(proxy.outliers!.snapshot().ejected).toBe(0);
  });

  it('is a part of the call whose context it is handed, with what was said of that', async () => {
    const clock = new VirtualClock();
    const seen: (readonly [number, string | undefined, boolean])[] = [];
    const policy: Policy = {
      execute: async (operation, options) => {
        const { timeoutMs = Infinity, key, idempotent = false } = options as CallOptions;
        seen.push([timeoutMs, key, idempotent]);
        return operation(backgroundContext(clock));
      },
    };
    const { proxy } = setUp({ policy, clock });
    const timeout = new Timeout({ timeoutMs: 500, clock });
    await timeout.execute(context => proxy.fetch('/x', {}, context), { key: 'me' });
    await timeout.execute(context => proxy.fetch('/x', { method: 'POST' }, context), { idempotent: true });
    await timeout.execute(context => proxy.fetch('/x', { method: 'POST' }, context));
    expect(seen).toEqual([
      [500, 'me', true],
      [500, undefined, true],
      [500, undefined, false],
    ]);
  });

  it('is given up by either signal where there are two', async () => {
    const hang: ProxyFetch = (_, { signal }) =>
      new Promise((_, reject) => signal!.addEventListener('abort', () => reject(signal!.reason)));
    const { proxy } = setUp({ fetch: hang });
    for (const first of [0, 1]) {
      const [own, around] = [countingSignal(), countingSignal()];
      const answer = proxy.fetch('/x', { signal: own.signal }, { signal: around.signal });
      const heard = expect(answer).rejects.toBe('enough');
      await settle();
      [own, around][first]!.abort('enough');
      await heard;
      expect([own.listeners(), around.listeners()]).toEqual([0, 0]);
    }
  });

  it('leaves nothing behind at either of two signals, and heeds one that has aborted', async () => {
    const { proxy, sent } = setUp();
    const [own, around] = [countingSignal(), countingSignal()];
    await proxy.fetch('/x', { signal: own.signal }, { signal: around.signal });
    expect([own.listeners(), around.listeners()]).toEqual([0, 0]);
    own.abort('enough');
    const late = proxy.fetch('/x', { signal: own.signal }, { signal: around.signal });
    await expect(late).rejects.toBe('enough');
    expect(sent).toHaveLength(1);
  });

  it('has a signal where somebody can give it up, and no signal that can never abort', async () => {
    const { proxy, sent } = setUp();
    const { signal } = new AbortController();
    const timeout = new Timeout({ timeoutMs: 500, clock: new VirtualClock() });
    await proxy.fetch('/x');
    await proxy.fetch('/x', { method: 'POST' }, { key: 'k' });
    await proxy.fetch('/x', { signal });
    await proxy.fetch('/x', {}, { signal });
    await timeout.execute(context => proxy.fetch('/x', {}, context));
    const { proxy: guarded, sent: sentOn } = setUp({ policy: timeout });
    await guarded.fetch('/x');
    expect([...sent, ...sentOn].map(({ init }) => init.signal instanceof AbortSignal)).toEqual([
      ...[false, false, true, true, true],
      true,
    ]);
  });

  it('is given up by the signal of the request, or of the call', async () => {
    const hang: ProxyFetch = (_, { signal }) =>
      new Promise((_, reject) => signal!.addEventListener('abort', () => reject(signal!.reason)));
    const { proxy } = setUp({ fetch: hang });
    for (const way of ['init', 'options'] as const) {
      const caller = new AbortController();
      const { signal } = caller;
      const answer = way === 'init' ? proxy.fetch('/x', { signal }) : proxy.fetch('/x', {}, { signal });
      const heard = expect(answer).rejects.toBe('enough');
      await settle();
      caller.abort('enough');
      await heard;
    }
    expect(proxy.outliers!.snapshot().ejected).toBe(0);
  });

  it.each([
    ['GET', undefined, true],
    ['put', undefined, true],
    ['POST', undefined, false],
    ['POST', true, true],
    ['GET', false, false],
  ])('knows whether %s may be repeated', async (method, idempotent, expected) => {
    let seen: boolean | undefined;
    const { proxy } = setUp({
      policy: {
        execute: async (operation, options) => {
          seen = (options as { idempotent?: boolean }).idempotent === true;
          return operation(backgroundContext(systemClock));
        },
      },
    });
    await proxy.fetch('/x', { method }, idempotent === undefined ? {} : { idempotent }).catch(() => {});
    expect(seen).toBe(expected);
  });
});

describe('the client of a service', () => {
  class Stock {
    readonly host: string;

    constructor(host: string) {
      this.host = host;
    }

    count(sku: string): number {
      return `${this.host}${sku}`.length;
    }

    async find(sku: string): Promise<string> {
      return `${sku} at ${this.host}`;
    }
  }

  it('has its methods, each of which is one call to an instance', async () => {
    const { proxy } = setUp();
    const keys: unknown[] = [];
    const stock = proxy.client(
      (context, endpoint) => {
        keys.push(context.key);
        return new Stock(endpoint.id);
      },
      { key: 'k' },
    );
    expect(await stock.find('x')).toBe('x at a');
    expect(await stock.count('xy')).toBe(3);
    expect(stock.find).toBe(stock.find);
    expect(keys).toEqual(['k', 'k']);
  });

  it('is no promise', async () => {
    const { proxy } = setUp();
    const stock = proxy.client((_, { id }) => new Stock(id));
    expect(await stock).toBe(stock);
    expect(`${Object.prototype.toString.call(stock)}`).toBe('[object Object]');
  });

  it('can be shown, which calls nobody, and has of an object what every object has', async () => {
    const { proxy } = setUp();
    let calls = 0;
    const stock = proxy.client(() => {
      calls++;
      return new Stock('a');
    });
    expect(JSON.stringify({ stock })).toBe('{"stock":{}}');
    expect(`${stock}`).toBe('[object Object]');
    expect(Object.hasOwn(stock as object, 'count')).toBe(false);
    expect(stock.constructor).toBe(Object);
    await settle();
    expect(calls).toBe(0);
  });

  it('keeps the methods that it made, though not those of all names that anybody asks for', async () => {
    const { proxy } = setUp();
    const stock = proxy.client((_, { id }) => new Stock(id));
    const { find } = stock;
    const methodOf = (name: string): unknown => Reflect.get(stock, name);
    for (let at = 0; at < 5_000; at++) expect(typeof methodOf(`x${at}`)).toBe('function');
    expect(stock.find).toBe(find);
    // There is no room for this one any more; it works all the same.
    expect(methodOf('x4999')).not.toBe(methodOf('x4999'));
    expect(await stock.count('xy')).toBe(3);
  });

  it('refuses what makes none', () => {
    expect(() => setUp().proxy.client(7 as never)).toThrow('client: `connect` must be a function');
  });
});

describe('ServiceProxy refuses', () => {
  it.each<[object, string]>([
    [{ service: '' }, '`service` must be a string that is not empty'],
    [{ instances: 7 }, '`instances` must be a list, or a source such as a ServiceWatcher'],
    [{ balancer: 7 }, '`balancer` must be options such as { by }'],
    [{ balancer: { zone: 7 } }, 'Balancer: `zone` must be'],
    [{ outliers: true }, '`outliers` must be options, or false'],
    [{ policy: {} }, '`policy` must be a policy'],
    [{ perInstance: 7 }, '`perInstance` must be a function'],
    [{ classify: 7 }, '`classify` must be a function'],
    [{ url: 7 }, '`url` must be a function'],
    [{ fetch: 7 }, '`fetch` must be a function'],
    [{ by: 7 }, 'unknown option `by`'],
  ])('%j', (options, message) => {
    expect(() => setUp(options)).toThrow(message);
  });
});
