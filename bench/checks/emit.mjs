import { must } from './must.mjs';

/** Every listener hears of every event, once, with what it carries; asynchronous ones have ended by then. */
export async function emits(make, settings) {
  let begun = 0;
  let ended = 0;
  const heard = new Set();
  const call = make(settings, payload => {
    begun++;
    heard.add(payload);
    if (!settings.async) return undefined;
    return new Promise(resolve => setTimeout(resolve, 5)).then(() => {
      ended++;
    });
  });
  await call();
  must(begun === settings.listeners, 'tells every listener once');
  must(heard.size === 1 && heard.has(settings.payload), 'hands on what the event carries');
  if (settings.async) must(ended === settings.listeners, 'awaits listeners');
  await call();
  must(begun === 2 * settings.listeners, 'tells every listener of the next event');
}
