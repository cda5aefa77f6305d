import { retries } from '../checks/retry.mjs';
import { callGroup } from '../harness/group.mjs';
import * as bound from '../subjects/bound.mjs';
import * as cockatiel from '../subjects/cockatiel.mjs';
import * as keelson from '../subjects/keelson.mjs';
import { pRetry } from '../subjects/promise-fun.mjs';

export const group = callGroup({
  name: 'retry',
  title: 'retry of 3 attempts, the first succeeds',
  settings: { attempts: 3, delayMs: 1 },
  subjects: [bound.bare, bound.retry, bound.retryWrapped, keelson.retry, ...cockatiel.retry, pRetry],
  check: make => retries(make, group.settings),
  targets: [{ figure: 'nsOver', atMost: 45 }],
});
