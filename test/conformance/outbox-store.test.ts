import { afterAll, describe, expect, it } from 'vitest';
import type { PostgresClient } from '../../src/adapters/postgres/client.js';
import { PostgresOutboxStore } from '../../src/adapters/postgres/outbox-store.js';
import type { InMemoryTransaction } from '../../src/data/memory-transaction.js';
import { InMemoryOutboxStore } from '../../src/data/outbox-memory.js';
import type { OutboxStore } from '../../src/data/outbox-store.js';
import { outboxStoreLaws } from '../../src/testing/conformance/outbox-store-laws.js';
import { checkLaws, LawError } from '../../src/testing/law.js';
import { VirtualClock } from '../../src/testing/virtual-clock.js';
import { ageOutbox, emptyOutbox } from '../fixtures/outbox.js';
import { freshPglite } from '../fixtures/pglite.js';

type Store = OutboxStore<InMemoryTransaction>;

function inMemory(broken: (store: Store) => Partial<Store> = () => ({})) {
  return () => {
    const clock = new VirtualClock();
    const sound = new InMemoryOutboxStore({ clock });
    const store: Store = {
      add: (...given) => sound.add(...given),
      beat: beat => sound.beat(beat),
      leave: relay => sound.leave(relay),
      read: reading => sound.read(reading),
      confirm: (...given) => sound.confirm(...given),
      mark: (...given) => sound.mark(...given),
      trust: claim => sound.trust(claim),
      trouble: (...given) => sound.trouble(...given),
      parked: (...given) => sound.parked(...given),
      retry: key => sound.retry(key),
      discard: key => sound.discard(key),
      purge: (...given) => sound.purge(...given),
      lag: () => sound.lag(),
    };
    return {
      store: { ...store, ...broken(store) },
      transaction: sound.transaction.bind(sound),
      advance: (ms: number) => clock.advance(ms),
    };
  };
}

describe('the outbox in memory keeps the law that', () => {
  for (const { name, check } of outboxStoreLaws(inMemory())) it(name, check);
});

// It takes long to start: one for all.
const client = await freshPglite();
const inPGlite = new PostgresOutboxStore({ client });
await inPGlite.connect();
afterAll(() => client.close());

describe('the outbox in a PGlite keeps the law that', () => {
  const laws = outboxStoreLaws<PostgresClient>(
    async () => {
      await emptyOutbox(client, 'keelson');
      const advance = (ms: number): Promise<void> => ageOutbox(client, 'keelson', ms);
      return { store: inPGlite, transaction: work => client.transaction(work), advance };
    },
    { serial: true },
  );
  for (const { name, check } of laws) it(name, check, 60_000);
});

describe('a store breaks a law that', () => {
  it.each<[string, (store: Store) => Partial<Store>, string[]]>([
    [
      'shows what is not committed',
      store => ({
        add: async (_, messages) => {
          const other = new InMemoryOutboxStore();
          await other.transaction(async transaction => {
            await store.add(transaction, messages);
            transaction.onCommit(() => {});
          });
        },
      }),
      ['what was committed is read', 'nothing is seen before'],
    ],
    [
      'follows a position',
      store => {
        let position = 0;
        return {
          read: async reading => {
            const rows = (await store.read(reading)).filter(({ id }) => id > position);
            position = Math.max(position, ...rows.map(({ id }) => id));
            return rows;
          },
        };
      },
      ['nothing is seen before'],
    ],
    [
      'asks nobody for a claim',
      store => {
        const claims = new Map<number, { relay: string; epoch: number }>();
        return {
          beat: async beat => {
            const answer = await store.beat(beat);
            for (const { bucket, epoch } of answer.grants) claims.set(bucket, { relay: beat.relay, epoch });
            return answer;
          },
          confirm: (claim, ids) => store.confirm({ ...claim, ...claims.get(claim.bucket) }, ids),
        };
      },
      ['who has lost a bucket'],
    ],
    [
      'suspects nothing',
      store => ({
        beat: async beat => {
          const answer = await store.beat(beat);
          return { ...answer, grants: answer.grants.map(grant => ({ ...grant, suspectTo: undefined })) };
        },
      }),
      ['what a silent relay'],
    ],
    ['accuses nobody', () => ({ mark: () => Promise.resolve(true) }), ['what was tried alone']],
    [
      'parks all keys for one',
      store => ({
        read: async reading => ((await store.parked(1, undefined)).length > 0 ? [] : store.read(reading)),
      }),
      ['a parked key stands still', 'what was tried alone'],
    ],
    [
      'forgets what was parked',
      store => ({
        trouble: (claim, trouble) => store.trouble(claim, { ...trouble, waitMs: trouble.waitMs ?? 0 }),
      }),
      ['a parked key stands still', 'what is given up'],
    ],
    [
      'deletes what is young',
      store => ({ purge: (_, limit) => store.purge(0, limit) }),
      ['only what has been'],
    ],
    ['keeps everything', () => ({ purge: async () => 0 }), ['only what has been']],
    [
      'gives all to whoever comes',
      store => ({ beat: async beat => ({ ...(await store.beat(beat)), relays: 1 }) }),
      ['a relay has all buckets'],
    ],
  ])('%s', async (_, broken, names) => {
    const failure = await checkLaws(outboxStoreLaws(inMemory(broken))).catch((error: unknown) => error);
    const errors = (failure as AggregateError).errors as Error[];
    for (const name of names) {
      expect(
        errors.find(({ message }) => message.startsWith(name)),
        name,
      ).toBeDefined();
    }
    expect(errors.some(error => error instanceof LawError)).toBe(true);
  });
});
