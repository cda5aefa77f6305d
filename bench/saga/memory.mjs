import { InMemorySagaStore } from '../../dist/saga.js';
import { flowGroup } from '../harness/flows.mjs';
import { byHand } from '../subjects/saga-by-hand.mjs';
import { keelson } from '../subjects/sagas.mjs';

export const group = flowGroup({
  name: 'memory',
  title: 'sagas of four steps that do nothing, in memory',
  count: 40_000,
  warm: 4_000,
  steps: 4,
  subjects: [keelson(async () => ({ store: new InMemorySagaStore({ maxFinished: 1_000 }) })), byHand],
  targets: [{ atLeast: 50_000 }, { of: byHand.name, share: 0.5 }],
});
