import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { seededRandom } from '../../src/testing/seeded-random.js';
import { until } from './eventually.js';
import { ReaderScene } from './outbox-readers.js';
import { OwnPostgres } from './own-postgres.js';
import { poolOf, serverIsThere } from './postgres-server.js';

// Where there is no server there is no program to start one of, either.
const there = await serverIsThere();
const long = process.env['COMPARE'] === 'long';

/** Resolves when it is told to. */
function gate() {
  let open = (): void => {};
  const opened = new Promise<void>(resolve => {
    open = resolve;
  });
  return { open, opened };
}

describe.skipIf(!there)('ways to read an outbox, on a server of their own', () => {
  const server = new OwnPostgres();
  beforeAll(() => server.create());
  afterAll(() => server.remove());

  it('lose and reorder what is written by producers that may do what they like, all but ours', async () => {
    const pool = poolOf({ ...server.config, max: 40 });
    const scene = new ReaderScene(pool);
    await scene.start();

    // A smaller number commits after a larger one was read.
    const late = gate();
    const slow = scene.change('k40', { late: () => late.opened });
    await until(async () => {
      const { rows } = await pool.query('SELECT last_value, is_called FROM plain_id_seq');
      return rows[0].is_called;
    });
    await scene.change('k41', {});
    await until(() => scene.byId.size === 1);
    late.open();
    await slow;

    // The number of a transaction is that of its first write, long before it comes to the key.
    const [began, early] = [gate(), gate()];
    const second = scene.change('k42', {
      early: () => {
        began.open();
        return early.opened;
      },
    });
    await began.opened;
    await scene.change('k42', {});
    early.open();
    await second;

    await scene.storm(24, long ? 400 : 6, seededRandom(3));
    const all = () => scene.committed.length;
    await until(() => scene.ours.size >= all() && scene.byHorizon.size >= all(), 60_000);

    // A transaction of another database, of which nobody here knows.
    const elsewhere = poolOf({ ...server.config, database: 'template1', max: 1 });
    const held = await elsewhere.connect();
    await held.query('BEGIN; SELECT pg_current_xact_id()');
    const readers = [scene.byId, scene.byHorizon, scene.ours];
    const before = readers.map(({ size }) => size);
    await scene.storm(24, long ? 100 : 2, seededRandom(4));
    const [had, more] = [before[2]!, all() - before[2]!];
    await until(() => scene.ours.size === had + more, 60_000);
    const meanwhile = readers.map(({ size }, at) => size - before[at]!);
    await held.query('ROLLBACK');
    held.release();
    await elsewhere.end();
    await until(() => scene.byHorizon.size === all(), 60_000);
    await scene.close();
    await pool.end();

    const books = readers.map((reader, at) => reader.booksOf(scene.committed, `${meanwhile[at]} of ${more}`));
    console.table(books);
    const [byId, byHorizon, ours] = books;
    expect(ours).toEqual({ reader: 'OutboxRelay', lost: 0, reordered: 0, meanwhile: `${more} of ${more}` });
    expect(byId!.lost).toBeGreaterThan(0);
    expect(byHorizon).toMatchObject({ lost: 0, meanwhile: `0 of ${more}` });
    expect(byHorizon!.reordered).toBeGreaterThan(0);
  });
});
