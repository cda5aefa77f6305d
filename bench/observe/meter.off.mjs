import { callGroup } from '../harness/group.mjs';
import { dormant, without } from '../subjects/metered.mjs';

const settings = { slots: 2000 };

/** It has counted no call, and begins to as soon as it is told to. */
async function waits(make) {
  const call = make(settings, async () => 1);
  await call();
  call.meter.update({ enabled: true });
  await call();
  const { calls } = call.meter.snapshot();
  if (calls !== 1) throw new Error(`${calls} calls`);
}

export const group = callGroup({
  name: 'meter.off',
  title: 'a meter that is not enabled, outside of a breaker and a bulkhead; bare are those two without it',
  settings,
  subjects: [without, dormant],
  check: waits,
  targets: [{ figure: 'nsOver', atMost: 2 }],
});
