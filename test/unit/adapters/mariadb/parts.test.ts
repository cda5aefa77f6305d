import { describe, expect, it } from 'vitest';
import { MariadbBarrierStore } from '../../../../src/adapters/mariadb/barrier.js';
import { mariadbDatabase } from '../../../../src/adapters/mariadb/database-driver.js';
import { partsOf } from '../../../../src/adapters/mariadb/outbox-insert.js';
import { MariadbOutboxStore } from '../../../../src/adapters/mariadb/outbox-store.js';
import { means } from '../../../../src/adapters/mariadb/ownership-grants.js';
import type { MariadbServiceStore } from '../../../../src/adapters/mariadb/provision-place.js';
import { patternOf } from '../../../../src/adapters/mariadb/provision-statements.js';
import type { NewOutboxMessage } from '../../../../src/data/outbox-store.js';
import { lintSql } from '../../../../src/data/ownership-lint.js';

const client = { query: async () => [[], []], getConnection: async () => ({}) } as never;

describe('a pattern of a grant', () => {
  it.each([
    ['orders', 'orders', true],
    ['order_', 'orders', true],
    ['ord%', 'orders', true],
    ['%', 'orders', true],
    ['orders\\_eu', 'orders_eu', true],
    ['orders\\_eu', 'ordersXeu', false],
    ['orders_eu', 'ordersXeu', true],
    ['order', 'orders', false],
    ['o.ders', 'orders', false],
  ])('%s and the database %s: %s', (pattern, database, is) => expect(means(pattern, database)).toBe(is));

  it('means the database that it is made of, and no other', () => {
    expect(patternOf('orders_eu')).toBe('orders\\_eu');
    expect(means(patternOf('a_b'), 'a_b')).toBe(true);
    expect(means(patternOf('a_b'), 'axb')).toBe(false);
  });
});

describe('the SQL of a MariaDB', () => {
  const statements = (sql: string) => lintSql(sql, [], 'mariadb').statements.map(one => one.sql);

  it('is taken apart at what ends a statement, and nowhere else', () => {
    expect(
      statements("INSERT INTO t VALUES ('a;\\'b', \"c;d\"); # e;f\nSELECT 1; -- g;h\n/* i;j */ SELECT 2;"),
    ).toEqual(["INSERT INTO t VALUES ('a;\\'b', \"c;d\")", 'SELECT 1', 'SELECT 2']);
    const body =
      'CREATE PROCEDURE p() BEGIN IF 1 THEN SELECT 1; END IF; CASE 1 WHEN 1 THEN SELECT 2; END CASE; END';
    expect(statements(`${body}; SELECT 3`)).toEqual([body, 'SELECT 3']);
    expect(statements(' ; ;; ')).toEqual([]);
  });

  it('names tables of others, in quotes of its own', () => {
    const { foreign } = lintSql(
      'select 1 from (`a`.`t` join `b`.`u` on `a`.`t`.`x` = `b`.`u`.`x`)',
      ['a'],
      'mariadb',
    );
    expect(foreign.map(({ object }) => object)).toEqual(['b.u']);
    expect(lintSql('SELECT "FROM b.u"', ['a'], 'mariadb').foreign).toEqual([]);
  });
});

describe('the place of a service in a MariaDB', () => {
  it.each([
    [{ service: 'Orders' }, '`service` must be a name of a-z 0-9 _'],
    [{ service: 'mysql' }, '`service` must be a name'],
    [{ client: {} }, '`client` must be a Pool of mysql2/promise'],
    [{ userPrefix: '' }, '`userPrefix` must be a name'],
    [{ host: "x'; DROP" }, '`host` must be a host, or a pattern'],
    [{ connections: { app: 0.5 } }, '`connections.app` must be an integer >= 1'],
    [{ connections: 7 }, '`connections` must be an object'],
    [{ lockTimeoutMs: 0 }, '`lockTimeoutMs` must be an integer >= 1'],
    [{ trust: [''] }, '`trust` must be an array of names'],
    [{ schema: 'x' }, 'unknown option `schema`'],
  ])('refuses options by name: %o', (more, message) => {
    expect(() => mariadbDatabase({ service: 'orders', client, ...(more as object) })).toThrow(message);
  });

  it('is planned with names that mean no other, and with nobody let in', () => {
    const { text, statements } = mariadbDatabase({ service: 'orders_eu', client, host: '10.%' }).plan();
    expect(text).toContain('ON `orders\\_eu`.* TO');
    expect(text).not.toMatch(/ON `orders_eu/);
    const accounts = statements.filter(({ sql }) => sql.startsWith('CREATE USER'));
    expect(accounts).toHaveLength(3);
    for (const { sql } of accounts) expect(sql).toMatch(/'@'10\.%' IDENTIFIED .* USING 'invalid'$/);
  });
});

describe('the options of what a MariaDB keeps', () => {
  it.each([
    [{}, '`client` must be a Pool of mysql2/promise'],
    [{ client, database: 'Orders' }, '`database` must be a name of a-z 0-9 _'],
    [{ client, topology: 'make' }, '`topology` must be'],
    [{ client, statementTimeoutMs: 0 }, '`statementTimeoutMs` must be'],
    [{ client, notifications: 1 }, 'unknown option `notifications`'],
  ])('are refused by name: %j', (options, says) => {
    expect(() => new MariadbOutboxStore(options as never)).toThrow(says);
    expect(() => new MariadbBarrierStore(options as never)).toThrow(says);
  });

  it.each([['outbox'], [['sagas']], [['outbox', 'outbox']]])('know no stores %j', stores => {
    const make = () => mariadbDatabase({ service: 'orders', client, stores: stores as never });
    expect(make).toThrow('`stores` must be an array of outbox, inbox, each once');
  });

  it('make an account for a relay where there is an outbox, and none elsewhere', () => {
    const plan = (stores: readonly MariadbServiceStore[]) =>
      mariadbDatabase({ service: 'orders', client, stores }).plan().text;
    expect(plan(['outbox'])).toContain("'orders_relay'@'%'");
    expect(plan(['outbox'])).toContain("GRANT INSERT ON `orders_keelson`.`outbox` TO 'orders_app'@'%'");
    expect(plan(['inbox'])).not.toContain('orders_relay');
    expect(plan([])).not.toContain('CREATE TABLE');
  });
});

describe('many messages', () => {
  const message = (id: string, body = '{}'): NewOutboxMessage => ({
    ...{ id, bucket: 1, key: id, ordered: true, topic: 't', version: 1, body, facts: '{}' },
  });
  const sizes = (messages: readonly NewOutboxMessage[]) => partsOf(messages).map(part => part.length);

  it('go in statements that are none too large, in their order', () => {
    const many = Array.from({ length: 1_200 }, (_, n) => message(`m${n}`));
    expect(sizes(many)).toEqual([500, 500, 200]);
    expect(partsOf(many).flat()).toEqual(many);
    const large = 'x'.repeat(400_000);
    expect(sizes(['a', 'b', 'c'].map(id => message(id, large)))).toEqual([2, 1]);
    expect(sizes(['a', 'b'].map(id => message(id, 'x'.repeat(2_000_000))))).toEqual([1, 1]);
    expect(sizes([])).toEqual([]);
  });
});
