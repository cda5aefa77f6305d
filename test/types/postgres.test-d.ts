import type { PGlite, Transaction } from '@electric-sql/pglite';
import type { Client, Pool, PoolClient } from 'pg';
import { describe, it } from 'vitest';
import { postgresBus } from '../../src/adapters/postgres/bus.js';
import { InMemoryBus } from '../../src/messaging/in-memory-bus.js';
import type { MessageBus } from '../../src/messaging/message-bus.js';
import { topic } from '../../src/messaging/topic.js';

declare const pool: Pool;
declare const single: Client;
declare const embedded: PGlite;
declare const lent: PoolClient;
declare const within: Transaction;
declare const any: MessageBus;
const placed = topic<{ n: number }>('orders.placed');

describe('the types of a bus over PostgreSQL', () => {
  it('take what `pg` and PGlite make, without a cast', () => {
    postgresBus({ client: pool, notifications: pool });
    postgresBus({ client: single });
    postgresBus({ client: embedded, notifications: embedded });
    // @ts-expect-error: a single client lends no connection to listen on
    postgresBus({ client: single, notifications: single });
    // @ts-expect-error: it runs no SQL
    postgresBus({ client: {} });
  });

  it('let a message be part of a transaction, and only of theirs', () => {
    const bus = postgresBus({ client: pool });
    void bus.publish(placed, { n: 1 }, { transaction: lent, delayMs: 1, ttlMs: 2, priority: 3, id: 'a' });
    void bus.publish(placed, { n: 1 }, { transaction: within });
    void bus.publishAll(placed, [{ n: 1 }], { transaction: lent });
    // @ts-expect-error: that runs no SQL
    void bus.publish(placed, { n: 1 }, { transaction: {} });
    // @ts-expect-error: memory has no transactions
    void new InMemoryBus().publish(placed, { n: 1 }, { transaction: lent });
    // @ts-expect-error: of any bus nobody knows
    void any.publish(placed, { n: 1 }, { transaction: lent });
  });
});
