import { describe, expect, it } from 'vitest';
import { lintSql, lintStatements } from '../../../src/data/ownership-lint.js';

const found = (sql: string, schemas: readonly string[] = ['orders']) =>
  lintSql(sql, schemas).foreign.map(({ object, line, after }) => `${object}:${line} ${after}`);

describe('lintSql', () => {
  it.each([
    ['SELECT * FROM billing.invoice', ['billing.invoice:1 FROM']],
    ['select * from orders.a, billing.b x, crm.c', ['billing.b:1 FROM', 'crm.c:1 FROM']],
    ['SELECT *\nFROM thing t\nLEFT JOIN billing.invoice i ON i.id = t.id', ['billing.invoice:3 JOIN']],
    ['SELECT * FROM "Billing"."In""voice"', ['Billing.In"voice:1 FROM']],
    ['SELECT * FROM `billing`.`invoice`', ['billing.invoice:1 FROM']],
    ['SELECT * FROM BILLING . Invoice', ['billing.invoice:1 FROM']],
    ['INSERT INTO billing.invoice SELECT 1', ['billing.invoice:1 INTO']],
    ['UPDATE billing.invoice SET a = 1', ['billing.invoice:1 UPDATE']],
    ['DELETE FROM thing USING billing.invoice i WHERE i.id = 1', ['billing.invoice:1 USING']],
    ['CREATE TABLE a (b int REFERENCES billing.invoice (id))', ['billing.invoice:1 REFERENCES']],
    ['ALTER TABLE IF EXISTS ONLY billing.invoice ADD x int', ['billing.invoice:1 ONLY']],
    ['CREATE INDEX i ON billing.invoice (id)', ['billing.invoice:1 ON']],
    ['CREATE VIEW billing.v AS SELECT 1', ['billing.v:1 VIEW']],
    ['CREATE VIEW v AS SELECT * FROM thing JOIN billing.invoice USING (id)', ['billing.invoice:1 JOIN']],
    ['CREATE TABLE c () INHERITS (billing.invoice)', ['billing.invoice:1 INHERITS']],
    ['TRUNCATE billing.invoice', ['billing.invoice:1 TRUNCATE']],
    ['COPY billing.invoice TO STDOUT', ['billing.invoice:1 COPY']],
    ['SELECT (SELECT max(id) FROM billing.invoice) FROM thing', ['billing.invoice:1 FROM']],
    [
      'CREATE FUNCTION f() RETURNS int LANGUAGE sql AS $f$\n SELECT id FROM billing.invoice $f$',
      ['billing.invoice:2 FROM'],
    ],
    [
      'WITH x AS (SELECT * FROM billing.a) SELECT * FROM x, billing.b',
      ['billing.a:1 FROM', 'billing.b:1 FROM'],
    ],
  ])('finds the tables of others in %s', (sql, wanted) => expect(found(sql)).toEqual(wanted));

  it.each([
    'SELECT o.id, i.total FROM orders.thing o JOIN thing i ON i.id = o.id AND (o.a = i.b)',
    "SELECT 'FROM billing.invoice'",
    "SELECT E'it\\'s FROM billing.invoice'",
    'SELECT 1 -- FROM billing.invoice',
    '/* FROM billing.invoice */ SELECT 1',
    'SELECT * FROM thing WHERE thing.id IN (thing.a, thing.b)',
    'SELECT * FROM thing ORDER BY thing.a, thing.b',
    'SELECT * FROM pg_catalog.pg_class, information_schema.tables',
    'UPDATE thing SET a = t.b, c = t.d FROM orders.t WHERE t.id = thing.id',
    'INSERT INTO thing VALUES (1) ON CONFLICT (id) DO UPDATE SET a = excluded.a',
    'SELECT 1.5 FROM thing',
    'SELECT extract(epoch FROM thing.at) FROM thing',
    '',
  ])('finds nothing in %s', sql => {
    if (sql.includes('extract')) return expect(found(sql, ['orders', 'thing'])).toEqual([]);
    return expect(found(sql)).toEqual([]);
  });

  it('tells of statements where they begin, with bodies as a part of them', () => {
    const { statements } = lintSql(
      'CREATE TABLE a (id int);\n\nDO $$ BEGIN COMMIT; END $$;\n' +
        'CREATE FUNCTION f() RETURNS int BEGIN ATOMIC SELECT 1; END;\ncommit',
      [],
    );
    expect(statements.map(({ text, line }) => `${line} ${text.split(' ').slice(0, 2).join(' ')}`)).toEqual([
      ...['1 CREATE TABLE', '3 DO', '4 CREATE FUNCTION', '5 COMMIT'],
    ]);
  });

  it('refuses what is no text and no list', () => {
    expect(() => lintSql(7 as never, [])).toThrow('lintSql: `sql` must be a text, got 7');
    expect(() => lintSql('', 'orders' as never)).toThrow('lintSql: `schemas` must be an array of names');
  });
});

describe('lintStatements', () => {
  it('names the statement, the line and the table', () => {
    const statements = { open: 'SELECT 1 FROM thing', far: 'SELECT 1\nFROM crm.person' };
    expect(lintStatements(statements, { schemas: ['orders'] })).toEqual([
      'far:2 names crm.person after FROM',
    ]);
    expect(() => lintStatements({}, { schema: [] } as never)).toThrow('unknown option `schema`');
  });
});
