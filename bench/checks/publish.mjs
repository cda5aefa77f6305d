import { must } from './must.mjs';

/** Each message reaches the handler once, with its data, before the publisher has its answer. */
export async function publishes(make, settings) {
  const seen = [];
  const call = make(settings, data => {
    seen.push(data);
  });
  await call();
  // The subscription of the first one may have come in between.
  await new Promise(resolve => setTimeout(resolve, 20));
  const before = seen.length;
  await Promise.all([call(), call()]);
  must(seen.length === before + 2, 'hands on each message once');
  must(JSON.stringify(seen.at(-1)) === JSON.stringify(settings.payload), 'hands on what was published');
}
