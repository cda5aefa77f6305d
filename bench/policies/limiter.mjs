import { spares } from '../checks/limiter.mjs';
import { callGroup } from '../harness/group.mjs';
import * as bound from '../subjects/bound.mjs';
import * as keelson from '../subjects/keelson.mjs';
import { flexible, limiter } from '../subjects/rates.mjs';

// So wide that no loop comes near half of it: what is measured is a call that is let in at once.
const most = 1_000_000_000;

export const group = callGroup({
  name: 'limiter',
  title: 'rate limiter of a thousand million a second, there is always enough left',
  settings: { limit: most, perMs: 1_000, burst: most },
  subjects: [bound.bare, bound.rate, bound.rateCachedClock, keelson.limiter, limiter, flexible],
  check: make => spares(make, { limit: 10, perMs: 60_000, burst: 10 }),
  targets: [{ figure: 'nsOver', atMost: 50 }],
});
