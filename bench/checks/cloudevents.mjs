import { must } from './must.mjs';

/** The event comes back as it was. */
export async function roundTrips(make, settings) {
  const back = await make(settings, () => {})();
  for (const name of ['id', 'source', 'type', 'subject', 'datacontenttype'])
    must(back[name] === settings.event[name], `brings back ${name}`);
  must(JSON.stringify(back.data) === JSON.stringify(settings.event.data), 'brings back the data');
}
