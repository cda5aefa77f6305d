import { describe, expect, it, vi } from 'vitest';
import { InMemoryRegistry, type InMemoryRegistryOptions } from '../../../src/discovery/in-memory-registry.js';
import type { NewInstance } from '../../../src/discovery/service-instance.js';
import type { ServiceChange } from '../../../src/discovery/service-registry.js';
import { settle } from '../../../src/testing/settle.js';
import { VirtualClock } from '../../../src/testing/virtual-clock.js';

const sceneOf = (options: InMemoryRegistryOptions = {}) => {
  const clock = new VirtualClock();
  const registry = new InMemoryRegistry({ clock, random: () => 0.5, ...options });
  return { clock, registry };
};

const cart = (id: string, more: Partial<NewInstance> = {}): NewInstance => ({
  ...{ service: 'cart', id, address: `http://${id}:80` },
  ...more,
});

const idsOf = (instances: readonly { readonly id: string }[]) => instances.map(({ id }) => id).join(' ');

describe('InMemoryRegistry', () => {
  it('answers by version, tag, zone and status', async () => {
    const { registry } = sceneOf();
    const all = [
      cart('a', { version: '1.2.0', tags: ['blue', 'eu'], zone: 'z1' }),
      cart('b', { version: '1.4.1', tags: ['blue'], zone: 'z2' }),
      cart('c', { version: '2.0.0', zone: 'z1', status: 'draining' }),
      cart('d', { tags: ['eu'] }),
    ];
    await Promise.all(all.map(instance => registry.register(instance).ready));
    const find = async (query: object) => idsOf(await registry.instances({ service: 'cart', ...query }));
    expect(idsOf(await registry.instances('cart'))).toBe('a b d');
    expect(await find({ version: '^1.2.0' })).toBe('a b');
    expect(await find({ version: '>=1.4' })).toBe('b');
    expect(await find({ version: '*', status: 'any' })).toBe('a b c');
    expect(await find({ tags: 'blue' })).toBe('a b');
    expect(await find({ tags: ['blue', 'eu'] })).toBe('a');
    expect(await find({ zone: 'z1' })).toBe('a');
    expect(await find({ status: 'draining' })).toBe('c');
    expect(await registry.instances('nobody')).toEqual([]);
    expect(await registry.services()).toEqual(['cart']);
  });

  it.each<[string, object, string]>([
    ['version', { version: 'latest' }, 'a range of versions, as ^1.2.0, got "latest"'],
    ['version', { version: 1 }, 'a range of versions, as ^1.2.0, got 1'],
    ['tags', { tags: 7 }, 'a string or strings, got 7'],
    ['zone', { zone: 7 }, 'a string, got 7'],
    ['status', { status: 'gone' }, "'any', got"],
    ['service', { service: 'a b' }, 'the first a letter or digit, got "a b"'],
  ])('refuses a query by its %s', async (field, query, rule) => {
    const { registry } = sceneOf();
    const asked = registry.instances({ service: 'cart', ...query } as never);
    const error = await asked.catch((thrown: unknown) => thrown);
    expect(String(error)).toContain(`\`${field}\` must be`);
    expect(String(error)).toContain(rule);
  });

  it.each<[keyof InMemoryRegistryOptions, unknown]>([
    ...(
      [
        'maxInstances',
        'maxTombstones',
        'maxChanges',
        'preserveFrom',
        'maxWatches',
        'maxRegistrations',
      ] as const
    ).map(name => [name, 0] as [typeof name, unknown]),
    ...(['preserveWindowMs', 'suspendMs', 'tombstoneMs'] as const).map(
      name => [name, Number.NaN] as [typeof name, unknown],
    ),
    ['preserveRatio', 1.1],
    ['preserveMs', -1],
    ['maxMetadataBytes', 1.5],
    ['clock', {}],
    ['name', 7],
  ])('refuses a wrong %s', (option, value) => {
    expect(() => new InMemoryRegistry({ [option]: value })).toThrow(`\`${option}\` must be`);
  });

  it('refuses what it does not know', () => {
    expect(() => new InMemoryRegistry({ ttlMs: 1 } as never)).toThrow('unknown option `ttlMs`');
  });

  it('never returns an instance whose lease has ended, though nobody looked (RG1)', async () => {
    const { registry, clock } = sceneOf();
    const registration = registry.register(cart('a'), { ttlMs: 900 });
    await registration.ready;
    await settle();
    // After its next heartbeat, at 270 ms, it is not heard any more.
    vi.spyOn(clock, 'schedule').mockImplementation(() => ({ cancel() {} }));
    await clock.advance(1_169);
    const first = idsOf(await registry.instances('cart'));
    await clock.advance(1);
    expect([first, idsOf(await registry.instances('cart'))]).toEqual(['a', '']);
  });

  it('is full at its bounds, each by its name', async () => {
    const { registry } = sceneOf({ maxInstances: 1, maxRegistrations: 2, maxWatches: 1 });
    await registry.register(cart('a')).ready;
    const second = registry.register(cart('b'));
    await expect(second.ready).rejects.toMatchObject({
      ...{ code: 'ERR_REGISTRY_FULL', option: 'maxInstances', limit: 1 },
    });
    expect(() => registry.register(cart('c'))).toThrow('`maxRegistrations` is 2');
    const watch = registry.watch('cart');
    expect(() => registry.watch('other')).toThrow('`maxWatches` is 1');
    watch.close();
    registry.watch('other').close();
    expect(registry.snapshot()).toMatchObject({ instances: 1, registrations: 2, watches: 0, services: 0 });
  });

  it('takes in who had no room, once there is some', async () => {
    const { registry, clock } = sceneOf({ maxInstances: 1 });
    const first = registry.register(cart('a'));
    await first.ready;
    const second = registry.register(cart('b'));
    await second.ready.catch(() => {});
    await first.close({ drainMs: 0 });
    await clock.advance(1_000);
    expect([second.state, idsOf(await registry.instances('cart'))]).toEqual(['registered', 'b']);
  });

  it('keeps all when the process stood still (RG7)', async () => {
    const { registry, clock } = sceneOf();
    const heard: ServiceChange[] = [];
    registry.watch('cart', change => void heard.push(change));
    for (const id of ['a', 'b', 'c']) await registry.register(cart(id), { ttlMs: 9_000 }).ready;
    await clock.advance(20_000);
    await clock.suspend(3_600_000);
    expect(idsOf(await registry.instances('cart'))).toBe('a b c');
    await clock.advance(20_000);
    expect(idsOf(await registry.instances('cart'))).toBe('a b c');
    expect(heard.flatMap(({ removed }) => removed)).toEqual([]);
    expect(registry.snapshot().stoodStillMs).toBeGreaterThan(3_500_000);
  });

  it('closes what it has, once, and then refuses', async () => {
    const { registry, clock } = sceneOf();
    const registration = registry.register(cart('a'));
    await registration.ready;
    const watch = registry.watch('cart');
    await watch.next();
    const closing = registry.close();
    expect(registry.close()).toBe(closing);
    await clock.advance(5_000);
    await closing;
    expect([registration.state, (await watch.next()).done, clock.timers]).toEqual(['closed', true, 0]);
    for (const refused of [() => registry.register(cart('a')), () => registry.watch('cart')]) {
      expect(refused).toThrow(expect.objectContaining({ code: 'ERR_REGISTRY_CLOSED' }));
    }
    await expect(registry.services()).rejects.toMatchObject({ code: 'ERR_REGISTRY_CLOSED' });
  });

  it('takes an instance out for whoever asks, and its registration is told', async () => {
    const { registry, clock } = sceneOf();
    const registration = registry.register(cart('a'));
    const told = vi.fn();
    registration.on('superseded', told);
    await registration.ready;
    expect([await registry.deregister('cart', 'a'), await registry.deregister('cart', 'a')]).toEqual([
      ...[true, false],
    ]);
    await clock.advance(30_000);
    expect([registration.state, told.mock.calls.length]).toEqual(['superseded', 1]);
    await expect(registration.update({ weight: 2 })).rejects.toMatchObject({ code: 'ERR_SUPERSEDED' });
    await settle();
    expect(await registry.instances('cart')).toEqual([]);
  });
});

describe('a registry whose instances fall silent together', () => {
  it('keeps them, says so, and loses them in the end', async () => {
    const { registry, clock } = sceneOf({ preserveMs: 120_000 });
    for (const id of ['a', 'b', 'c', 'd', 'e', 'f']) {
      await registry.register(cart(id), { ttlMs: 30_000 }).ready;
    }
    await settle();
    expect(registry.snapshot().preserved).toBe(0);
    const schedule = clock.schedule.bind(clock);
    const beat = vi.spyOn(clock, 'schedule').mockImplementation((ms, callback, keepAlive) =>
      // Heartbeats are not sent, the registry looks at its clock.
      ms > 5_000 ? { cancel() {} } : schedule(ms, callback, keepAlive),
    );
    await clock.advance(45_000);
    const found = await registry.instances('cart');
    expect([idsOf(found), found.every(({ preserved }) => preserved)]).toEqual(['a b c d e f', true]);
    expect(registry.snapshot().preserved).toBe(6);
    await clock.advance(120_000);
    expect(await registry.instances('cart')).toEqual([]);
    beat.mockRestore();
  });
});
