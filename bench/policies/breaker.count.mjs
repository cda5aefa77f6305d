import { trips } from '../checks/breaker.mjs';
import { callGroup } from '../harness/group.mjs';
import * as bound from '../subjects/bound.mjs';
import * as cockatiel from '../subjects/cockatiel.mjs';
import * as keelson from '../subjects/keelson.mjs';

export const group = callGroup({
  name: 'breaker.count',
  title: 'closed breaker, trips when half of the last 100 calls failed',
  settings: { calls: 100, ratio: 0.5, cooldownMs: 60_000 },
  subjects: [bound.bare, bound.breaker, keelson.breaker, ...cockatiel.breaker],
  // Some trip at the ratio, some above it.
  check: make => trips(make, group.settings, 50, 51),
  targets: [
    { figure: 'nsOver', atMost: 45 },
    { figure: 'nsOver', share: 1 / 3, of: 'cockatiel' },
    { figure: 'bytesOver', atMost: 120 },
  ],
});
