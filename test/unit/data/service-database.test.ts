import { describe, expect, it } from 'vitest';
import type { AppliedMigration, Migration } from '../../../src/data/migration.js';
import type { OwnershipFinding } from '../../../src/data/ownership.js';
import { ServiceDatabase, type ServiceDatabaseOptions } from '../../../src/data/service-database.js';
import type { DatabaseDriver } from '../../../src/data/service-database-driver.js';
import { Bulkhead } from '../../../src/resilience/bulkhead.js';

type Driver = DatabaseDriver<string, { readonly log: string[] }>;

/** A driver that does as it is told. */
function driverOf(more: Partial<Driver> = {}): Driver {
  return {
    product: 'memory',
    dialect: 'postgres',
    service: 'orders',
    schemas: ['orders'],
    plan: () => ({ service: 'orders', statements: [], text: '' }),
    provision: async () => {},
    inspect: async () => [],
    migrate: async () => ({ applied: [], pending: [], newer: [] }),
    footprint: async () => ({ applied: [], known: [] }),
    transaction: async work => work({ log: [] }),
    describe: () => ({ product: 'memory' }),
    ...more,
  };
}

const finding = (object: string): OwnershipFinding => ({
  ...{ kind: 'table-grant', object, role: 'PUBLIC', says: 'PUBLIC may SELECT it', mend: `REVOKE ${object}` },
});
const sum = (id: string, checksum = id): AppliedMigration => ({ id, checksum });
const made = (more: Partial<ServiceDatabaseOptions<string, { readonly log: string[] }>> = {}) =>
  new ServiceDatabase({ driver: driverOf(), ...more });

describe('the options of a service database', () => {
  it.each([
    [{ driver: {} }, '`driver` must be a DatabaseDriver with plan'],
    [{ policy: {} }, '`policy` must be a policy'],
    [{ outbox: {} }, '`outbox` must be an Outbox'],
    [{ inbox: {} }, '`inbox` must be an Inbox'],
    [{ maxFindings: 0 }, '`maxFindings` must be an integer >= 1 and'],
    [{ migrations: {} }, '`migrations` must be an array of { id, sql }'],
    [{ migrations: [7] }, '`migrations.0` must be an object with `id` and `sql`'],
    [{ migrations: [{ id: '', sql: 'x' }] }, '`migrations.0.id` must be a text of 1 to 100'],
    [{ migrations: [{ id: 'a', sql: ' ' }] }, '`migrations.0.sql` must be SQL, and not none'],
    [{ migrations: [{ id: 'a', sql: 'x', up: 1 }] }, 'unknown option `up`'],
    [
      {
        migrations: [
          { id: 'a', sql: 'x' },
          { id: 'a', sql: 'y' },
        ],
      },
      '`migrations.1.id` must be one that no other has',
    ],
    [{ shards: 2 }, 'unknown option `shards`'],
  ])('are refused by name: %o', (options, message) => {
    const says = message.replace(/ and$/, '');
    expect(() => made(options as never)).toThrow(says);
  });

  it.each<[Migration, string]>([
    [
      { id: 'a', sql: 'SELECT 1;\nSELECT * FROM billing.x' },
      'line 2 names billing.x, which is not of this service',
    ],
    [{ id: 'a', sql: 'SELECT 1; COMMIT' }, 'line 1 would end the transaction around it'],
    [{ id: 'a', sql: '\nstart transaction' }, 'line 2 would end the transaction around it'],
  ])('are refused for a migration that reaches too far: %o', (migration, message) => {
    expect(() => made({ migrations: [migration] })).toThrow(
      expect.objectContaining({
        code: 'ERR_MIGRATION',
        migration: 'a',
        message: `migration "a": ${message}`,
      }),
    );
  });

  it('are described, with nothing secret', () => {
    const policy = new Bulkhead({ slots: 3, name: 'orders' });
    const database = made({ policy, migrations: [{ id: 'a', sql: 'SELECT 1' }] });
    expect(database.describe()).toMatchObject({
      ...{
        kind: 'service-database',
        name: 'orders',
        service: 'orders',
        maxFindings: 1_000,
        migrations: ['a'],
      },
      ...{ policy: { kind: 'bulkhead', slots: 3 }, driver: { product: 'memory' } },
    });
    expect(made({ name: 'x' }).describe()).toMatchObject({ name: 'x', policy: null });
    expect(ServiceDatabase.defaults).toEqual({ maxFindings: 1_000 });
  });
});

describe('the ownership of a service database', () => {
  it('is an error that says what to do, and a report for who asks', async () => {
    const findings = Array.from({ length: 12 }, (_, at) => finding(`t${at}`));
    const database = made({ driver: driverOf({ inspect: async () => findings }) });
    const report = await database.inspectOwnership();
    expect(report).toEqual({ service: 'orders', findings, truncated: false });
    await expect(database.verifyOwnership()).rejects.toMatchObject({
      ...{ name: 'OwnershipError', code: 'ERR_OWNERSHIP', report },
      message: expect.stringContaining('table-grant: t0 (PUBLIC): PUBLIC may SELECT it; mend: REVOKE t0'),
    });
    const error = (await database.verifyOwnership().catch((e: Error) => e)) as Error;
    expect(error.message).toMatch(/^the data of orders is not its own:\n- .*\n- and 2 more$/s);
  });

  it('lists no more than it may, and says that there is more', async () => {
    const asked: number[] = [];
    const inspect: Driver['inspect'] = async (_, limit) => {
      asked.push(limit);
      return ['a', 'b', 'c'].slice(0, limit).map(finding);
    };
    const database = made({ driver: driverOf({ inspect }), maxFindings: 2 });
    expect(await database.inspectOwnership()).toMatchObject({ findings: [{}, {}], truncated: true });
    expect(asked).toEqual([3]);
    await expect(database.verifyOwnership()).rejects.toThrow(/\n- and more$/);
  });
});

describe('the migrations of a service database', () => {
  const at = (known: readonly AppliedMigration[], applied: readonly AppliedMigration[]) =>
    made({ driver: driverOf({ footprint: async () => ({ known, applied }) }) }).verifyMigrations();

  it('fit, may be fewer than those that were applied, and are told of when one is missing', async () => {
    expect(await at([sum('a')], [sum('a')])).toEqual({ applied: [], pending: [], newer: [] });
    expect(await at([sum('a')], [sum('a'), sum('b')])).toEqual({ applied: [], pending: [], newer: ['b'] });
    await expect(at([sum('a'), sum('b'), sum('c')], [sum('a')])).rejects.toMatchObject({
      ...{
        reason: 'pending',
        migration: 'b',
        message: 'orders: migration "b" was not applied, nor 1 after it',
      },
    });
    await expect(at([sum('a')], [])).rejects.toThrow(/was not applied$/);
  });

  it('are told apart when one was edited, and when the order is another', async () => {
    await expect(at([sum('a', '2')], [sum('a', '1')])).rejects.toMatchObject({
      reason: 'edited',
      migration: 'a',
    });
    await expect(at([sum('b'), sum('a')], [sum('a')])).rejects.toMatchObject({
      reason: 'order',
      migration: 'b',
    });
  });
});

describe('a transaction of a service database', () => {
  it('goes through its policy, with what the caller says', async () => {
    const policy = new Bulkhead({ slots: 1, queue: 0 });
    const database = made({ policy });
    let end = (): void => {};
    const first = database.transaction(() => new Promise<void>(resolve => (end = resolve)));
    await expect(database.transaction(() => 1)).rejects.toMatchObject({ code: 'ERR_BULKHEAD_FULL' });
    end();
    await first;
    expect(await database.transaction(tx => tx.remainingMs(), { timeoutMs: 60_000 })).toBeGreaterThan(0);
  });

  it('publishes and handles only by what it was made with', async () => {
    const database = made();
    await expect(database.transaction(tx => tx.outbox)).rejects.toThrow('it was made without an `outbox`');
    await expect(database.transaction(tx => tx.inbox)).rejects.toThrow('it was made without an `inbox`');
  });

  it('is refused when it is told what it does not know', async () => {
    const database = made();
    await expect(database.transaction(7 as never)).rejects.toThrow('`work` must be a function, got 7');
    const isolation = 'read uncommitted' as never;
    await expect(database.transaction(() => 1, { isolation })).rejects.toThrow('`isolation` must be');
    await expect(database.transaction(() => 1, { readOnly: 1 as never })).rejects.toThrow(
      '`readOnly` must be',
    );
    await expect(database.provision('x', { password: 'y' } as never)).rejects.toThrow(
      'unknown option `password`',
    );
    await expect(database.provision('x', { passwords: 7 as never })).rejects.toThrow('`passwords` must be');
    await expect(database.provision('x', { inside: 7 as never })).rejects.toThrow(
      '`inside` must be a function',
    );
  });

  it('gives nothing to who keeps it', async () => {
    const kept: { readonly sql: unknown }[] = [];
    await made().transaction(tx => void kept.push(tx));
    expect(() => kept[0]!.sql).toThrow('orders: the transaction is over; await all of it');
  });
});
