import { hedges } from '../checks/hedge.mjs';
import { callGroup } from '../harness/group.mjs';
import * as alfred from '../subjects/alfred.mjs';
import * as bound from '../subjects/bound.mjs';
import * as keelson from '../subjects/keelson.mjs';

export const group = callGroup({
  name: 'hedge',
  title: 'hedge after 1 s that does not start',
  // Some leave the timer of every call behind for so long.
  settings: { delayMs: 1_000 },
  subjects: [
    bound.bare,
    bound.hedge,
    bound.hedgeCachedClock,
    bound.hedgeScoped,
    keelson.hedge,
    keelson.hedgeLearnt,
    alfred.hedge,
  ],
  check: make => hedges(make, group.settings),
  targets: [{ figure: 'nsOver', atMost: 200 }],
});
