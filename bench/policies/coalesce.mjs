import { coalesces } from '../checks/cache.mjs';
import { callGroup } from '../harness/group.mjs';
import * as bound from '../subjects/bound.mjs';
import { pMemoize } from '../subjects/caches.mjs';
import * as keelson from '../subjects/keelson.mjs';

export const group = callGroup({
  name: 'coalesce',
  title: 'single flight: nobody to share with, and 999 of 1000 who join',
  settings: { key: 'k' },
  subjects: [bound.bare, bound.coalesce, keelson.coalesce, pMemoize],
  check: make => coalesces(make, group.settings),
  targets: [{ figure: 'nsOver', atMost: 20, inflight: 1000 }],
});
