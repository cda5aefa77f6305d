import { publishes } from '../checks/publish.mjs';
import { callGroup } from '../harness/group.mjs';
import * as bound from '../subjects/bound.mjs';
import * as buses from '../subjects/buses.mjs';

export const group = callGroup({
  name: 'memory.checked',
  title: 'the same with a schema on both sides, a breaker and a timeout; 3333 ns are 300 000 a second',
  settings: { payload: { id: 'o-1', cents: 300 } },
  operation: () => undefined,
  subjects: [bound.bare, buses.checked, buses.checkedCopies, buses.localChecked],
  check: make => publishes(make, group.settings),
  targets: [{ figure: 'nsOver', atMost: 3_333 }],
});
