/** Where the sagas of the shop are kept: beside the orders, or with servers in Redis. */
import { postgresSagaStore } from 'keelson/postgres';
import { redisSagaStore } from 'keelson/redis';
import { redisClient } from './buses.mjs';

/** @param {any} told @param {import('./books.mjs').Books} books */
export async function openSagaStore({ servers, prefix }, books) {
  if (!servers) return postgresSagaStore({ client: books.db.client });
  return redisSagaStore({ client: await redisClient(), prefix });
}
