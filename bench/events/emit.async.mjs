import { emits } from '../checks/emit.mjs';
import { callGroup } from '../harness/group.mjs';
import * as bound from '../subjects/bound.mjs';
import * as emitters from '../subjects/emitters.mjs';
import * as keelson from '../subjects/keelson.mjs';

export const group = callGroup({
  name: 'emit.async',
  title: 'ten asynchronous listeners, awaited; bare awaits one of them',
  settings: { listeners: 10, payload: 7, async: true },
  operation: async () => 1,
  subjects: [
    bound.bare,
    emitters.byHand,
    keelson.emit,
    keelson.emitSeries,
    emitters.emittery,
    emitters.emitterySerial,
  ],
  check: make => emits(make, group.settings),
  targets: [],
});
