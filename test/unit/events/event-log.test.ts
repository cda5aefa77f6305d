import { describe, expect, it } from 'vitest';
import { InMemoryEventLog } from '../../../src/events/event-log.js';
import { InMemoryProjectionStore } from '../../../src/events/projection-store.js';

describe('InMemoryEventLog', () => {
  it('gives back what was appended, from any position on', () => {
    const log = new InMemoryEventLog();
    expect([log.append('a', 1), log.append('b', 2, 3), log.append('a', 3)]).toEqual([1, 2, 3]);
    expect(log.read(undefined, 2)).toEqual([
      { position: 1, type: 'a', data: 1, version: undefined },
      { position: 2, type: 'b', data: 2, version: 3 },
    ]);
    expect(log.read(2, 10).map(({ position }) => position)).toEqual([3]);
    expect([log.read(3, 10), log.size]).toEqual([[], 3]);
  });

  it('takes no more than its bound, and no type that is none', () => {
    const log = new InMemoryEventLog({ maxEvents: 1 });
    log.append('a', 1);
    expect(() => log.append('a', 2)).toThrow(expect.objectContaining({ code: 'ERR_EVENT_OVERFLOW' }));
    expect(() => log.append(5 as unknown as string, 2)).toThrow(/append: `type` must be a string, got 5/);
    expect(() => new InMemoryEventLog({ maxEvents: 0 })).toThrow(
      /`maxEvents` must be an integer >= 1, got 0/,
    );
  });
});

describe('InMemoryProjectionStore', () => {
  it('keeps copies, by name and version', () => {
    const store = new InMemoryProjectionStore<{ n: number }>();
    const state = { n: 1 };
    store.save('a', 1, { position: 1, parked: [], state });
    state.n = 2;
    expect(store.load('a', 1)).toEqual({ position: 1, parked: [], state: { n: 1 } });
    store.load('a', 1)!.state!.n = 3;
    expect(store.load('a', 1)?.state).toEqual({ n: 1 });
    expect([store.load('a', 2), store.load('b', 1), store.read('a')]).toEqual([
      undefined,
      undefined,
      undefined,
    ]);
    store.activate('a', 1, undefined);
    expect(store.read('a')).toEqual({ n: 1 });
    store.remove('a', 1);
    expect(store.read('a')).toBeUndefined();
  });

  it('activates a version only in the place of the one that was named', () => {
    const store = new InMemoryProjectionStore();
    expect(store.activate('a', 2, 1)).toBe(false);
    expect([store.activate('a', 1, undefined), store.activate('a', 2, undefined)]).toEqual([true, false]);
    expect([store.activate('a', 2, 1), store.active('a')]).toEqual([true, 2]);
  });
});
