import { describe, expect, it } from 'vitest';
import { InMemorySagaStore } from '../../src/saga/in-memory-saga-store.js';
import type { SagaStore } from '../../src/saga/saga-store.js';
import { sagaStoreLaws } from '../../src/testing/conformance/saga-store-laws.js';
import { checkLaws } from '../../src/testing/law.js';
import { VirtualClock } from '../../src/testing/virtual-clock.js';

type Broken = (sound: SagaStore, clock: VirtualClock) => Partial<SagaStore>;

function inMemory(broken: Broken = () => ({})) {
  return () => {
    const clock = new VirtualClock();
    const sound = new InMemorySagaStore({ clock });
    const wrong = broken(sound, clock) as Readonly<Record<PropertyKey, unknown>>;
    const store = new Proxy<SagaStore>(sound, {
      get: (_, name) => {
        const own = wrong[name] ?? sound[name as keyof InMemorySagaStore];
        return typeof own === 'function' ? own.bind(sound) : own;
      },
    });
    return { store, advance: (ms: number) => clock.advance(ms) };
  };
}

describe('the store of sagas in memory keeps the law', () => {
  for (const { name, check } of sagaStoreLaws(inMemory())) it(name, check);
});

const later = async <T>(value: T): Promise<T> => {
  await Promise.resolve();
  return value;
};

const broken: readonly (readonly [string, Broken, readonly string[]])[] = [
  [
    'forgets keys',
    sound => ({ insert: saga => sound.insert({ ...saga, key: undefined }) }),
    ['insert.record', 'insert.key', 'signal.early'],
  ],
  [
    'looks and inserts in two steps',
    sound => ({
      insert: async saga => {
        const there = await later(saga.key === undefined ? undefined : await sound.find('order', saga.key));
        if (there !== undefined) return { record: there, inserted: false };
        return { ...(await sound.insert({ ...saga, id: `${saga.id}${Math.random()}`, key: undefined })) };
      },
    }),
    ['insert.id', 'insert.key'],
  ],
  [
    'gives what is due to whoever asks',
    sound => ({
      claim: async (owner, kinds, limit, leaseMs) => {
        const due = (await sound.list({ limit: 1_000 })).filter(
          one => one.definition === kinds[0]?.definition,
        );
        const claimed = due.slice(0, limit).map(one => sound.claimOne(owner, one.id, leaseMs));
        return (await Promise.all(claimed)).filter(one => one !== undefined);
      },
    }),
    ['claim.drivable', 'claim.order', 'claim.due', 'claim.standing'],
  ],
  [
    'claims without a new epoch',
    sound => ({
      claim: async (...asked) =>
        (await sound.claim(...asked)).map(one => ({ ...one, record: { ...one.record, epoch: 1 } })),
    }),
    ['claim.epoch'],
  ],
  [
    'takes every claim for an interruption',
    sound => ({
      claim: async (...asked) => (await sound.claim(...asked)).map(one => ({ ...one, interrupted: true })),
    }),
    ['claim.interrupted'],
  ],
  [
    'writes whatever comes',
    sound => ({
      write: async write => {
        const record = await sound.get(write.id);
        if (record === undefined) return { kind: 'stale' };
        const { epoch, revision } = record;
        return sound.write({ ...write, epoch, revision });
      },
    }),
    ['write.fence', 'write.repeat', 'write.batch'],
  ],
  [
    'takes a repeated write for a stale one',
    sound => ({
      write: async write => {
        const record = await sound.get(write.id);
        return record?.revision === write.revision ? sound.write(write) : { kind: 'stale' };
      },
    }),
    ['write.repeat'],
  ],
  [
    'heeds no request to cancel',
    sound => ({ write: write => sound.write({ ...write, heedsCancel: true }) }),
    ['write.cancel', 'cancel.race'],
  ],
  [
    'gives back without a look at the signals',
    sound => ({
      write: async write => {
        const signals = (await sound.get(write.id))?.signals ?? 0;
        return sound.write(write.release ? { ...write, release: { ...write.release, signals } } : write);
      },
    }),
    ['release.race', 'signal.release', 'cancel.wakes'],
  ],
  [
    'wakes nobody',
    sound => ({
      wake: async () => {},
      signal: async signal =>
        'id' in signal.target && !(await sound.get(signal.target.id)) ? 'late' : 'kept',
    }),
    ['wake', 'signal.early', 'signal.wakes', 'release.race'],
  ],
  [
    'uses up nothing',
    sound => ({ write: write => sound.write({ ...write, consumed: [] }) }),
    ['signal.once', 'signal.dedupe'],
  ],
  [
    'keeps signals without end',
    sound => ({ signal: signal => sound.signal(signal).catch(() => 'kept' as const) }),
    ['signal.bound'],
  ],
  [
    'knows no signal again',
    sound => ({ signal: signal => sound.signal({ ...signal, dedupe: `${Math.random()}` }) }),
    ['signal.dedupe', 'data.names'],
  ],
  [
    'gives signals in any order',
    sound => ({ signals: async id => [...(await sound.signals(id))].reverse() }),
    ['signal.order', 'signal.early'],
  ],
  ['lets everybody have a lock', () => ({ lock: async () => true }), ['lock.one', 'lock.alive', 'lock.end']],
  [
    'lets locks run out',
    (sound, clock) => {
      const ends = new Map<string, number>();
      return {
        lock: async request => {
          if (clock.now() < (ends.get(request.lock) ?? 0)) return sound.lock(request);
          ends.set(request.lock, clock.now() + request.leaseMs);
          return true;
        },
      };
    },
    ['lock.alive', 'lock.parked'],
  ],
  [
    'keeps data as a database does that thinks it knows better',
    sound => ({
      insert: saga => sound.insert({ ...saga, input: sorted(saga.input) }),
      signal: signal => sound.signal({ ...signal, payload: signal.payload ?? null }),
    }),
    ['data.same', 'data.absent'],
  ],
  [
    'lists a page too far',
    sound => ({ list: query => sound.list({ ...query, after: undefined, status: undefined }) }),
    ['list'],
  ],
  ['counts what is over', sound => ({ census: () => countAll(sound) }), ['census']],
  [
    'numbers its history from 0',
    sound => ({
      history: async id => (await sound.history(id)).map(entry => ({ ...entry, seq: entry.seq - 1 })),
    }),
    ['history'],
  ],
  ['forgets what is young', sound => ({ purge: (_, limit) => sound.purge(0, limit) }), ['purge.old']],
  ['forgets all at once', sound => ({ purge: ageMs => sound.purge(ageMs, 1e6) }), ['purge.old']],
  ['loses nothing', sound => ({ renew: (...asked) => sound.renew(...asked).then(() => []) }), ['renew']],
  [
    'begins without an owner',
    sound => ({ insert: saga => sound.insert({ ...saga, owner: undefined }) }),
    ['insert.owner'],
  ],
  [
    'gives one saga to whoever asks',
    sound => ({
      claimOne: async (owner, id, leaseMs) => {
        const there = await sound.get(id);
        const claimed = await sound.claimOne(owner, id, leaseMs);
        return claimed ?? (there && { record: there, interrupted: false });
      },
    }),
    ['claim.one'],
  ],
  [
    'keeps half of a write',
    sound => ({ write: write => sound.write({ ...write, state: { direction: 'forward', entries: {} } }) }),
    ['write.kept', 'data.same'],
  ],
  ['accepts every request', () => ({ cancel: async () => 'accepted' }), ['cancel.answers']],
  [
    'forgets what was over once',
    sound => {
      const over = new Set<string>();
      return {
        write: write => {
          if (write.status === 'completed') over.add(write.id);
          return sound.write(write);
        },
        purge: async () => over.size,
      };
    },
    ['purge.revived'],
  ],
  ['has no clock', () => ({ now: async () => 1.7e12 }), ['clock', 'claim.epoch']],
];

function sorted(value: unknown): unknown {
  if (typeof value === 'string') return value.replaceAll('\0', '');
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return value;
  return Object.fromEntries(Object.entries(value).sort(([one], [other]) => (one < other ? -1 : 1)));
}

async function countAll(store: SagaStore) {
  const all = await store.list({ limit: 1_000 });
  return all.map(({ definition, version, hash }) => ({ definition, version, hash, count: 1 }));
}

async function lawsBrokenBy(wrong: Broken): Promise<readonly string[]> {
  const failure = await checkLaws(sagaStoreLaws(inMemory(wrong))).catch((error: unknown) => error);
  const { errors } = failure as AggregateError;
  return errors.map(error => (error as Error).message.split(':')[0]!);
}

describe('a store of sagas breaks the laws that it should if it', () => {
  const found = new Map<string, Promise<readonly string[]>>();
  const brokenBy = (name: string, wrong: Broken): Promise<readonly string[]> => {
    const known = found.get(name) ?? lawsBrokenBy(wrong);
    found.set(name, known);
    return known;
  };

  it.each(broken)('%s', async (name, wrong, ids) => {
    expect(await brokenBy(name, wrong)).toEqual(expect.arrayContaining([...ids]));
  });

  it('is one of those that are wrong here: so each law can be broken', async () => {
    const ids = sagaStoreLaws(inMemory()).map(({ id }) => id);
    const all = await Promise.all(broken.map(([name, wrong]) => brokenBy(name, wrong)));
    expect(ids.filter(id => !all.flat().includes(id))).toEqual([]);
  });
});
