import { limits } from '../checks/bulkhead.mjs';
import { callGroup } from '../harness/group.mjs';
import * as bound from '../subjects/bound.mjs';
import * as cockatiel from '../subjects/cockatiel.mjs';
import * as keelson from '../subjects/keelson.mjs';
import { asyncSema, pLimit, pQueue } from '../subjects/limiters.mjs';
import * as opossum from '../subjects/opossum.mjs';

export const group = callGroup({
  name: 'bulkhead',
  title: 'bulkhead of 1000 slots, one is always free',
  settings: { slots: 1000, queue: 1000 },
  subjects: [
    bound.bare,
    bound.bulkhead,
    keelson.bulkhead,
    ...cockatiel.bulkhead,
    asyncSema,
    opossum.bulkhead,
    pLimit,
    pQueue,
  ],
  check: (make, lacks) => limits(make, { slots: 4, queue: 20 }, lacks),
  targets: [{ figure: 'nsOver', atMost: 45 }],
});
