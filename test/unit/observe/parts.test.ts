import { describe, expect, it, vi } from 'vitest';
import { pipeline } from '../../../src/kernel/pipeline.js';
import { Meter } from '../../../src/observe/meter.js';
import { Observatory } from '../../../src/observe/observatory.js';
import { PrometheusExporter } from '../../../src/observe/prometheus.js';
import { Bulkhead } from '../../../src/resilience/bulkhead.js';
import { CircuitBreaker } from '../../../src/resilience/circuit-breaker.js';
import { Hedge } from '../../../src/resilience/hedge.js';
import { keyed } from '../../../src/resilience/keyed.js';
import { resilientFetch } from '../../../src/resilience/resilient-fetch.js';
import { Retry } from '../../../src/resilience/retry.js';
import { RetryBudget } from '../../../src/resilience/retry-budget.js';
import { shadow } from '../../../src/resilience/shadow.js';
import { streamed } from '../../../src/resilience/stream-policy.js';
import { Timeout } from '../../../src/resilience/timeout.js';

const idsOf = (observatory: Observatory) => observatory.things().map(({ id }) => id);
const breakers = (maxKeys: number) =>
  keyed(host => new CircuitBreaker({ name: `breaker of ${host}` }), { name: 'hosts', maxKeys });

describe('the parts of a pipeline', () => {
  it('are watched with it, under its name, and no longer than it', () => {
    const observatory = new Observatory();
    const policy = pipeline(new Meter({ name: 'pay' }), new CircuitBreaker(), new Bulkhead({ slots: 1 }));
    const unwatch = observatory.watch(policy, { name: 'pay' });
    expect(idsOf(observatory)).toEqual([
      'pipeline/pay',
      'meter/pay',
      'circuit-breaker/pay/circuit-breaker',
      'bulkhead/pay/bulkhead',
    ]);
    const wholes = observatory.things().map(({ whole }) => whole);
    expect(wholes).toEqual([undefined, 'pipeline/pay', 'pipeline/pay', 'pipeline/pay']);
    expect(observatory.things()[0]!.snapshot()).toMatchObject({ pipeline: { length: 3 } });
    unwatch();
    unwatch();
    expect(observatory.things()).toEqual([]);
  });

  it('are those inside of others as well: of a shadow, a stream, a pipeline for each key', async () => {
    const observatory = new Observatory();
    const inner = pipeline(new Retry({ name: 'again' }), shadow(new Bulkhead({ slots: 1, name: 'trial' })));
    observatory.watch(streamed(inner as never, { name: 'talk' }));
    const tenants = keyed(() => pipeline(new Timeout({ timeoutMs: 9 }), new Bulkhead({ slots: 2 })), {
      name: 'tenants',
      maxKeys: 9,
    });
    await tenants.execute(() => 1, { key: 'a' });
    observatory.watch(tenants);
    await tenants.execute(() => 1, { key: 'b' });
    expect(idsOf(observatory)).toEqual([
      ...['streamed/talk', 'retry/talk/again', 'shadow/talk/trial', 'bulkhead/talk/trial'],
      ...['keyed/tenants', 'timeout/tenants/timeout of a', 'bulkhead/tenants/bulkhead of a'],
      ...['timeout/tenants/timeout of b', 'bulkhead/tenants/bulkhead of b'],
    ]);
  });

  it('are the budgets of retries and hedges, one for both where they share it', () => {
    const observatory = new Observatory();
    const budget = new RetryBudget({ name: 'extra' });
    const policy = pipeline(new Retry({ budget }), new Hedge({ budget, delayMs: 5, idempotent: true }));
    observatory.watch(pipeline(policy, new Retry({ name: 'none' })), { name: 'pay' });
    expect(idsOf(observatory)).toEqual([
      ...['pipeline/pay', 'retry/pay/retry', 'retry-budget/pay/extra', 'hedge/pay/hedge', 'retry/pay/none'],
    ]);
    expect([new Hedge().parts, new Retry().parts]).toEqual([[], []]);
  });

  it('are left out where they do not say what they are, and where they stand in themselves', () => {
    const observatory = new Observatory();
    const mine = { enter: () => 1, exit() {} };
    observatory.watch(pipeline(mine, new Timeout({ timeoutMs: 1 })), { name: 'x' });
    const circle: { parts: unknown[]; describe(): object } = {
      parts: [],
      describe: () => ({ kind: 'circle' }),
    };
    circle.parts.push(circle, null, 7, { parts: [circle] });
    observatory.watch(circle);
    const list = { ...circle, parts: 'none', describe: () => ({ kind: 'list' }) };
    observatory.watch(list as never);
    expect(idsOf(observatory)).toEqual(['pipeline/x', 'timeout/x/timeout', 'circle/circle', 'list/list']);
  });

  it('are watched once: by the first whole, and by the next one when that ends', () => {
    const observatory = new Observatory();
    const shared = new Bulkhead({ slots: 3, name: 'shared' });
    const first = observatory.watch(pipeline(shared, new Timeout({ timeoutMs: 1 })), { name: 'a' });
    const second = observatory.watch(pipeline(shared), { name: 'b' });
    expect(idsOf(observatory)).toEqual([
      'pipeline/a',
      'bulkhead/a/shared',
      'timeout/a/timeout',
      'pipeline/b',
    ]);
    first();
    expect(idsOf(observatory)).toEqual(['pipeline/b', 'bulkhead/b/shared']);
    // Whoever asks for it by itself gets it by itself.
    const own = observatory.watch(shared);
    expect(idsOf(observatory)).toEqual(['pipeline/b', 'bulkhead/b/shared', 'bulkhead/shared']);
    second();
    own();
    observatory.watch(shared);
    observatory.watch(pipeline(shared), { name: 'c' });
    expect(idsOf(observatory)).toEqual(['bulkhead/shared', 'pipeline/c']);
  });
});

describe('the parts of a policy per key', () => {
  it('come and go with their keys, and their events and numbers with them', async () => {
    const observatory = new Observatory({ service: 'shop' });
    const hosts = breakers(2);
    hosts.get('a');
    observatory.watch(hosts);
    const heard: string[] = [];
    observatory.onEvent(({ id, event }) => heard.push(`${id} ${event}`));
    hosts.get('b').isolate();
    const changes = vi.fn();
    observatory.onChange(changes);
    hosts.get('c');
    expect(changes).toHaveBeenCalledTimes(2);
    const part = (host: string) => `circuit-breaker/hosts/breaker of ${host}`;
    expect(idsOf(observatory)).toEqual(['keyed/hosts', part('b'), part('c')]);
    expect(heard).toContain(`${part('b')} isolated`);
    using exporter = new PrometheusExporter(observatory);
    expect(exporter.text().body).toContain(
      'keelson_circuit_breaker_state{service="shop",name="hosts/breaker of b",state="isolated"} 1',
    );
  });

  it('are no more than `maxParts` of the thing and of the observatory; room that is made is used', () => {
    const observatory = new Observatory({ maxParts: 3, maxThings: 2 });
    const hosts = breakers(3);
    for (const host of ['a', 'b', 'c']) hosts.get(host);
    observatory.watch(hosts, { maxParts: 2 });
    const names = () => observatory.things().map(({ name }) => name.replace('hosts/breaker of ', ''));
    expect(names()).toEqual(['hosts', 'a', 'b']);
    hosts.get('d');
    expect(names()).toEqual(['hosts', 'b', 'c']);
    // Parts take no room from things: but one more is left for all parts together.
    observatory.watch(pipeline(new Timeout({ timeoutMs: 1 }), new Bulkhead({ slots: 1 })), { name: 'p' });
    expect(names()).toEqual(['hosts', 'b', 'c', 'p', 'p/timeout']);
    expect(() => observatory.watch(new Timeout({ timeoutMs: 1 }))).toThrow('`maxThings` is 2');
  });

  it('are not looked for where none are wanted', () => {
    const observatory = new Observatory();
    const hosts = breakers(3);
    hosts.get('a');
    observatory.watch(hosts, { maxParts: 0 });
    hosts.get('b');
    expect(idsOf(observatory)).toEqual(['keyed/hosts']);
  });

  it('are watched no more with an observatory that is gone, nor listened to', () => {
    const observatory = new Observatory();
    const hosts = breakers(3);
    hosts.get('a');
    observatory.watch(hosts);
    observatory[Symbol.dispose]();
    hosts.get('b');
    expect(observatory.things()).toEqual([]);
  });
});

describe('the parts of a resilientFetch', () => {
  it('are its policies, with the breaker of each origin, by one line', async () => {
    const observatory = new Observatory();
    const bulkhead = new Bulkhead({ slots: 5, name: 'sockets' });
    const fetch = resilientFetch({ name: 'stock', fetch: async () => new Response('7'), guards: [bulkhead] });
    observatory.watch(fetch);
    await fetch('https://a.example/1');
    await fetch('https://b.example/1');
    await fetch('https://b.example/2');
    expect(idsOf(observatory)).toEqual([
      ...['resilient-fetch/stock', 'timeout/stock timeout', 'retry/stock retry'],
      ...['retry-budget/stock retry budget', 'keyed/stock breakers'],
      ...['bulkhead/stock/sockets', 'timeout/stock attempt timeout'],
      'circuit-breaker/stock breaker of https://a.example',
      'circuit-breaker/stock breaker of https://b.example',
    ]);
    expect(observatory.things()[0]!.snapshot()).toMatchObject({ name: 'stock', pipeline: { length: 5 } });
  });
});
