import { callGroup } from '../harness/group.mjs';
import * as bound from '../subjects/bound.mjs';
import * as keelson from '../subjects/keelson.mjs';

const settings = { calls: 100, ratio: 0.5, cooldownMs: 60_000 };

/** A breaker that only watches never rejects. */
async function watches(make) {
  const call = make(settings, () => Promise.reject(new Error('down')));
  for (let i = 0; i < 300; i++) {
    const { message } = await call().catch(error => error);
    if (message !== 'down') throw new Error(`call ${i} was rejected: ${message}`);
  }
}

export const group = callGroup({
  name: 'shadow',
  title: 'closed breaker (last 100 calls) that only watches; next to it, the one that decides',
  settings,
  subjects: [bound.bare, keelson.shadowed, { ...keelson.breaker, name: 'breaker alone', lacks: ['shadow'] }],
  check: (make, lacks) => (lacks.includes('shadow') ? undefined : watches(make)),
  targets: [{ figure: 'nsOver', atMost: 60 }],
});
