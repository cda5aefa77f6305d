import { type ChildProcess, fork } from 'node:child_process';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { PostgresBarrierStore } from '../../src/adapters/postgres/barrier.js';
import type { PostgresClient } from '../../src/adapters/postgres/client.js';
import { ParticipantBarrier } from '../../src/saga/barrier.js';
import { barrierStoreLaws } from '../../src/testing/conformance/barrier-store-laws.js';
import { seededRandom } from '../../src/testing/seeded-random.js';
import { until } from './eventually.js';
import { poolOf, serverConfig, serverIsThere } from './postgres-server.js';

const there = await serverIsThere();
const long = process.env['SERVICES'] === 'long';
const pass = (ms: number) => new Promise<void>(resolve => setTimeout(resolve, ms));
const pool = poolOf({ ...serverConfig, max: 20 });
const schemaOf = (name: string) => `barrier_${process.pid}_${name}`;
afterAll(() => pool.end());

async function inTransaction<Result>(
  work: (transaction: PostgresClient) => Promise<Result>,
  level = 'READ COMMITTED',
): Promise<Result> {
  const transaction = await pool.connect();
  try {
    await transaction.query(`BEGIN ISOLATION LEVEL ${level}`);
    const result = await work(transaction);
    await transaction.query('COMMIT');
    return result;
  } catch (error) {
    await transaction.query('ROLLBACK');
    throw error;
  } finally {
    transaction.release();
  }
}

let schemas = 0;
/** A store with a ledger beside it. */
async function ledgerOf() {
  const schema = schemaOf(String(++schemas));
  const store = new PostgresBarrierStore({ client: pool, schema });
  await store.connect();
  await pool.query(`CREATE TABLE ${schema}.ledger (saga text, amount int)`);
  const add = async (transaction: PostgresClient, amount: number, saga = ''): Promise<void> => {
    await transaction.query(`INSERT INTO ${schema}.ledger VALUES ($1, $2)`, [saga, amount]);
  };
  const balance = async (saga = ''): Promise<number> => {
    const text = `SELECT coalesce(sum(amount), 0)::int AS sum FROM ${schema}.ledger WHERE saga = $1`;
    return (await pool.query(text, [saga])).rows[0].sum;
  };
  const close = async (): Promise<void> => void (await pool.query(`DROP SCHEMA ${schema} CASCADE`));
  return { schema, store, add, balance, close, barrier: new ParticipantBarrier({ store }) };
}

describe.skipIf(!there)('a barrier in PostgreSQL keeps the law that', () => {
  const laws = barrierStoreLaws<PostgresClient>(async () => {
    const { store, add, balance, close } = await ledgerOf();
    return { store, transaction: inTransaction, add, balance, close, blocked: () => pass(100) };
  });
  for (const { name, check } of laws) it(name, check);
});

class Undo extends Error {}

describe.skipIf(!there)('a barrier in PostgreSQL', () => {
  it('keeps a ledger right in hundreds of random interleavings, rollbacks among them', async () => {
    const { barrier, add, balance, close } = await ledgerOf();
    const random = seededRandom(20_261_128);
    const sagas = long ? 2_000 : 400;
    const seen = { void: 0, refused: 0, duplicate: 0, done: 0, stale: 0, undone: 0 };
    const one = async (saga: number): Promise<string | undefined> => {
      const committed: string[] = [];
      const calls = Array.from({ length: 2 + Math.floor(random() * 3) }, async () => {
        const direction = random() < 0.6 ? 'forward' : 'compensate';
        const [rollsBack, waitsMs, worksMs] = [random() < 0.25, random() * 6, random() * 6];
        await pass(waitsMs);
        const answer = await inTransaction(async transaction => {
          const given = await barrier.run(transaction, `${saga}:pay:${direction}`, async () => {
            await pass(worksMs);
            await add(transaction, direction === 'forward' ? 1 : -1, String(saga));
            return { saga };
          });
          if (rollsBack) throw new Undo();
          return given;
        }).catch((error: unknown) => {
          if (!(error instanceof Undo)) throw error;
        });
        if (answer === undefined) seen.undone++;
        else {
          seen[answer.outcome]++;
          committed.push(direction);
        }
      });
      await Promise.all(calls);
      const wanted = committed.length > 0 && !committed.includes('compensate') ? 1 : 0;
      const got = await balance(String(saga));
      return got === wanted ? undefined : `saga ${saga}: ${got} after ${committed}`;
    };
    const wrong: string[] = [];
    for (let at = 0; at < sagas; at += 5) {
      const found = await Promise.all([0, 1, 2, 3, 4].map(more => one(at + more)));
      wrong.push(...found.filter(text => text !== undefined));
    }
    console.info(`barrier, ${sagas} sagas in random order: ${JSON.stringify(seen)}`);
    expect(wrong).toEqual([]);
    for (const outcome of ['void', 'refused', 'duplicate', 'done', 'undone'] as const) {
      expect(seen[outcome], outcome).toBeGreaterThan(sagas / 40);
    }
    await close();
  });

  it('ends one of two at once where conflicts serialise transactions, and loses nothing', async () => {
    const { barrier, add, balance, close } = await ledgerOf();
    let conflicts = 0;
    const call = async (saga: number): Promise<string> => {
      for (;;) {
        try {
          const answer = await inTransaction(async transaction => {
            // The snapshot is taken here, before the other one commits.
            await transaction.query('SELECT 1');
            await pass(5);
            return barrier.run(transaction, `${saga}:pay:forward`, () => add(transaction, 1, String(saga)));
          }, 'REPEATABLE READ');
          return answer.outcome;
        } catch (error) {
          if ((error as { code?: string }).code !== '40001') throw error;
          conflicts++;
        }
      }
    };
    for (let saga = 0; saga < 20; saga++) {
      const outcomes = await Promise.all([call(saga), call(saga), call(saga)]);
      expect(outcomes.sort()).toEqual(['done', 'duplicate', 'duplicate']);
      expect(await balance(String(saga))).toBe(1);
    }
    expect(conflicts).toBeGreaterThan(0);
    await close();
  });

  it('says so where there is no transaction, or it ends in between', async () => {
    const { store, barrier, add, balance, close } = await ledgerOf();
    const rule = 'PostgresBarrierStore: the transaction must be a client after its BEGIN, and before its end';
    await expect(barrier.run(pool, 'a:pay:forward', () => 1)).rejects.toThrow(rule);
    await expect(barrier.run(pool, 'b:pay:compensate', () => 1)).rejects.toThrow(rule);
    const ended = inTransaction(async transaction =>
      barrier.run(transaction, 'c:pay:forward', async () => {
        await add(transaction, 1);
        await transaction.query('ROLLBACK');
      }),
    );
    await expect(ended).rejects.toThrow(rule);
    expect(await balance()).toBe(0);
    const twice = await inTransaction(async transaction => {
      await transaction.query('SAVEPOINT one');
      const first = await barrier.run(transaction, 'd:pay:forward', () => add(transaction, 1));
      await transaction.query('RELEASE SAVEPOINT one');
      const row = { saga: 'e', step: 'pay' };
      await store.claim(transaction, row, undefined);
      await transaction.query('SAVEPOINT two');
      await store.mark(transaction, row, { direction: 'forward', mark: 'done', result: undefined });
      return first.outcome;
    });
    expect([twice, await balance()]).toEqual(['done', 1]);
    await close();
  });

  it('says what is missing when nobody has made its table', async () => {
    const store = new PostgresBarrierStore({ client: pool, schema: schemaOf('missing'), topology: 'check' });
    await expect(store.connect()).rejects.toMatchObject({ code: 'ERR_TOPOLOGY' });
    const barrier = new ParticipantBarrier({ store });
    const error = await inTransaction(transaction =>
      barrier.run(transaction, 's:pay:forward', () => 1),
    ).catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ code: 'ERR_TOPOLOGY', cause: { code: '42P01' } });
    expect((error as Error).message).toContain('call connect() of its store first');
  });

  it('waits no longer than it is told to', async () => {
    const { store, schema, close } = await ledgerOf();
    const impatient = new PostgresBarrierStore({ client: pool, schema, statementTimeoutMs: 200 });
    const holder = await pool.connect();
    await holder.query('BEGIN');
    await store.claim(holder, { saga: 's', step: 'pay' }, undefined);
    const waiting = await pool.connect();
    await waiting.query('BEGIN');
    const claim = impatient.claim(waiting, { saga: 's', step: 'pay' }, undefined);
    await expect(claim).rejects.toThrow('no answer within 200 ms');
    await holder.query('ROLLBACK');
    holder.release();
    await waiting.query('ROLLBACK');
    waiting.release();
    await close();
  });
});

describe.skipIf(!there)('a participant that is killed amid its transaction', () => {
  const children: ChildProcess[] = [];
  let scene: Awaited<ReturnType<typeof ledgerOf>>;
  beforeAll(async () => {
    scene = await ledgerOf();
  });
  afterAll(async () => {
    for (const child of children) child.kill('SIGKILL');
    await scene.close();
  });

  /** A process that runs a call, and stands still before its commit. */
  async function start(key: string): Promise<ChildProcess> {
    const told = JSON.stringify({ config: serverConfig, schema: scene.schema, key });
    const child = fork(join(import.meta.dirname, 'barrier-participant.mjs'), [told]);
    children.push(child);
    const said = await new Promise((resolve, reject) => {
      child.once('message', resolve);
      child.once('exit', () => reject(new Error('the participant ended')));
    });
    expect(said).toBe('written');
    return child;
  }

  it.each([
    { key: 'dies:pay:forward', then: 'dies:pay:forward', outcome: 'done', balance: 1 },
    { key: 'late:pay:forward', then: 'late:pay:compensate', outcome: 'void', balance: 0 },
    { key: 'void:pay:compensate', then: 'void:pay:forward', outcome: 'done', balance: 1 },
  ])('has done nothing, and lets go of its step: $key, then $then', async ({ key, then, ...wanted }) => {
    const child = await start(key);
    const saga = key.split(':')[0]!;
    let answer: string | undefined;
    const call = inTransaction(transaction =>
      scene.barrier.run(transaction, then, () => scene.add(transaction, 1, saga)),
    ).then(({ outcome }) => {
      answer = outcome;
    });
    await pass(300);
    expect(answer).toBeUndefined();
    child.kill('SIGKILL');
    await until(() => answer !== undefined);
    await call;
    expect(answer).toBe(wanted.outcome);
    expect(await scene.balance(saga)).toBe(wanted.balance);
  });
});
