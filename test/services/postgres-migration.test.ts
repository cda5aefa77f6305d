import { afterAll, beforeEach, describe, expect, it } from 'vitest';
import { Database } from '../../src/adapters/postgres/database.js';
import { type Component, migrate } from '../../src/adapters/postgres/migration.js';
import { systemClock } from '../../src/kernel/clock.js';
import { poolOf, serverIsThere } from './postgres-server.js';

const there = await serverIsThere();
const first = (s: string) => `CREATE TABLE ${s}.things (id int);`;
const second = (s: string) => `ALTER TABLE ${s}.things ADD COLUMN name text;`;
const changed = (s: string) => `CREATE TABLE ${s}.things (id bigint);`;
const of = (...steps: Component['steps']): Component => ({ name: 'things', steps });

describe.skipIf(!there)('the tables of a component', () => {
  const pool = poolOf();
  let schema: string;
  let db: Database;
  let at = 0;
  beforeEach(async () => {
    await pool.query(`DROP SCHEMA IF EXISTS ${schema} CASCADE`);
    schema = `migration_${process.pid}_${++at}`;
    db = new Database(pool, schema, systemClock, 10_000);
  });
  afterAll(async () => {
    await pool.query(`DROP SCHEMA IF EXISTS ${schema} CASCADE`);
    await pool.end();
  });
  const standing = async () =>
    (await pool.query(`SELECT version, checksums FROM ${schema}.component`)).rows[0] as {
      version: number;
      checksums: string[];
    };
  const failure = (migration: Promise<void>) =>
    migration.then(
      () => 'no error',
      (error: Error) => error.message,
    );

  it('are made step by step, each known by a checksum that is the same in every schema', async () => {
    await migrate(db, of(first), 'ensure');
    const one = await standing();
    expect(one).toEqual({ version: 1, checksums: [expect.stringMatching(/^[0-9a-f]{64}$/)] });
    await migrate(db, of(first, second), 'ensure');
    const two = await standing();
    expect(two).toEqual({ version: 2, checksums: [one.checksums[0], expect.any(String)] });
    const other = `${schema}_other`;
    await migrate(new Database(pool, other, systemClock, 10_000), of(first, second), 'ensure');
    const { rows } = await pool.query(`SELECT checksums FROM ${other}.component`);
    expect(rows[0].checksums).toEqual(two.checksums);
    await pool.query(`DROP SCHEMA ${other} CASCADE`);
  });

  it.each(['ensure', 'check'] as const)('are refused by %s when a step has other words', async topology => {
    await migrate(db, of(first, second), 'ensure');
    const why = `step 1 of things was applied to the schema ${schema} in other words than this program has`;
    expect(await failure(migrate(db, of(changed, second), topology))).toContain(why);
    expect(await failure(migrate(db, of(changed), topology))).toContain(why);
    expect(await failure(migrate(db, of(first, changed, second), topology))).toContain('step 2 of things');
    await migrate(db, of(first, second), topology);
  });

  it('are trusted where it says so', async () => {
    await migrate(db, of(first), 'ensure');
    await migrate(db, of(changed), 'none');
  });

  it('may be newer than the program, whose own steps are looked at', async () => {
    await migrate(db, of(first, second), 'ensure');
    await migrate(db, of(first), 'check');
    expect(await failure(migrate(db, of(changed), 'check'))).toContain('step 1 of things');
  });

  it('without checksums get them at the first run', async () => {
    await migrate(db, of(first, second), 'ensure');
    const { checksums } = await standing();
    await pool.query(`ALTER TABLE ${schema}.component DROP COLUMN checksums`);
    // Whoever may only look has nothing to compare.
    await migrate(db, of(first, second), 'check');
    await migrate(db, of(first, second), 'ensure');
    expect(await standing()).toEqual({ version: 2, checksums });
    expect(await failure(migrate(db, of(changed, second), 'check'))).toContain('step 1 of things');
  });

  it('get those of the steps before with those of the next', async () => {
    await migrate(db, of(first), 'ensure');
    await pool.query(`ALTER TABLE ${schema}.component DROP COLUMN checksums`);
    await migrate(db, of(first, second), 'ensure');
    expect((await standing()).checksums).toHaveLength(2);
  });

  it('need no checksums of a role that may not write them', async () => {
    await migrate(db, of(first), 'ensure');
    await pool.query(`ALTER TABLE ${schema}.component DROP COLUMN checksums`);
    const role = `${schema}_app`;
    await pool.query(`CREATE ROLE ${role}`);
    await pool.query(`GRANT USAGE ON SCHEMA ${schema} TO ${role}`);
    await pool.query(`GRANT SELECT ON ALL TABLES IN SCHEMA ${schema} TO ${role}`);
    const client = await pool.connect();
    await client.query(`SET ROLE ${role}`);
    const poor = new Database(client, schema, systemClock, 10_000);
    await migrate(poor, of(first), 'ensure');
    expect(await failure(migrate(poor, of(first, second), 'ensure'))).toMatch(
      /permission denied|must be owner/,
    );
    await client.query('RESET ROLE');
    client.release();
    await pool.query(`DROP OWNED BY ${role}`);
    await pool.query(`DROP ROLE ${role}`);
  });

  it('are made once by many who come at once, and whoever has other steps is refused', async () => {
    for (let round = 0; round < 12; round++) {
      const own = `${schema}_${round}`;
      const come = (step: Component['steps'][number]) =>
        failure(migrate(new Database(pool, own, systemClock, 10_000), of(step), 'ensure'));
      const outcomes = await Promise.all(
        [first, first, changed, first, first, first, first, first].map(come),
      );
      const { rows } = await pool.query(`SELECT checksums FROM ${own}.component`);
      expect(rows[0].checksums).toHaveLength(1);
      const refused = outcomes.filter(outcome => outcome !== 'no error');
      expect(refused.length === 1 || refused.length === 7, outcomes.join()).toBe(true);
      for (const outcome of refused) expect(outcome).toContain('step 1 of things');
      await pool.query(`DROP SCHEMA ${own} CASCADE`);
    }
  });
});
