import { describe, expect, it } from 'vitest';
import { InMemoryRegistry } from '../../../src/discovery/in-memory-registry.js';
import type { RegistryStore } from '../../../src/discovery/registry-store.js';
import type { NewInstance, RegisteredInstance } from '../../../src/discovery/service-instance.js';
import type { ServiceChange, WatchOptions } from '../../../src/discovery/service-registry.js';
import { ServiceWatcher } from '../../../src/discovery/service-watcher.js';
import type { ServiceWatcherOptions } from '../../../src/discovery/service-watcher-options.js';
import { StoredRegistry } from '../../../src/discovery/stored-registry.js';
import { settle } from '../../../src/testing/settle.js';
import { VirtualClock } from '../../../src/testing/virtual-clock.js';

/** A registry that tells what it is told to tell. */
function scripted(options: Partial<ServiceWatcherOptions> = {}) {
  const clock = new VirtualClock();
  let watching: WatchOptions = {};
  let lostAt: number | undefined;
  let there = new Map<string, RegisteredInstance>();
  let revision = 0;
  const registry = {
    watch: (_: string, given: unknown) => {
      watching = given as WatchOptions;
      return {
        close() {},
        get staleMs() {
          return lostAt === undefined ? 0 : clock.now() - lostAt;
        },
      } as never;
    },
  };
  const watcher = new ServiceWatcher({ registry, service: 'cart', clock, ...options });
  const tell = (ids: string, more: Partial<NewInstance> = {}): void => {
    const next = new Map<string, RegisteredInstance>();
    for (const id of ids) {
      const fresh = { service: 'cart', id, address: 'a:1', weight: 1, tags: [], metadata: {}, status: 'up' };
      next.set(id, there.get(id) ?? ({ ...fresh, incarnation: 1, preserved: false, ...more } as never));
    }
    const removed = [...there.values()].filter(({ id }) => !next.has(id));
    there = next;
    const change = { service: 'cart', revision: ++revision, removed, instances: [...next.values()] };
    void watching.onChange?.(change as unknown as ServiceChange);
  };
  const lose = (lost: boolean): void => {
    lostAt = lost ? clock.now() : undefined;
    watching.onContact?.({ lost, error: lost ? new Error('down') : undefined });
  };
  return { clock, watcher, tell, lose };
}

const ids = (instances: readonly RegisteredInstance[]) => instances.map(({ id }) => id).join('');

describe('ServiceWatcher', () => {
  it('has at hand what is registered', async () => {
    const clock = new VirtualClock();
    const registry = new InMemoryRegistry({ clock });
    const watcher = new ServiceWatcher({ registry, service: 'cart', clock, filter: { version: '^1.0.0' } });
    await watcher.ready;
    expect(watcher.usable()).toEqual([]);
    const told: number[] = [];
    watcher.on('changed', ({ instances }) => void told.push(instances.length));
    const one = registry.register({ service: 'cart', id: 'a', address: 'a:1', version: '1.2.3' });
    registry.register({ service: 'cart', id: 'b', address: 'b:1', version: '2.0.0' });
    await settle();
    expect([ids(watcher.usable()), watcher.instances]).toEqual(['a', watcher.instances]);
    await one.drain();
    await settle();
    expect([ids(watcher.usable()), ids(watcher.instances), told]).toEqual(['', 'a', [1, 1]]);
    watcher.close();
    expect(registry.snapshot().watches).toBe(0);
  });

  it('keeps what it knew while the registry is away, and says how old that is (RG5)', async () => {
    const { clock, watcher, tell, lose } = scripted();
    const told: string[] = [];
    watcher.on('stale', ({ error }) => told.push(`stale ${(error as Error).message}`));
    watcher.on('fresh', () => told.push('fresh'));
    tell('ab');
    lose(true);
    await clock.advance(3_600_000);
    expect([ids(watcher.usable()), watcher.staleMs]).toEqual(['ab', 3_600_000]);
    expect(watcher.snapshot()).toEqual({
      ...{ service: 'cart', revision: 1, instances: 2, suspects: 0, usable: 2, panicking: false },
      staleMs: 3_600_000,
    });
    lose(false);
    expect([watcher.staleMs, told]).toEqual([0, ['stale down', 'fresh']]);
  });

  it('uses all that are up when too few of them are healthy (RG6)', () => {
    let sick = 'a';
    const { watcher, tell } = scripted({ isHealthy: ({ id }) => !sick.includes(id) });
    tell('abcd');
    expect([ids(watcher.usable()), watcher.panicking]).toEqual(['bcd', false]);
    sick = 'ab';
    expect([ids(watcher.usable()), watcher.panicking]).toEqual(['cd', false]);
    sick = 'abc';
    expect([ids(watcher.usable()), watcher.panicking]).toEqual(['abcd', true]);
    sick = 'abcd';
    expect([ids(watcher.usable()), watcher.panicking]).toEqual(['abcd', true]);
  });

  it('does not panic where it is told not to, nor over those that say that they are not up', () => {
    const { watcher, tell } = scripted({ isHealthy: () => false, panicRatio: 0 });
    tell('abcd');
    expect([ids(watcher.usable()), watcher.panicking]).toEqual(['', false]);
    const other = scripted();
    other.tell('abc', { status: 'draining' });
    other.tell('abcd');
    expect([ids(other.watcher.usable()), other.watcher.panicking]).toEqual(['d', false]);
  });

  it('keeps those that went together for a while, and lets go of them then', async () => {
    const { clock, watcher, tell } = scripted();
    const told: string[] = [];
    watcher.on('suspected', ({ instances }) => void told.push(ids(instances)));
    tell('abcdef');
    tell('ab');
    expect([ids(watcher.instances), told]).toEqual(['abcdef', ['cdef']]);
    // Those that are there are a third: too few, so all are used.
    expect([ids(watcher.usable()), watcher.panicking]).toEqual(['abcdef', true]);
    tell('abc');
    expect([ids(watcher.usable()), watcher.snapshot().suspects]).toEqual(['abc', 3]);
    await clock.advance(29_999);
    expect(ids(watcher.instances)).toBe('abcdef');
    await clock.advance(1);
    expect([ids(watcher.instances), clock.timers]).toEqual(['abc', 0]);
  });

  it('believes those that said that they go, and those that go from a small service', () => {
    const drained = scripted();
    drained.tell('abcdef', { status: 'draining' });
    drained.tell('a');
    expect(ids(drained.watcher.instances)).toBe('a');
    const small = scripted();
    small.tell('abcd');
    small.tell('');
    expect(ids(small.watcher.instances)).toBe('');
    const half = scripted();
    half.tell('abcdef');
    half.tell('abc');
    expect(ids(half.watcher.instances)).toBe('abc');
  });

  it('grows old from when its registry is closed, and is not waited for in vain', async () => {
    const clock = new VirtualClock();
    const registry = new InMemoryRegistry({ clock });
    await registry.register({ service: 'cart', id: 'a', address: 'a:1' }, { drainMs: 0 }).ready;
    const watcher = new ServiceWatcher({ registry, service: 'cart', clock });
    await watcher.ready;
    const stale: unknown[] = [];
    watcher.on('stale', ({ error }) => stale.push((error as { code?: string }).code));
    await registry.close();
    clock.advanceSync(500);
    expect([watcher.staleMs, stale]).toEqual([500, ['ERR_REGISTRY_CLOSED']]);
    watcher.close();

    const silent: RegistryStore = {
      pollMs: 1_000,
      register: () => new Promise(() => {}),
      renew: () => new Promise(() => {}),
      deregister: () => new Promise(() => {}),
      read: () => new Promise(() => {}),
      services: () => new Promise(() => {}),
    };
    const mute = new StoredRegistry(silent, { clock });
    const waiting = new ServiceWatcher({ registry: mute, service: 'cart', clock });
    await settle();
    await mute.close();
    await expect(waiting.ready).rejects.toMatchObject({ code: 'ERR_REGISTRY_CLOSED' });
  });

  it('says that it was closed before it was ready', async () => {
    const { watcher } = scripted();
    expect(watcher.snapshot().revision).toBeNull();
    watcher[Symbol.dispose]();
    await expect(watcher.ready).rejects.toThrow('closed before cart was heard of');
  });

  it.each<[string, unknown]>([
    ['registry', {}],
    ['isHealthy', true],
    ['panicRatio', 1.5],
    ['suspectRatio', -1],
    ['suspectFrom', 0],
    ['suspectMs', Number.NaN],
    ['status', 'up'],
  ])('refuses a wrong %s', (option, value) => {
    expect(() => scripted({ [option]: value })).toThrow(`\`${option}\``);
  });
});
