import { caches } from '../checks/cache.mjs';
import { callGroup } from '../harness/group.mjs';
import * as bound from '../subjects/bound.mjs';
import { lruCache } from '../subjects/caches.mjs';
import * as keelson from '../subjects/keelson.mjs';

/** What a hit costs over a promise of what a map holds: that is the bare call of this group. */
const known = new Map([['k', 1]]);

export const group = callGroup({
  name: 'cache',
  title: 'cache hit; bare is a promise of what a map holds',
  settings: { ttlMs: 3_600_000, entries: 1000, key: 'k' },
  operation: () => Promise.resolve(known.get('k')),
  subjects: [bound.bare, bound.cache, keelson.cache, lruCache],
  check: make => caches(make, group.settings),
  targets: [{ figure: 'nsOver', atMost: 30 }],
});
