import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, describe, expect, it } from 'vitest';
import { PostgresProcessStore } from '../../src/adapters/postgres/process-store.js';
import { InMemoryProcessStore } from '../../src/saga/process-memory.js';
import type { ProcessStore } from '../../src/saga/process-store.js';
import { processStoreLaws } from '../../src/testing/conformance/process-store-laws.js';
import { checkLaws, LawError } from '../../src/testing/law.js';
import { VirtualClock } from '../../src/testing/virtual-clock.js';
import { freshPglite } from '../fixtures/pglite.js';
import { openStore } from '../fixtures/process-store.js';
import { traceOf } from '../fixtures/process-trace.js';

function inMemory(broken: (store: ProcessStore) => Partial<ProcessStore> = () => ({})) {
  return () => {
    const clock = new VirtualClock();
    const store = openStore(new InMemoryProcessStore({ clock }));
    return { store: { ...store, ...broken(store) }, advance: (ms: number) => clock.advance(ms) };
  };
}

describe('the process store in memory keeps the law that', () => {
  for (const { name, check } of processStoreLaws(inMemory())) it(name, check);
});

// It takes long to start: one for all, with a schema for each law.
const client = await freshPglite();
let schemas = 0;
afterAll(() => client.close());

describe('the process store in a PGlite keeps the law that', () => {
  const laws = processStoreLaws(async () => {
    const schema = `process_${++schemas}`;
    const store = new PostgresProcessStore({ client, schema });
    await store.connect();
    const close = async () => void (await client.exec(`DROP SCHEMA ${schema} CASCADE`));
    return { store, advance: ms => sleep(ms), close };
  });
  for (const { name, check } of laws) it(name, check, 60_000);
});

describe('the process stores in memory and in a PGlite', () => {
  it('say the same of what cannot be published, whatever happens', async () => {
    const seen = new Set<string>();
    for (let seed = 1; seed <= 12; seed++) {
      const clock = new VirtualClock();
      const memory = new InMemoryProcessStore({ clock });
      const wanted = await traceOf(memory, seed, () => clock.advance(2e6));
      const schema = `process_${++schemas}`;
      const store = new PostgresProcessStore({ client, schema });
      await store.connect();
      const over = `UPDATE ${schema}.process_outbox SET due = now() WHERE due < 'infinity'`;
      const got = await traceOf(store, seed, () => client.exec(over));
      expect(got, `seed ${seed}`).toEqual(wanted);
      await client.exec(`DROP SCHEMA ${schema} CASCADE`);
      for (const line of wanted) if (/true|crash|"e\d/.test(line)) seen.add(line.split(' ')[0]!);
    }
    // It would say little, had nothing been parked or lost.
    expect([...seen].sort()).toEqual(['claim', 'discard', 'lose', 'send', 'settle', 'unpark']);
  });
});

describe('a store breaks a law that', () => {
  it.each<[string, (store: ProcessStore) => Partial<ProcessStore>, string[]]>([
    [
      'forgets what it has seen',
      store => ({ commit: change => store.commit({ ...change, message: undefined }) }),
      ['what was written is read', 'a message is seen once', 'of a message that comes many times'],
    ],
    [
      'notes messages of changes that it does not make',
      store => {
        const seen = new Set<string>();
        return {
          load: async (process, key, message, countTo) => ({
            ...(await store.load(process, key, message, countTo)),
            seen: seen.has(message ?? ''),
          }),
          commit: change => {
            if (change.message !== undefined) seen.add(change.message);
            return store.commit(change);
          },
        };
      },
      ['a change of an old version'],
    ],
    [
      'looks at versions and writes in two steps',
      store => ({
        commit: async change => {
          const { saved } = await store.load(change.process, change.key, undefined, 0);
          if ((saved?.version ?? 0) !== change.expected) return false;
          await store.commit(change);
          return true;
        },
      }),
      ['of many who start or change'],
    ],
    [
      'hands out what others hold',
      store => ({ claim: (process, limit) => store.claim(process, limit, 0) }),
      ['what is sent is handed out in order'],
    ],
    [
      'lets those who lost a lease take away',
      store => {
        let lease = '';
        return {
          claim: async (...given) => {
            const runs = await store.claim(...given);
            lease = runs[0]?.lease ?? lease;
            return runs;
          },
          settle: (process, run, ...rest) => store.settle(process, { ...run, lease }, ...rest),
        };
      },
      ['who has lost a lease'],
    ],
    [
      'wakes nobody twice',
      store => ({
        claimTimeouts: async (...given) => {
          const due = await store.claimTimeouts(...given);
          for (const timeout of due) await store.dropTimeout('order', timeout);
          return due;
        },
      }),
      ['a timeout is due'],
    ],
    [
      'knows no generations',
      store => ({
        dropTimeout: async (process, timeout) => {
          for (let generation = 1; generation < 5; generation++) {
            await store.dropTimeout(process, { ...timeout, generation });
          }
        },
      }),
      ['a timeout that is started anew'],
    ],
    [
      'keeps everything',
      () => ({ purge: async () => 0 }),
      ['what is old is forgotten', 'what is parked outlasts'],
    ],
    [
      'counts no tries',
      store => ({
        settle: (process, run, result) =>
          store.settle(process, run, {
            ...result,
            fault: result.fault && { ...result.fault, counts: false },
          }),
      }),
      ['a command that was refused has a try less'],
    ],
    [
      'counts what nobody was asked about',
      store => ({
        settle: (process, run, result) =>
          store.settle(process, run, { ...result, fault: result.fault && { ...result.fault, counts: true } }),
      }),
      ['a command that was refused has a try less', 'what may have ended programs'],
    ],
    [
      'goes on behind what is parked',
      store => ({
        settle: (process, run, result) =>
          store.settle(process, run, {
            ...result,
            published: result.published + (result.fault?.parks === true ? 1 : 0),
          }),
      }),
      ['what is parked is not handed out', 'what is parked is tried again', 'what is parked outlasts'],
    ],
    [
      'lets those who lost a lease park',
      store => {
        let lease = '';
        return {
          claim: async (...given) => {
            const runs = await store.claim(...given);
            lease = runs[0]?.lease ?? lease;
            return runs;
          },
          settle: (process, run, result) => store.settle(process, { ...run, lease }, result),
        };
      },
      ['who has lost a lease parks nothing'],
    ],
    [
      'throws away whatever is parked',
      store => ({
        discard: async (process, key, _, reason) => {
          const [one] = await store.parked(process, { limit: 1 });
          return one !== undefined && store.discard(process, key, one.id, reason);
        },
      }),
      ['what is thrown away is kept'],
    ],
    [
      'throws away without a word',
      store => ({ discarded: async () => [], discard: (...given) => store.discard(...given) }),
      ['what is thrown away is kept', 'what is parked, and what was thrown away, is listed'],
    ],
    [
      'lists without end',
      store => ({ parked: (process, { after }) => store.parked(process, { after, limit: 100 }) }),
      ['what is parked, and what was thrown away, is listed'],
    ],
    [
      'lists from the first again',
      store => ({ discarded: (process, { limit }) => store.discarded(process, { limit }) }),
      ['what is parked, and what was thrown away, is listed'],
    ],
    [
      'says of nobody that he was not heard of again',
      store => ({
        claim: async (...given) =>
          (await store.claim(...given)).map(run => ({ ...run, crashes: 0, alone: false })),
      }),
      ['a claim that ended without a word', 'each one that was handed out', 'what may have ended programs'],
    ],
    [
      'forgets when it tries again that it was deadly',
      store => {
        const spared = new Set<string>();
        return {
          unpark: async (process, key) => {
            spared.add(key);
            return store.unpark(process, key);
          },
          claim: async (...given) =>
            (await store.claim(...given)).map(run => (spared.has(run.key) ? { ...run, alone: false } : run)),
        };
      },
      ['what may have ended programs'],
    ],
  ])('%s', async (_, broken, names) => {
    const failure = await checkLaws(processStoreLaws(inMemory(broken))).catch((error: unknown) => error);
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
