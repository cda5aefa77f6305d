import { describe, expect, it } from 'vitest';
import { InMemoryProcessStore } from '../../../src/saga/process-memory.js';
import type { OutboxRun, ProcessChange } from '../../../src/saga/process-store.js';
import { VirtualClock } from '../../../src/testing/virtual-clock.js';

const change = (key: string, more: Partial<ProcessChange['next']> & { sends?: number } = {}) => {
  const { sends = 0, ...next } = more;
  const fresh = { version: 1, state: '{}', timeouts: {}, correlationId: 'c', ended: true, late: 0 };
  return {
    ...{ process: 'order', key, expected: 0, next: { ...fresh, ...next }, message: `m ${key}` },
    sends: Array.from({ length: sends }, (_, n) => ({ id: `${key} ${n}`, body: '{}' })),
    ...{ schedule: [], cancel: [] },
  };
};

function scene(limits: object = {}) {
  const clock = new VirtualClock();
  const store = new InMemoryProcessStore({ clock, maxEnded: 2, maxSeen: 4, ...limits });
  const load = (key: string) => store.load('order', key, `m ${key}`, 9);
  const kept = async (...keys: string[]) => {
    const all = await Promise.all(keys.map(load));
    return keys.filter((_, at) => all[at]!.saved !== undefined).join('');
  };
  const seen = async (...keys: string[]) => {
    const all = await Promise.all(keys.map(load));
    return keys.filter((_, at) => all[at]!.seen).join('');
  };
  const settle = (run: OutboxRun, published: number) => store.settle('order', run, { published, retryMs: 0 });
  return { clock, store, kept, seen, settle };
}

describe('the store of processes in memory', () => {
  it('forgets the process that ended first when there are too many', async () => {
    const { store, kept } = scene();
    for (const key of ['a', 'b', 'c']) await store.commit(change(key));
    await store.commit(change('d', { ended: false }));
    await store.commit(change('e', { ended: false }));
    await store.commit(change('f', { ended: false }));
    expect(await kept('a', 'b', 'c', 'd', 'e', 'f')).toBe('bcdef');
    // What comes late changes a tombstone, and makes it no younger.
    await store.commit({ ...change('b', { version: 2, late: 1 }), expected: 1, message: 'late' });
    await store.commit(change('g'));
    expect(await kept('b', 'c', 'd', 'e', 'f', 'g')).toBe('cdefg');
    // Of another kind there are as many again.
    for (const key of ['x', 'y']) await store.commit({ ...change(key), process: 'other' });
    expect(await kept('c', 'g')).toBe('cg');
  });

  it('forgets none of which something is to be published, before that is through', async () => {
    const { store, kept, settle } = scene();
    await store.commit(change('a', { sends: 2 }));
    for (const key of ['b', 'c', 'd']) await store.commit(change(key));
    expect(await kept('a', 'b', 'c', 'd')).toBe('acd');
    const [first] = await store.claim('order', 9, 1_000);
    await settle(first!, 1);
    expect(await kept('a', 'c', 'd')).toBe('acd');
    const [rest] = await store.claim('order', 9, 1_000);
    await settle(rest!, 1);
    expect(await kept('a', 'c', 'd')).toBe('ad');
  });

  it('forgets one whose last command was thrown away', async () => {
    const { store, kept } = scene({ maxEnded: 1 });
    await store.commit(change('a', { sends: 1 }));
    await store.commit(change('b'));
    const [run] = await store.claim('order', 9, 1_000);
    const fault = { error: { name: 'Error', message: 'no' }, counts: true, parks: true };
    await store.settle('order', run!, { published: 0, retryMs: 0, fault });
    expect(await kept('a', 'b')).toBe('ab');
    await store.discard('order', 'a', 'a 0', 'why not');
    expect(await kept('a', 'b')).toBe('a');
  });

  it('forgets the message that it saw first when there are too many', async () => {
    const { store, seen } = scene();
    for (const key of ['a', 'b', 'c', 'd', 'e']) await store.commit(change(key, { ended: false }));
    expect(await seen('a', 'b', 'c', 'd', 'e')).toBe('bcde');
  });

  it('purges by the time of the end, whatever was published last', async () => {
    const { store, clock, kept, settle } = scene();
    await store.commit(change('a', { sends: 1 }));
    await clock.advance(1_000);
    await store.commit(change('b'));
    const [run] = await store.claim('order', 9, 1_000);
    await settle(run!, 1);
    expect(await store.purge('order', 500, 9)).toBe(2);
    expect(await kept('a', 'b')).toBe('b');
    for (const key of ['c', 'd']) await store.commit(change(key));
    expect(await kept('a', 'b', 'c', 'd')).toBe('cd');
  });

  it('takes no bad options', () => {
    expect(InMemoryProcessStore.defaults).toEqual({ maxEnded: 10_000, maxSeen: 100_000 });
    for (const [options, message] of [
      [{ maxEnded: 0 }, 'InMemoryProcessStore: `maxEnded` must be an integer >= 1, got 0'],
      [{ maxSeen: 1.5 }, 'InMemoryProcessStore: `maxSeen` must be an integer >= 1, got 1.5'],
      [{ most: 1 }, 'InMemoryProcessStore: unknown option `most`; known are maxEnded, maxSeen, clock'],
    ] as const) {
      expect(() => new InMemoryProcessStore(options as object)).toThrow(message);
    }
  });
});
