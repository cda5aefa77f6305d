import { flowGroup } from '../harness/flows.mjs';
import { dbos, keelson, onPostgres, openworkflow, prototype } from '../subjects/sagas.mjs';

export const group = flowGroup({
  name: 'postgres',
  title: 'flows of four steps that do nothing, on one PostgreSQL',
  count: 4_000,
  warm: 200,
  steps: 4,
  subjects: [keelson(onPostgres), prototype, dbos, openworkflow],
  targets: [
    { of: dbos.name, share: 5 },
    { of: openworkflow.name, share: 5 },
    { of: prototype.name, share: 0.5 },
  ],
});
