import { createPool, type PoolConnection } from 'mysql2/promise';
import { afterAll, describe, expect, it } from 'vitest';
import { MariadbBarrierStore } from '../../src/adapters/mariadb/barrier.js';
import type { MariadbClient } from '../../src/adapters/mariadb/client.js';
import { Inbox } from '../../src/data/inbox.js';
import { ParticipantBarrier } from '../../src/saga/barrier.js';
import { barrierStoreLaws } from '../../src/testing/conformance/barrier-store-laws.js';
import { mariadbIsThere, mariadbUrl } from './mariadb-server.js';

const there = await mariadbIsThere();
const pool = createPool({ uri: mariadbUrl, connectionLimit: 20 });
const pass = (ms: number) => new Promise<void>(resolve => setTimeout(resolve, ms));
const database = `barrier_${process.pid}`;
afterAll(async () => {
  if (there) await pool.query(`DROP DATABASE IF EXISTS ${database}`);
  await pool.end();
});

async function inTransaction<Result>(
  work: (transaction: PoolConnection) => Promise<Result>,
): Promise<Result> {
  const transaction = await pool.getConnection();
  try {
    await transaction.beginTransaction();
    const result = await work(transaction);
    await transaction.commit();
    return result;
  } catch (error) {
    await transaction.rollback();
    throw error;
  } finally {
    transaction.release();
  }
}

/** A store with a ledger beside it, both empty. */
async function ledgerOf() {
  const store = new MariadbBarrierStore({ client: pool, database });
  await store.connect();
  await pool.query(`CREATE TABLE IF NOT EXISTS ${database}.ledger (amount int)`);
  for (const table of ['barrier', 'ledger']) await pool.query(`DELETE FROM ${database}.${table}`);
  const add = async (transaction: MariadbClient, amount: number): Promise<void> => {
    await transaction.query(`INSERT INTO ${database}.ledger VALUES (?)`, [amount]);
  };
  const balance = async (): Promise<number> => {
    const [rows] = await pool.query(`SELECT coalesce(sum(amount), 0) AS sum FROM ${database}.ledger`);
    return Number((rows as { sum: unknown }[])[0]!.sum);
  };
  return { store, add, balance };
}

describe.skipIf(!there)('a barrier in MariaDB keeps the law that', () => {
  const laws = barrierStoreLaws<MariadbClient>(async () => {
    const scene = await ledgerOf();
    return { ...scene, transaction: inTransaction, blocked: () => pass(50) };
  });
  for (const { name, check } of laws) it(name, check);
});

describe.skipIf(!there)('an inbox in MariaDB', () => {
  it('makes one effect of many deliveries at once, though the first of them roll back', async () => {
    const { store, add, balance } = await ledgerOf();
    const inbox = new Inbox({ store, consumer: 'billing', redeliveryMs: 1_000 });
    let runs = 0;
    const deliver = () =>
      inTransaction(tx =>
        inbox.run(tx, 'm-1', async () => {
          runs++;
          await add(tx, 1);
          await pass(5);
          if (runs <= 3) throw new Error('not yet');
          return runs;
        }),
      );
    const all = await Promise.allSettled(Array.from({ length: 12 }, deliver));
    const failed = all.flatMap(one => (one.status === 'rejected' ? [String(one.reason)] : []));
    expect(failed).toEqual(Array.from({ length: 3 }, () => 'Error: not yet'));
    const answers = all.flatMap(one => (one.status === 'fulfilled' ? [one.value] : []));
    expect(answers.filter(({ outcome }) => outcome === 'done')).toEqual([{ outcome: 'done', result: 4 }]);
    expect(new Set(answers.map(({ result }) => result))).toEqual(new Set([4]));
    expect(await balance()).toBe(1);
  });

  it('reads what was committed last, whatever its transaction has seen before', async () => {
    const { store } = await ledgerOf();
    const inbox = new Inbox({ store, consumer: 'billing', redeliveryMs: 1_000 });
    const answer = await inTransaction(async tx => {
      await tx.query(`SELECT * FROM ${database}.barrier`);
      await inTransaction(other => inbox.run(other, 'm-2', () => 'by another'));
      return inbox.run(tx, 'm-2', () => 'by this one');
    });
    expect(answer).toEqual({ outcome: 'duplicate', result: 'by another' });
  });

  it('waits no longer than it is told to, and leaves the transaction as it was', async () => {
    const { store, add, balance } = await ledgerOf();
    const step = { saga: 's', step: 'pay' };
    const impatient = new MariadbBarrierStore({ client: pool, database, statementTimeoutMs: 100 });
    const holder = await pool.getConnection();
    await holder.beginTransaction();
    await store.claim(holder, step, undefined);
    await inTransaction(async tx => {
      await add(tx, 1);
      await expect(impatient.claim(tx, step, undefined)).rejects.toThrow('no answer within 100 ms');
      await add(tx, 1);
    });
    await holder.rollback();
    holder.release();
    expect(await balance()).toBe(2);
  });

  it('runs nothing where there is no transaction', async () => {
    const { store, add, balance } = await ledgerOf();
    const barrier = new ParticipantBarrier({ store });
    const connection = await pool.getConnection();
    for (const none of [pool, connection]) {
      const run = barrier.run(none, 's:pay:forward', () => add(none, 1));
      await expect(run).rejects.toThrow(
        'MariadbBarrierStore: the transaction must be a connection after its START TRANSACTION',
      );
    }
    connection.release();
    expect(await balance()).toBe(0);
  });

  it('says what is missing when nobody has made its table', async () => {
    const missing = `${database}_missing`;
    const store = new MariadbBarrierStore({ client: pool, database: missing, topology: 'check' });
    await expect(store.connect()).rejects.toMatchObject({ code: 'ERR_TOPOLOGY' });
    const barrier = new ParticipantBarrier({ store });
    const run = inTransaction(tx => barrier.run(tx, 's:pay:forward', () => 1));
    await expect(run).rejects.toMatchObject({ code: 'ERR_TOPOLOGY', cause: { errno: expect.any(Number) } });
  });
});
