import { callGroup } from '../harness/group.mjs';
import { metered, without } from '../subjects/metered.mjs';

const settings = { slots: 2000 };

/** It has counted every call. */
async function counts(make) {
  const call = make(settings, async () => 1);
  for (let i = 0; i < 300; i++) await call();
  const { calls, p50Ms } = call.meter.snapshot();
  if (calls !== 300 || !(p50Ms > 0)) throw new Error(`${calls} calls, ${p50Ms} ms`);
}

export const group = callGroup({
  name: 'meter.on',
  title: 'a meter outside of a breaker and a bulkhead; bare are those two without it',
  settings,
  subjects: [without, metered],
  check: counts,
  targets: [{ figure: 'nsOver', atMost: 150 }],
});
