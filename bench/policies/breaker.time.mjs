import { trips } from '../checks/breaker.mjs';
import { callGroup } from '../harness/group.mjs';
import * as bound from '../subjects/bound.mjs';
import * as cockatiel from '../subjects/cockatiel.mjs';
import * as keelson from '../subjects/keelson.mjs';
import * as opossum from '../subjects/opossum.mjs';

export const group = callGroup({
  name: 'breaker.time',
  title: 'closed breaker, trips when half of the calls of the last 10 s failed',
  settings: { windowMs: 10_000, ratio: 0.5, cooldownMs: 60_000 },
  subjects: [
    bound.bare,
    bound.breaker,
    bound.breakerCachedClock,
    keelson.breaker,
    ...cockatiel.breaker,
    opossum.breaker,
  ],
  check: make => trips(make, group.settings, 200, 202),
  targets: [
    { figure: 'nsOver', atMost: 60 },
    { figure: 'bytesOver', atMost: 120 },
  ],
});
