import { publishes } from '../checks/publish.mjs';
import { callGroup } from '../harness/group.mjs';
import * as bound from '../subjects/bound.mjs';
import * as buses from '../subjects/buses.mjs';

export const group = callGroup({
  name: 'memory.bare',
  title: 'publish, handle and settle in one process; 1250 ns are 800 000 messages a second',
  settings: { payload: { id: 'o-1', cents: 300 } },
  operation: () => undefined,
  subjects: [bound.bare, buses.reference, buses.copies, buses.local],
  check: make => publishes(make, group.settings),
  targets: [{ figure: 'nsOver', atMost: 1_250 }],
});
