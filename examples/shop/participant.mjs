/**
 * A service that takes part in orders. Each thing that it does is a row of its own, and so is seen when it
 * is done twice. Behind the barrier it does once what a saga asks for, however often and late it is asked.
 */
import { ParticipantBarrier } from 'keelson/saga';
import { openDatabase } from './database.mjs';
import { serve, told } from './service.mjs';

/** An order without a number is nobody's: it is never refused. */
const numberOf = order => Number(order.split('-').at(-1));

/** What it does and undoes, in the transaction of the barrier. */
function effects(table, refuses) {
  return {
    async forward(tx, order, amount) {
      const refused = refuses(numberOf(order));
      // Returned, not thrown: whoever asks again gets the same refusal.
      if (refused) return { refused };
      const insert = `INSERT INTO ${table} (order_id, amount) VALUES ($1, $2) RETURNING id`;
      const { rows } = await tx.query(insert, [order, amount]);
      return { row: rows[0].id };
    },
    /** With the row that is known, that one; without, whatever stands for the order. */
    async compensate(tx, order, row) {
      const which = row === undefined ? 'order_id = $1' : 'order_id = $1 AND id = $2';
      const params = row === undefined ? [order] : [order, row];
      await tx.query(`UPDATE ${table} SET undone = true WHERE ${which}`, params);
      return {};
    },
  };
}

/** What a saga is answered, by what the barrier says. @param {any} answer */
function answerOf({ outcome, result }) {
  if (outcome === 'stale') return { status: 409, body: { why: 'overtaken' } };
  if (outcome === 'refused') return { status: 410, body: { why: 'undone before' } };
  if (result?.refused !== undefined) return { status: 422, body: { why: result.refused } };
  return { body: result };
}

/**
 * @param {{ service: string, table: string, refuses: (order: number) => string | undefined,
 *   read?: (db: any, segments: string[]) => Promise<any> }} options
 */
export async function participant({ service, table, refuses, read = async () => ({}) }) {
  const db = await openDatabase(told);
  await db.query(`CREATE TABLE IF NOT EXISTS ${table} (
    id serial PRIMARY KEY, order_id text NOT NULL, amount int NOT NULL,
    undone boolean NOT NULL DEFAULT false)`);
  const store = db.barriers();
  await store.connect();
  const barrier = new ParticipantBarrier({ store });
  const effect = effects(table, refuses);
  const counts = { repeats: 0 };

  /** Behind the barrier: the key says whose step it is, and which way. */
  async function guarded({ key, epoch, order, amount }) {
    const [, step, direction] = /** @type {[string, string, any]} */ (key.split(':'));
    const answer = await db.transaction(tx =>
      barrier.run(tx.own, { saga: order, step, direction, epoch }, call =>
        call.direction === 'forward'
          ? effect.forward(tx, order, amount)
          : effect.compensate(tx, order, /** @type {any} */ (call.forwardResult)?.row),
      ),
    );
    if (answer.outcome === 'duplicate') counts.repeats++;
    return answer;
  }

  /** Without it: what is asked is done. */
  const plain = ({ method, order, amount }) =>
    db.transaction(async tx => {
      const direction = method === 'PUT' ? 'forward' : 'compensate';
      const result =
        direction === 'forward'
          ? await effect.forward(tx, order, amount)
          : await effect.compensate(tx, order, undefined);
      return { outcome: 'done', result };
    });

  await serve(
    service,
    async ({ method, headers, segments, query }) => {
      if (method === 'GET') return { body: await read(db, segments) };
      const key = headers['idempotency-key'];
      const asked = { method, key, order: segments[1], amount: Number(query.amount) };
      const guards = key !== undefined && told.off !== 'barrier';
      return answerOf(
        await (guards ? guarded({ ...asked, epoch: Number(headers['saga-epoch']) }) : plain(asked)),
      );
    },
    {
      async ledger() {
        const { rows } = await db.query(`SELECT order_id, amount, undone FROM ${table} ORDER BY id`);
        return { rows: rows.map(({ order_id, ...row }) => ({ order: order_id, ...row })), ...counts };
      },
    },
  );
}
