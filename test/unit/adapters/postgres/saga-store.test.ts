import { inspect } from 'node:util';
import { describe, expect, it } from 'vitest';
import type { PostgresClient } from '../../../../src/adapters/postgres/client.js';
import { sagaStoreDefaults } from '../../../../src/adapters/postgres/saga-options.js';
import { toIndex } from '../../../../src/adapters/postgres/saga-rows.js';
import { postgresSagaStore } from '../../../../src/adapters/postgres/saga-store.js';
import { pageCells } from '../../../fixtures/adapter-page.js';

const client: PostgresClient = { query: async () => ({ rows: [] }) };

describe('a store of sagas over PostgreSQL', () => {
  it('has the options and the defaults of its page', () => {
    const texts = Object.entries(sagaStoreDefaults).map(([name, value]) => [name, inspect(value)]);
    const rest = { client: 'required', notifications: '—', clock: 'systemClock' };
    const tables = { saga: 0, saga_event: 0, saga_signal: 0, saga_lock: 0 };
    const cells = Object.entries(pageCells('postgres', 'Sagas', 3));
    const options = cells.filter(([name]) => !(name in tables));
    expect(Object.fromEntries(options)).toEqual({ ...Object.fromEntries(texts), ...rest });
  });

  it.each([
    [{ client: {} }, /`client` must be what has a `query\(text, params\)`/],
    [{ schema: 'a-b' }, /`schema` must be a name of a-z 0-9 _/],
    [{ topology: 'make' }, /`topology` must be 'ensure' or 'check' or 'none', got "make"/],
    [{ notifications: {} }, /`notifications` must be a Pool or what has/],
    [{ history: 1 }, /`history` must be true or false, got 1/],
    [{ maxHistory: 0 }, /`maxHistory` must be an integer >= 1 .* got 0/],
    [{ statementTimeoutMs: 0 }, /`statementTimeoutMs` must be a number >= 1/],
    [{ leaseMs: 1 }, /unknown option `leaseMs`/],
  ])('refuses %j', (wrong, message) => {
    const make = () => postgresSagaStore({ client, ...wrong } as never);
    expect(make).toThrow(message);
    expect(make).toThrow(/^postgresSagaStore: /);
  });

  it('finds long texts by their hash, and takes no short one for it', () => {
    const long = toIndex('k'.repeat(301));
    expect(long).toMatch(/^sha256:[0-9a-f]{64}$/);
    expect([toIndex('k'.repeat(300)), toIndex('')]).toEqual(['k'.repeat(300), '']);
    expect(toIndex(long)).not.toBe(long);
    expect(toIndex(`${'k'.repeat(301)}l`)).not.toBe(long);
  });

  it('asks nothing where there is nothing to ask', async () => {
    const never = postgresSagaStore({
      client: { query: () => Promise.reject(new Error('it was asked')) },
      topology: 'none',
    });
    await never.open();
    const kind = { definition: 'a', version: 1, hash: 'h' };
    expect(await never.claim('me', [], 10, 1)).toEqual([]);
    expect(await never.claim('me', [kind], 0, 1)).toEqual([]);
    expect(await never.renew([], 1)).toEqual([]);
    expect(await never.list({ status: "a'b" as never, limit: 1 })).toEqual([]);
    const told = { code: 'ERR_SAGA_STORE', maybeDone: true, retryable: true };
    await expect(never.claim('me', [kind], 1, 1)).rejects.toMatchObject(told);
  });

  it('tells listeners in this process where the client cannot listen', async () => {
    const store = postgresSagaStore({ client });
    let heard = 0;
    const off = store.onWake!(() => heard++);
    await store.wake('a');
    off();
    await store.wake('a');
    expect(heard).toBe(1);
  });
});
