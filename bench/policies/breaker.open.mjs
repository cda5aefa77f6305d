import { trips } from '../checks/breaker.mjs';
import { callGroup } from '../harness/group.mjs';
import * as bound from '../subjects/bound.mjs';
import * as cockatiel from '../subjects/cockatiel.mjs';
import * as keelson from '../subjects/keelson.mjs';
import * as opossum from '../subjects/opossum.mjs';

const shared = new Error('sick');

// The operation always throws: the warm-up opens every breaker, and none closes again while it is measured.
// opossum has no rule of consecutive failures; it opens by the ratio of its window.
export const group = callGroup({
  name: 'breaker.open',
  title: 'open breaker: a rejection, over awaiting an async function that throws one shared error',
  settings: { consecutive: 5, windowMs: 10_000, ratio: 0.5, cooldownMs: 3_600_000 },
  rejects: true,
  operation: async () => {
    throw shared;
  },
  subjects: [
    bound.bare,
    bound.breaker,
    bound.breakerSharedError,
    keelson.breaker,
    ...cockatiel.breaker,
    opossum.breaker,
  ],
  check: make => trips(make, group.settings, 5, 202),
  targets: [{ figure: 'nsOver', atMost: 500 }],
});
