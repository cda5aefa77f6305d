import { callGroup } from '../harness/group.mjs';
import * as bound from '../subjects/bound.mjs';
import * as keelson from '../subjects/keelson.mjs';

const settings = { calls: 100, ratio: 0.5, cooldownMs: 60_000, keys: 1_000 };

/** Calls through, whatever else. */
async function answers(make) {
  const call = make(settings, async () => 'answer');
  for (let i = 0; i < 3 * settings.keys; i++) {
    if ((await call()) !== 'answer') throw new Error('another answer');
  }
}

export const group = callGroup({
  name: 'keyed',
  title: 'closed breaker for each of 1000 keys, called in turn; next to it, one breaker called alike',
  settings,
  subjects: [bound.bare, keelson.keyedBreakers, keelson.oneBreaker],
  check: answers,
});
