import { afterAll, describe, expect, it } from 'vitest';
import { PostgresBarrierStore } from '../../src/adapters/postgres/barrier.js';
import type { PostgresClient } from '../../src/adapters/postgres/client.js';
import { InMemoryBarrierStore, type MemoryTransaction } from '../../src/saga/barrier-memory.js';
import type { BarrierStore } from '../../src/saga/barrier-store.js';
import { barrierStoreLaws } from '../../src/testing/conformance/barrier-store-laws.js';
import { checkLaws, LawError } from '../../src/testing/law.js';
import { freshPglite } from '../fixtures/pglite.js';

function inMemory(broken: (store: BarrierStore<MemoryTransaction>) => object = () => ({})) {
  return () => {
    const sound = new InMemoryBarrierStore();
    const whole: BarrierStore<MemoryTransaction> = {
      claim: (...given) => sound.claim(...given),
      mark: (...given) => sound.mark(...given),
      purge: (...given) => sound.purge(...given),
    };
    let balance = 0;
    return {
      store: { ...whole, ...broken(whole) },
      transaction: sound.transaction.bind(sound),
      add: (transaction: MemoryTransaction, amount: number) => {
        balance += amount;
        transaction.onRollback(() => {
          balance -= amount;
        });
      },
      balance: () => balance,
    };
  };
}

describe('the barrier in memory keeps the law that', () => {
  for (const { name, check } of barrierStoreLaws(inMemory())) it(name, check);
});

// It takes long to start: one for all, with a schema for each law.
const client = await freshPglite();
let schemas = 0;
afterAll(() => client.close());

describe('the barrier in a PGlite keeps the law that', () => {
  // It has one connection: a transaction waits for the one before as a whole.
  const laws = barrierStoreLaws<PostgresClient>(
    async () => {
      const schema = `barrier_${++schemas}`;
      const store = new PostgresBarrierStore({ client, schema });
      await store.connect();
      await client.exec(`CREATE TABLE ${schema}.ledger (amount int)`);
      return {
        store,
        transaction: work => client.transaction(work),
        add: async (transaction, amount) =>
          void (await transaction.query(`INSERT INTO ${schema}.ledger VALUES ($1)`, [amount])),
        balance: async () => {
          const text = `SELECT coalesce(sum(amount), 0)::int AS sum FROM ${schema}.ledger`;
          return (await client.query<{ sum: number }>(text)).rows[0]!.sum;
        },
        close: async () => void (await client.exec(`DROP SCHEMA ${schema} CASCADE`)),
      };
    },
    { serial: true },
  );
  for (const { name, check } of laws) it(name, check, 60_000);
});

describe('a store breaks a law that', () => {
  it.each<[string, (store: BarrierStore<MemoryTransaction>) => object, string[]]>([
    [
      'keeps no tombstone',
      store => ({
        mark: async (transaction, step, mark) => {
          if (mark.mark !== 'void') await store.mark(transaction, step, mark);
        },
      }),
      ['a compensation without its step is void'],
    ],
    [
      'keeps no results',
      store => ({
        mark: (transaction, step, mark) => store.mark(transaction, step, { ...mark, result: undefined }),
      }),
      ['a call runs once', 'a compensation runs once', 'keys and results'],
    ],
    [
      'has one row for all steps of a saga',
      store => ({
        claim: (transaction, step, epoch) => store.claim(transaction, { ...step, step: '' }, epoch),
      }),
      ['a call runs once'],
    ],
    [
      'forgets epochs',
      store => ({ claim: (transaction, step) => store.claim(transaction, step, 0) }),
      ['a call of an older epoch'],
    ],
    [
      'writes outside of the transaction',
      store => {
        const done = new Map<string, object>();
        return {
          claim: async (transaction, step, epoch) => ({
            ...(await store.claim(transaction, step, epoch)),
            ...done.get(step.saga + step.step),
          }),
          mark: async (_, step, { direction, mark }) => {
            const name = step.saga + step.step;
            done.set(name, { ...done.get(name), [direction]: mark });
          },
        };
      },
      ['what was rolled back has never been'],
    ],
    [
      'waits for nobody',
      () => {
        const other = new Map<string, object>();
        const record = { forward: 'none', compensate: 'none', epoch: 0 };
        return {
          claim: async (_, { saga, step }) => ({ ...record, ...other.get(saga + step) }),
          mark: async (_, { saga, step }, { direction, mark }) => {
            other.set(saga + step, { ...other.get(saga + step), [direction]: mark });
          },
        };
      },
      ['a repeat waits for the call under way', 'a compensation waits for its step'],
    ],
    ['deletes everything', store => ({ purge: () => store.purge(0, 100) }), ['what is old is deleted']],
  ] as [
    string,
    (store: BarrierStore<MemoryTransaction>) => Partial<BarrierStore<MemoryTransaction>>,
    string[],
  ][])('%s', async (_, broken, names) => {
    const failure = await checkLaws(barrierStoreLaws(inMemory(broken))).catch((error: unknown) => error);
    const errors = (failure as AggregateError).errors as LawError[];
    for (const name of names) {
      expect(
        errors.find(({ message }) => message.startsWith(name)),
        name,
      ).toBeDefined();
    }
    expect(errors.some(error => error instanceof LawError)).toBe(true);
  });
});
