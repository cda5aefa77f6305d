import { trips } from '../checks/breaker.mjs';
import { callGroup } from '../harness/group.mjs';
import * as bound from '../subjects/bound.mjs';
import * as cockatiel from '../subjects/cockatiel.mjs';
import * as keelson from '../subjects/keelson.mjs';

export const group = callGroup({
  name: 'breaker.consecutive',
  title: 'closed breaker, trips after 5 failures in a row',
  settings: { consecutive: 5, cooldownMs: 60_000 },
  subjects: [bound.bare, bound.breaker, keelson.breaker, ...cockatiel.breaker],
  check: make => trips(make, group.settings, 5, 5),
  targets: [
    { figure: 'nsOver', atMost: 45 },
    { figure: 'nsOver', share: 1 / 3, of: 'cockatiel' },
    { figure: 'bytesOver', atMost: 120 },
  ],
});
