import { aggregates } from '../checks/aggregate.mjs';
import { callGroup } from '../harness/group.mjs';
import { bare, keelson, keelsonOptional, settled } from '../subjects/aggregates.mjs';

export const group = callGroup({
  name: 'aggregate',
  title: 'one answer of five parts that answer at once; bare is Promise.all',
  subjects: [bare, settled, keelson, keelsonOptional],
  check: aggregates,
  targets: [{ figure: 'nsOver', atMost: 3_000, inflight: 1 }],
});
