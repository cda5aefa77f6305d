import { fires } from '../checks/timeout.mjs';
import { callGroup } from '../harness/group.mjs';
import * as bound from '../subjects/bound.mjs';
import * as cockatiel from '../subjects/cockatiel.mjs';
import * as keelson from '../subjects/keelson.mjs';
import * as opossum from '../subjects/opossum.mjs';
import { pTimeout } from '../subjects/promise-fun.mjs';

export const group = callGroup({
  name: 'timeout',
  title: 'timeout of 10 s that does not fire',
  settings: { timeoutMs: 10_000 },
  subjects: [
    bound.bare,
    bound.timeout,
    bound.timeoutCachedClock,
    keelson.timeout,
    opossum.timeout,
    pTimeout,
    ...cockatiel.timeout,
  ],
  check: make => fires(make, group.settings),
  targets: [{ figure: 'nsOver', atMost: 110 }],
});
