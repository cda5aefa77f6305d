import { limits } from '../checks/bulkhead.mjs';
import { callGroup } from '../harness/group.mjs';
import * as bound from '../subjects/bound.mjs';
import * as keelson from '../subjects/keelson.mjs';

// No package of npm that is in wide use limits concurrency adaptively: there is no peer.
export const group = callGroup({
  name: 'adaptive',
  title: 'adaptive limit of 1000 at first, never reached',
  settings: { limit: 1000 },
  subjects: [bound.bare, bound.adaptive, bound.adaptiveCachedClock, keelson.adaptive],
  check: make => limits(make, { slots: 4, limit: 4 }, ['queue']),
  targets: [{ figure: 'nsOver', atMost: 120 }],
});
