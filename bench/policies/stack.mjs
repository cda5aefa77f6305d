import { trips } from '../checks/breaker.mjs';
import { limits } from '../checks/bulkhead.mjs';
import { retries } from '../checks/retry.mjs';
import { fires } from '../checks/timeout.mjs';
import { callGroup } from '../harness/group.mjs';
import * as bound from '../subjects/bound.mjs';
import * as cockatiel from '../subjects/cockatiel.mjs';
import * as keelson from '../subjects/keelson.mjs';
import * as opossum from '../subjects/opossum.mjs';

const settings = {
  attempts: 3,
  delayMs: 1,
  calls: 100,
  ratio: 0.5,
  cooldownMs: 60_000,
  timeoutMs: 10_000,
  slots: 1000,
  queue: 1000,
};

async function check(make, lacks) {
  if (!lacks.includes('retry')) await retries(make, settings);
  await fires(make, settings);
  await limits(make, { ...settings, slots: 4, queue: 20 }, lacks);
  // One call meets up to three attempts of the failing operation, and the breaker counts each of them.
  await trips(make, { ...settings, attempts: 1 }, 50, 202);
}

export const group = callGroup({
  name: 'stack',
  title: 'retry(breaker(timeout(bulkhead))), all content; opossum has no retry',
  settings,
  subjects: [
    bound.bare,
    bound.stack,
    bound.stackCachedClock,
    bound.stackOfPolicies,
    keelson.stack,
    opossum.stack,
    ...cockatiel.stack,
  ],
  check,
  targets: [
    { figure: 'nsOver', atMost: 200 },
    { figure: 'nsOver', share: 1 / 50, of: 'cockatiel' },
    { figure: 'bytesOver', atMost: 800 },
  ],
});
