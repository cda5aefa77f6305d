import { emits } from '../checks/emit.mjs';
import { callGroup } from '../harness/group.mjs';
import * as bound from '../subjects/bound.mjs';
import * as emitters from '../subjects/emitters.mjs';
import * as keelson from '../subjects/keelson.mjs';

export const group = callGroup({
  name: 'emit.ten',
  title: 'ten listeners that answer at once; bare calls one of them',
  settings: { listeners: 10, payload: 7, async: false },
  operation: () => undefined,
  subjects: [
    bound.bare,
    emitters.byHand,
    keelson.emit,
    keelson.emitPattern,
    keelson.emitSync,
    emitters.eventemitter3,
    emitters.nodeEvents,
    emitters.mitt,
    emitters.emittery,
  ],
  check: make => emits(make, group.settings),
  targets: [{ figure: 'nsOver', atMost: 300 }],
});
