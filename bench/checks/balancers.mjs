import { must } from './must.mjs';

/** Hands the operation an instance, and after a thousand calls all have had one. */
export async function balances(make, settings) {
  const seen = new Set();
  const call = make(settings, instance => {
    seen.add(instance.id);
    return instance;
  });
  for (let calls = 0; calls < 5_000; calls++) must(call().id.startsWith('10.0.0.'), 'hands on an instance');
  must(seen.size > 90, 'goes to nearly all of a hundred instances');
}
