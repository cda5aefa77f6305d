import { once } from 'node:events';
import type { PGlite } from '@electric-sql/pglite';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { freshPglite } from '../fixtures/pglite.js';

// The shop is plain JavaScript, which the tests know no types of.
const { lend } = await import(/* @vite-ignore */ `../../examples/shop/${'wire'}.mjs`);

describe('a PGlite that is lent to other processes', () => {
  let db: PGlite;
  let pool: pg.Pool;

  beforeAll(async () => {
    db = await freshPglite();
    const port: number = await lend(db);
    pool = new pg.Pool({ host: '127.0.0.1', port, user: 'postgres', database: 'postgres', max: 8 });
    pool.on('error', () => {});
    await pool.query('CREATE TABLE note (client int, says int)');
  });

  afterAll(async () => {
    await pool.end();
    await db.close();
  });

  it('gives each client its own answers, whoever asks at the same time', async () => {
    const ask = async (client: number) => {
      for (let n = 0; n < 25; n++) {
        const text = String(client).repeat(n * 500);
        const { rows } = await pool.query('SELECT $1::int AS n, $2::text AS text', [n, text]);
        expect(rows).toEqual([{ n, text }]);
        await expect(pool.query('SELECT 1 / $1::int', [0])).rejects.toMatchObject({ code: '22012' });
      }
    };
    await Promise.all([1, 2, 3, 4, 5, 6, 7, 8].map(ask));
  });

  it('keeps transactions apart', async () => {
    const work = async (client: number) => {
      const own = await pool.connect();
      await own.query('BEGIN');
      for (let says = 0; says < 4; says++)
        await own.query('INSERT INTO note VALUES ($1, $2)', [client, says]);
      await own.query(client % 2 === 0 ? 'COMMIT' : 'ROLLBACK');
      own.release();
    };
    await Promise.all([1, 2, 3, 4, 5, 6].map(work));
    const { rows } = await pool.query(
      'SELECT client, count(*)::int AS notes FROM note GROUP BY 1 ORDER BY 1',
    );
    expect(rows).toEqual([2, 4, 6].map(client => ({ client, notes: 4 })));
  });

  it('takes back what a client had not committed that is gone', async () => {
    const { port } = pool.options;
    const own = new pg.Client({ host: '127.0.0.1', port: port!, user: 'postgres', database: 'postgres' });
    own.on('error', () => {});
    await own.connect();
    await own.query('BEGIN');
    await own.query('DELETE FROM note');
    const other = pool.query('SELECT count(*)::int AS notes FROM note');
    const { stream } = own.connection as unknown as { stream: import('node:net').Socket };
    stream.destroy();
    await once(stream, 'close');
    expect((await other).rows).toEqual([{ notes: 12 }]);
  });
});
