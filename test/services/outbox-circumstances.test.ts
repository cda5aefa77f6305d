import { setTimeout as sleep } from 'node:timers/promises';
import type { Pool } from 'pg';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { PostgresOutboxStore } from '../../src/adapters/postgres/outbox-store.js';
import { Outbox } from '../../src/data/outbox.js';
import { OutboxRelay } from '../../src/data/outbox-relay.js';
import type { OutboxRelayOptions } from '../../src/data/relay-options.js';
import { PublishError } from '../../src/kernel/bus-errors.js';
import { systemClock } from '../../src/kernel/clock.js';
import { topic } from '../../src/messaging/topic.js';
import { until } from './eventually.js';
import { inTransaction } from './outbox-storm.js';
import { OwnPostgres } from './own-postgres.js';
import { poolOf, serverIsThere } from './postgres-server.js';

// Where there is no server there is no program to start one of, either.
const there = await serverIsThere();
const placed = topic<unknown>('orders.placed', { key: order => String(Object(order).id) });

describe.skipIf(!there)('an outbox in bad circumstances, on a server of its own,', () => {
  const server = new OwnPostgres();
  let pool!: Pool;
  let schemas = 0;
  beforeAll(async () => {
    await server.create();
    pool = poolOf(server.config);
    await pool.query('CREATE TABLE orders (id text)');
  });
  afterAll(async () => {
    await pool.end();
    await server.remove();
  });

  /** An outbox whose relay publishes to `publish`, and what went through. */
  async function scene(more: Partial<OutboxRelayOptions> & { readonly client?: Pool } = {}) {
    const { client = pool, ...rules } = more;
    const schema = `bad_${++schemas}`;
    await new PostgresOutboxStore({ client: pool, schema }).connect();
    const outbox = new Outbox({
      store: new PostgresOutboxStore({ client: pool, schema }),
      maxBodyBytes: 200,
    });
    const store = new PostgresOutboxStore({ client, schema, statementTimeoutMs: 300 });
    const through: string[] = [];
    const bus = { publish: async (_: unknown, data: unknown) => void through.push(Object(data).id) };
    const relay = new OutboxRelay({ store, bus, pollMs: 50, pauseMs: 50, retryMs: 50, ...rules });
    const interrupted: string[] = [];
    relay.on('interrupted', ({ error }) => interrupted.push(String(error)));
    await relay.start();
    onTestFinished(() => relay.close());
    const place = (id: string) =>
      inTransaction(pool, tx => outbox.publish(tx, { topic: placed, data: { id } }));
    return { outbox, relay, through, interrupted, place };
  }

  it('refuses what it cannot keep within the transaction, which goes on or rolls back', async () => {
    const { outbox, through } = await scene();
    const circle: Record<string, unknown> = { id: 'x' };
    circle['self'] = circle;
    const wrong: readonly [unknown, RegExp][] = [
      [circle, /JSON data/],
      [{ id: 'x', n: 1n }, /JSON data/],
      [{ id: 'x', note: 'x'.repeat(200) }, /2\d\d bytes, `maxBodyBytes` is 200/],
    ];
    const order = (id: string, fails: boolean) =>
      inTransaction(pool, async tx => {
        await tx.query('INSERT INTO orders VALUES ($1)', [id]);
        for (const [data, words] of wrong) {
          const publish = outbox.publish(tx, { topic: placed, data });
          await expect(publish).rejects.toMatchObject({
            code: 'ERR_OUTBOX_MESSAGE',
            message: expect.stringMatching(words),
          });
        }
        await expect(outbox.publish(tx, { topic: 'orders' as never, data: 1 })).rejects.toThrow(
          '`topic` must be',
        );
        await outbox.publish(tx, { topic: placed, data: { id } });
        if (fails) throw new Error('no funds');
      });
    await expect(order('o-9', true)).rejects.toThrow('no funds');
    await order('o-1', false);
    await until(() => through.length > 0);
    expect(through).toEqual(['o-1']);
    expect((await pool.query('SELECT id FROM orders')).rows).toEqual([{ id: 'o-1' }]);
  });

  it('keeps all while the bus is down, uses up no try, and goes on in order by itself', async () => {
    const through: string[] = [];
    let isUp = false;
    const publish = async (_: unknown, data: unknown) => {
      if (!isUp) throw Object.assign(new Error('nobody there'), { code: 'ECONNREFUSED' });
      through.push(Object(data).id);
    };
    const { outbox, place, relay } = await scene({ bus: { publish }, attempts: 1 });
    const ids = Array.from({ length: 30 }, (_, n) => `o-${n % 3}`);
    for (const id of ids) await place(id);
    await until(() => relay.snapshot().paused && relay.snapshot().failed > 5);
    expect(await outbox.lag()).toMatchObject({ messages: 30, parked: 0 });
    isUp = true;
    await until(async () => (await outbox.lag()).messages === 0);
    expect(through.sort()).toEqual(ids.sort());
  });

  it('parks the key of a topic that the bus will not have, and no other', async () => {
    const taken: unknown[] = [];
    const publish = async ({ name }: { readonly name: string }, data: unknown) => {
      if (name !== placed.name)
        throw new PublishError('no such topic', { maybeStored: false, retryable: false });
      taken.push(data);
    };
    const { outbox } = await scene({ bus: { publish } });
    const nowhere = topic<number>('no.such.topic', { key: () => 'k-1' });
    await inTransaction(pool, tx => outbox.publish(tx, { topic: nowhere, data: 1 }));
    await inTransaction(pool, tx => outbox.publish(tx, { topic: placed, data: { id: 'o-1' } }));
    await until(async () => taken.length > 0 && (await outbox.parked()).length > 0);
    expect(await outbox.parked()).toMatchObject([{ key: 'k-1', reason: 'refused', topic: 'no.such.topic' }]);
    expect((await outbox.discard('k-1', 'a mistake'))?.topic).toBe('no.such.topic');
    expect(await outbox.lag()).toMatchObject({ messages: 0 });
  });

  it('does not mind a clock that steps', async () => {
    let step = 0;
    const clock = { ...systemClock, wall: () => Date.now() + step };
    const { place, through, relay, interrupted } = await scene({ clock, leaseMs: 3_000, marginMs: 1_000 });
    for (const [n, by] of [0, 86_400_000, -86_400_000].entries()) {
      step = by;
      await place(`o-${n}`);
      await until(() => through.length === n + 1);
    }
    expect([relay.snapshot().lost, interrupted]).toEqual([0, []]);
  });

  it('says so when all connections are taken, and goes on when they are back', async () => {
    const small = poolOf({ ...server.config, max: 2 });
    onTestFinished(() => small.end());
    const { place, through, interrupted } = await scene({ client: small });
    const held = await Promise.all([small.connect(), small.connect()]);
    await place('o-1');
    await until(() => interrupted.length > 1);
    expect([interrupted[0], through]).toEqual(['StatementTimeout: no answer within 300 ms', []]);
    for (const each of held) each.release();
    await until(() => through.length > 0);
    await sleep(200);
    expect(through).toEqual(['o-1']);
  });

  it('says so when the server only lets it read, and goes on when it may write', async () => {
    const { place, through, interrupted, outbox } = await scene({ leaseMs: 900, marginMs: 100 });
    await place('o-1');
    await until(() => through.length === 1);
    const mode = async (mode: 'on' | 'off') => {
      await pool.query(`ALTER SYSTEM SET default_transaction_read_only = ${mode}`);
      await pool.query('SELECT pg_reload_conf()');
      await until(
        async () => (await pool.query('SHOW transaction_read_only')).rows[0].transaction_read_only === mode,
      );
    };
    await mode('on');
    await expect(place('o-2')).rejects.toMatchObject({ code: '25006' });
    await until(() => interrupted.some(words => words.includes('read-only transaction')));
    await mode('off');
    await place('o-3');
    // It is published before it is taken off.
    await until(async () => (await outbox.lag()).messages === 0);
    expect(through).toEqual(['o-1', 'o-3']);
  });
});
