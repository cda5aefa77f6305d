import { DBOS } from '@dbos-inc/dbos-sdk';
import { OpenWorkflow } from 'openworkflow';
import { BackendPostgres } from 'openworkflow/postgres';
import { Pool } from 'pg';
import { postgresSagaStore } from '../../dist/postgres.js';
import { defineSaga, SagaOrchestrator } from '../../dist/saga.js';

const { DATABASE_URL, PGHOST = '127.0.0.1', PGPORT = '5432', PGUSER = 'root' } = process.env;
const { PGDATABASE = 'test' } = process.env;
export const url = DATABASE_URL ?? `postgres://${PGUSER}@${PGHOST}:${PGPORT}/${PGDATABASE}`;
const STEPS = ['a', 'b', 'c', 'd'];
let made = 0;
export const fresh = () => `bench_${process.pid}_${++made}`;

export function poolOf(max = 10) {
  const pool = new Pool({ connectionString: url, max });
  pool.on('error', () => {});
  return pool;
}

export async function forget(schema) {
  const pool = poolOf(1);
  await pool.query(`DROP SCHEMA IF EXISTS ${schema} CASCADE`);
  await pool.end();
}

/** A saga of four steps that do nothing, over the store that `connect` makes. */
export const keelson = connect => ({
  name: 'keelson',
  open: async () => {
    const { store, end } = await connect();
    let ran = 0;
    const step = { forward: () => void ran++, compensate: () => {} };
    const saga = STEPS.reduce((before, name) => before.step(name, step), defineSaga('four'));
    const sagas = new SagaOrchestrator({ store, definitions: [saga], concurrency: 1_000 });
    await sagas.work();
    const close = async () => {
      await sagas.close();
      await end?.();
    };
    return { run: () => sagas.run(saga, {}), ran: () => ran, close };
  },
});

export const onPostgres = async () => {
  const client = poolOf();
  const schema = fresh();
  const end = async () => {
    await client.end();
    await forget(schema);
  };
  return { store: postgresSagaStore({ client, schema }), end };
};

/**
 * The least that is durable: a row, and one write of it for each step. No leases, no history, no takeover.
 */
export const prototype = {
  name: 'bare writes of a row',
  open: async () => {
    const pool = poolOf();
    const schema = fresh();
    await pool.query(`CREATE SCHEMA ${schema};
      CREATE TABLE ${schema}.saga (id uuid PRIMARY KEY, cursor int NOT NULL, state text NOT NULL)
      WITH (fillfactor = 60)`);
    let ran = 0;
    const run = async () => {
      const id = crypto.randomUUID();
      await pool.query(`INSERT INTO ${schema}.saga VALUES ($1, 0, '{}')`, [id]);
      const state = {};
      for (const [at, step] of STEPS.entries()) {
        ran++;
        state[step] = 'done';
        const text = `UPDATE ${schema}.saga SET cursor = $2, state = $3 WHERE id = $1 AND cursor = $4`;
        await pool.query(text, [id, at + 1, JSON.stringify(state), at]);
      }
    };
    const close = async () => {
      await pool.end();
      await forget(schema);
    };
    return { run, ran: () => ran, close };
  },
};

let dbosRan = 0;
const dbosFlow = DBOS.registerWorkflow(
  async () => {
    for (const name of STEPS) await DBOS.runStep(async () => void dbosRan++, { name });
  },
  { name: 'four' },
);

export const dbos = {
  name: 'DBOS 5.3.0',
  count: 400,
  open: async () => {
    const schema = fresh();
    const name = { name: 'bench', systemDatabaseUrl: url, systemDatabaseSchemaName: schema };
    DBOS.setConfig({ ...name, systemDatabasePoolSize: 10, logLevel: 'error', runAdminServer: false });
    await DBOS.launch();
    const run = async () => (await DBOS.startWorkflow(dbosFlow)()).getResult();
    const close = async () => {
      await DBOS.shutdown();
      await forget(schema);
    };
    return { run, ran: () => dbosRan, close };
  },
};

export const openworkflow = {
  name: 'openworkflow 0.10.1',
  count: 400,
  open: async () => {
    const schema = fresh();
    const backend = await BackendPostgres.connect(url, { schema });
    const flows = new OpenWorkflow({ backend });
    let ran = 0;
    const flow = flows.defineWorkflow({ name: 'four' }, async ({ step }) => {
      for (const name of STEPS) await step.run({ name }, async () => void ran++);
    });
    const worker = flows.newWorker({ concurrency: 100 });
    await worker.start();
    const close = async () => {
      await worker.stop();
      await backend.stop();
      await forget(schema);
    };
    // It polls for the end once a second; whoever only waits for others does not slow them.
    return { run: async () => (await flow.run()).result(), ran: () => ran, close };
  },
};
