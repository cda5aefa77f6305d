import { afterEach, describe, expect, it, vi } from 'vitest';
import { InMemoryRegistry } from '../../../src/discovery/in-memory-registry.js';
import type { RegistryStore, StoreView } from '../../../src/discovery/registry-store.js';
import type { RegisteredInstance } from '../../../src/discovery/service-instance.js';
import type { ServiceChange } from '../../../src/discovery/service-registry.js';
import { StoredRegistry } from '../../../src/discovery/stored-registry.js';
import { settle } from '../../../src/testing/settle.js';
import { VirtualClock } from '../../../src/testing/virtual-clock.js';

const instanceOf = (id: string, incarnation = 1): RegisteredInstance => ({
  ...{ service: 'cart', id, address: 'a:1', version: undefined, zone: undefined, weight: 1, tags: [] },
  ...{ metadata: {}, status: 'up', incarnation, preserved: false },
});

/** A store whose instances are set by hand. */
class Shelf implements RegistryStore {
  readonly pollMs = 1_000;
  readonly clock = new VirtualClock();
  epoch = 'one';
  revision = 0;
  there: RegisteredInstance[] = [];
  down = false;
  reads = 0;

  put(...ids: string[]): void {
    this.there = ids.map(id => instanceOf(id[0]!, Number(id.slice(1) || 1)));
    this.revision++;
  }

  async read(): Promise<StoreView> {
    this.reads++;
    if (this.down) throw new Error('no route');
    const { epoch, revision } = this;
    return { kind: 'all', epoch, revision, instances: this.there };
  }

  register = async () => ({ kind: 'registered' }) as const;
  renew = async () => 'renewed' as const;
  deregister = async () => 'removed' as const;
  services = async () => [];
}

const shelved = (random = () => 0) => {
  const store = new Shelf();
  const registry = new StoredRegistry(store, { clock: store.clock, random });
  return { store, registry, clock: store.clock };
};

const words = ({ previous, revision, resync, added, removed, changed, instances }: ServiceChange) => {
  const ids = (list: readonly RegisteredInstance[]) => list.map(({ id }) => id).join('');
  const mark = resync ? '!' : '';
  const diff = `+${ids(added)} -${ids(removed)} ~${ids(changed)}`;
  return `${previous}>${revision}${mark} ${diff} =${ids(instances)}`;
};

afterEach(() => {
  vi.restoreAllMocks();
});

describe('a watch', () => {
  it('leads from revision to revision without a gap, whatever was missed between (RG4)', async () => {
    const { store, registry, clock } = shelved();
    const heard: string[] = [];
    registry.watch('cart', change => void heard.push(words(change)));
    await settle();
    store.put('a', 'b');
    store.put('a', 'b', 'c');
    await clock.advance(1_000);
    store.put('a2', 'c');
    await clock.advance(1_000);
    await clock.advance(10_000);
    expect(heard).toEqual(['undefined>0 + - ~ =', '0>2 +abc - ~ =abc', '2>3 + -b ~a =ac']);
  });

  it('says that the store began anew, and finds out what has changed (RG4)', async () => {
    const { store, registry, clock } = shelved();
    store.put('a', 'b');
    const heard: string[] = [];
    registry.watch('cart', change => void heard.push(words(change)));
    await settle();
    Object.assign(store, { epoch: 'two', revision: 0 });
    store.put('b2', 'c');
    await clock.advance(1_000);
    Object.assign(store, { epoch: 'three' });
    await clock.advance(1_000);
    store.revision = 0;
    await clock.advance(1_000);
    expect(heard).toEqual([
      ...['undefined>1 +ab - ~ =ab', '1>1! +c -a ~b =bc', '1>1! + - ~ =bc', '1>0! + - ~ =bc'],
    ]);
  });

  it('that is read late gets what happened meanwhile as one change', async () => {
    const { store, registry, clock } = shelved();
    store.put('a', 'b');
    const watch = registry.watch('cart');
    expect(words((await watch.next()).value!)).toBe('undefined>1 +ab - ~ =ab');
    for (const ids of [
      ['a', 'b', 'x'],
      ['a2', 'b'],
      ['a3', 'c'],
      ['a3', 'b2', 'c'],
    ]) {
      store.put(...ids);
      await clock.advance(1_000);
    }
    expect(words((await watch.next()).value!)).toBe('1>5 +c - ~ab =acb');
    // What comes and goes unseen is no news.
    store.put('a3', 'b2', 'c', 'y');
    await clock.advance(1_000);
    store.put('a3', 'b2', 'c');
    await clock.advance(1_000);
    const next = watch.next();
    store.put('c');
    await clock.advance(1_000);
    expect(words((await next).value!)).toBe('5>8 + -ab ~ =c');
  });

  it('that throws, or rejects, is reported, and the others hear of all', async () => {
    const { store, registry, clock } = shelved();
    const report = vi.spyOn(console, 'error').mockImplementation(() => {});
    const heard: string[] = [];
    registry.watch('cart', () => {
      throw new Error('mine');
    });
    registry.watch('cart', () => Promise.reject(new Error('mine, later')));
    registry.watch('cart', change => void heard.push(words(change)));
    for (const ids of ['a', 'b']) {
      store.put(ids);
      await clock.advance(1_000);
    }
    expect(heard.length).toBe(2);
    expect(report).toHaveBeenCalledTimes(4);
  });

  it('that is added while a change is told of misses nothing', async () => {
    const { store, registry, clock } = shelved();
    const heard: string[] = [];
    let inner: ServiceChange[] = [];
    registry.watch('cart', change => {
      if (change.revision === 1) registry.watch('cart', each => void inner.push(each));
      heard.push(words(change));
    });
    await settle();
    for (const ids of [['a'], ['a', 'b']]) {
      store.put(...ids);
      await clock.advance(1_000);
    }
    expect(inner.map(words)).toEqual(['undefined>1 +a - ~ =a', '1>2 +b - ~ =ab']);
    inner = [];
    expect(heard.length).toBe(3);
  });

  it('outlives a store that does not answer, and says for how long it has not (RG5)', async () => {
    const { store, registry, clock } = shelved();
    store.put('a');
    const contacts: boolean[] = [];
    const heard: string[] = [];
    const watch = registry.watch('cart', {
      onChange: change => void heard.push(words(change)),
      onContact: ({ lost }) => void contacts.push(lost),
    });
    await settle();
    store.down = true;
    await clock.advance(61_000);
    expect([contacts, watch.staleMs]).toEqual([[true], 61_000]);
    expect(watch.error).toMatchObject({ code: 'ERR_REGISTRY_UNAVAILABLE' });
    const reads = store.reads;
    expect(reads).toBeLessThan(40);
    store.down = false;
    store.put('a', 'b');
    await clock.advance(5_000);
    expect([contacts, watch.staleMs, watch.error]).toEqual([[true, false], 0, undefined]);
    expect(heard.at(-1)).toBe('1>2 +b - ~ =ab');
  });

  it('ends by its signal, by leaving the loop, and for all who wait', async () => {
    const { store, registry, clock } = shelved();
    store.put('a');
    const abort = new AbortController();
    const signalled = registry.watch('cart', { signal: abort.signal });
    await signalled.next();
    const waits = [signalled.next(), signalled.next()];
    abort.abort();
    expect(await Promise.all(waits)).toEqual([
      { done: true, value: undefined },
      { done: true, value: undefined },
    ]);
    for await (const { instances } of registry.watch('cart')) {
      expect(instances.length).toBe(1);
      break;
    }
    registry.watch('cart', { signal: abort.signal });
    {
      using watch = registry.watch('cart');
      expect(watch.service).toBe('cart');
    }
    await settle();
    expect([registry.snapshot().watches, clock.timers]).toEqual([0, 0]);
  });

  it('with a listener is not read', async () => {
    const { registry } = shelved();
    await expect(registry.watch('cart', () => {}).next()).rejects.toThrow('it has a listener');
    expect(() => registry.watch('cart', { onChange: 7 } as never)).toThrow('`onChange` must be a function');
    expect(() => registry.watch('../x')).toThrow('`service` must be');
  });

  it('has so many reads that wait at most', async () => {
    const { registry } = shelved();
    const watch = registry.watch('cart');
    await watch.next();
    for (let at = 0; at < 1_000; at++) void watch.next();
    await expect(watch.next()).rejects.toThrow('1000 reads');
    watch.close();
  });
});

describe('a thousand watchers of a service', () => {
  it('share what they are told', async () => {
    const clock = new VirtualClock();
    const registry = new InMemoryRegistry({ clock });
    const last: (readonly RegisteredInstance[])[] = [];
    for (let at = 0; at < 1_000; at++) {
      registry.watch('cart', ({ instances }) => {
        last[at] = instances;
      });
    }
    for (let at = 0; at < 100; at++) {
      registry.register({ service: 'cart', id: `i${at}`, address: 'a:1' });
    }
    await settle();
    expect([last[0]!.length, new Set(last).size]).toEqual([100, 1]);
    await registry.deregister('cart', 'i7');
    await settle();
    expect([last[0]!.length, new Set(last).size]).toEqual([99, 1]);
  });
});
