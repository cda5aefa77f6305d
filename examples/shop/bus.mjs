import { postgresBus } from 'keelson/postgres';
import { sharedDatabase } from './database.mjs';
import { told } from './service.mjs';

/** The bus that the processes of the shop share. @param {string} source */
export function openBus(source) {
  const { client } = sharedDatabase(told.bus);
  return postgresBus({ client, source: `urn:shop:${source}`, pollMs: 150 });
}
