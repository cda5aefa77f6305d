import { balances } from '../checks/balancers.mjs';
import { callGroup } from '../harness/group.mjs';
import * as balancers from '../subjects/balancers.mjs';

export const group = callGroup({
  name: 'picks',
  title: 'one of a hundred instances for a call that is over at once, by each way to choose',
  operation: () => undefined,
  subjects: Object.values(balancers).sort((a, b) => (a.name === 'bare' ? -1 : b.name === 'bare' ? 1 : 0)),
  check: balances,
  targets: [{ figure: 'nsOver', atMost: 2_000, inflight: 1 }],
});
