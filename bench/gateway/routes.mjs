import { findsRoutes } from '../checks/routes.mjs';
import { callGroup } from '../harness/group.mjs';
import { bare, fifty, tenThousand, thousand } from '../subjects/route-tables.mjs';

export const group = callGroup({
  name: 'routes',
  title: 'the route of one of four paths, in tables of 50 to 10 000 routes',
  operation: () => undefined,
  subjects: [bare, fifty, thousand, tenThousand],
  check: findsRoutes,
  targets: [{ figure: 'nsOver', atMost: 3_000, inflight: 1 }],
});
