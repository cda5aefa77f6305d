// A service that sagas call, in a process of its own, with a database of its own; now and then it is slow,
// answers 500 after having done it, or never answers.
import { createServer } from 'node:http';
import { PostgresBarrierStore } from 'keelson/postgres';
import { ParticipantBarrier } from 'keelson/saga';
import pg from 'pg';

const { name, config, faults } = JSON.parse(process.argv[2]);
const pool = new pg.Pool({ ...config, max: 8 });
pool.on('error', () => {});
// One that is in use may break between two statements, when the server goes.
pool.on('connect', client => client.on('error', () => {}));
const store = new PostgresBarrierStore({ client: pool, schema: 'shop', statementTimeoutMs: 5_000 });
await store.connect();
const barrier = new ParticipantBarrier({ store });
const pass = ms => new Promise(resolve => setTimeout(resolve, ms));

/** The business rules: the row that it takes from, and what is too little. They answer what is to last. */
const rules = {
  reserve: ({ item, quantity }) => ({ thing: `item ${item}`, amount: quantity }),
  charge: ({ account, cents }) => ({ thing: `account ${account}`, amount: cents }),
  // Places where nobody delivers have no room at all.
  ship: ({ place }) => ({ thing: `place ${place}`, amount: 1 }),
};

async function work(transaction, { saga, direction, forwardResult }, input) {
  const { thing, amount } = rules[name](input);
  const taken = direction === 'forward' ? amount : -forwardResult.amount;
  if (taken === 0) return { amount: 0 };
  const take =
    'UPDATE shop.stand SET amount = amount - $2 WHERE thing = $1 AND amount >= $2 RETURNING amount';
  const { rowCount } = await transaction.query(take, [thing, taken]);
  if (rowCount === 0 && direction === 'compensate') throw new Error(`nothing called ${thing}`);
  if (rowCount === 0) return { amount: 0 };
  const note = 'INSERT INTO shop.effect (saga, direction, thing, amount) VALUES ($1, $2, $3, $4)';
  await transaction.query(note, [saga, direction, thing, taken]);
  return { amount: taken };
}

async function answer(key, epoch, input) {
  const transaction = await pool.connect().catch(() => undefined);
  if (transaction === undefined) return { status: 503 };
  let broken;
  try {
    await transaction.query('BEGIN');
    const saga = key.slice(0, key.indexOf(':'));
    const direction = key.slice(key.lastIndexOf(':') + 1);
    const call = { saga, step: name, direction, epoch };
    const given = await barrier.run(transaction, call, context => work(transaction, context, input));
    await transaction.query('COMMIT');
    if (given.outcome === 'stale') return { status: 503 };
    if (given.outcome === 'refused') return { status: 409 };
    if (direction === 'forward' && given.result.amount === 0) return { status: 409 };
    return { status: 200, body: given.result };
  } catch (error) {
    broken = error;
    await transaction.query('ROLLBACK').catch(() => {});
    return { status: 503 };
  } finally {
    transaction.release(broken);
  }
}

const counts = { calls: 0, failedAfter: 0, slow: 0, silent: 0, late: 0 };

/** How a call goes: as it should, slowly, without an answer, or when nobody waits for it any more. */
function moodOf(chance) {
  const { late, silent, slow } = faults;
  if (chance < late) return 'late';
  if (chance < late + silent) return 'silent';
  return chance < late + silent + slow ? 'slow' : 'well';
}

const delays = { late: [1_200, 1_000], slow: [100, 600], silent: [0, 1], well: [0, 10] };

async function serve(asked, reply) {
  counts.calls++;
  let text = '';
  for await (const part of asked.setEncoding('utf8')) text += part;
  const mood = moodOf(Math.random());
  if (mood !== 'well') counts[mood]++;
  const [least, more] = delays[mood];
  await pass(least + Math.random() * more);
  if (mood === 'silent') return;
  const key = asked.headers['idempotency-key'];
  const { status, body } = await answer(key, Number(asked.headers.epoch), JSON.parse(text));
  const fails = status === 200 && Math.random() < faults.failsAfter;
  if (fails) counts.failedAfter++;
  reply.writeHead(fails ? 500 : status).end(fails || body === undefined ? '' : JSON.stringify(body));
}

// A caller that was killed tears its connection off.
const server = createServer((asked, reply) => void serve(asked, reply).catch(() => reply.destroy()));
process.on('message', () => process.send({ counts, barrier: barrier.snapshot() }));
process.on('disconnect', () => process.exit());
server.listen(0, '127.0.0.1', () => process.send({ port: server.address().port }));
