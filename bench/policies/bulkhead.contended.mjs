import { limits } from '../checks/bulkhead.mjs';
import { callGroup } from '../harness/group.mjs';
import * as bound from '../subjects/bound.mjs';
import * as cockatiel from '../subjects/cockatiel.mjs';
import * as keelson from '../subjects/keelson.mjs';
import { asyncSema, pLimit, pQueue } from '../subjects/limiters.mjs';

export const group = callGroup({
  name: 'bulkhead.contended',
  title: 'bulkhead of 10 slots, 1000 calls at once: 990 wait in line',
  settings: { slots: 10, queue: 1000 },
  inflight: [1000],
  subjects: [
    bound.bare,
    bound.bulkhead,
    bound.bulkheadScoped,
    keelson.bulkhead,
    ...cockatiel.bulkhead,
    asyncSema,
    pLimit,
    pQueue,
  ],
  check: (make, lacks) => limits(make, group.settings, lacks, 1000),
  targets: [{ figure: 'nsOver', atMost: 150 }],
});
